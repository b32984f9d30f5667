"""The settings of `[message]` that are templates over the contact: unsubscribe URL, display name, headers, attachments.

In: their texts, and one contact. Out: what they say of it. No sign-in link is to be had in them: a header is logged by
every server on the way. Raises `TemplateError` when made.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from campaign.content.attachment_path import AttachmentPath
from campaign.content.lint import Fault
from campaign.content.setting_text import TextTemplate, text_template
from campaign.content.views import ContactView
from campaign.errors import InvalidContactError, TemplateError


class Rendered(NamedTuple):
    """What they say of one contact: the last fields of `Content`, in their order."""

    unsubscribe_url: str | None = None
    to_name: str = ""
    headers: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()


_NOTHING = Rendered()


class MessageTexts:
    """Those of one campaign, compiled."""

    __slots__ = ("_all", "attachments", "headers", "to_name", "unsubscribe")

    def __init__(
        self,
        *,
        campaign_name: str,
        unsubscribe_url: str | None = None,
        to_name: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        attachments: Sequence[str] = (),
        key_of: Callable[[str], str] | None = None,
    ) -> None:
        """`headers`: templates by the fields' names. `key_of`: address → `contact.key`."""

        def compiled(source: str, name: str) -> TextTemplate:
            return text_template(source, name=f"message.{name}", campaign_name=campaign_name, key_of=key_of)

        self.unsubscribe = None if unsubscribe_url is None else compiled(unsubscribe_url, "unsubscribe_url")
        self.to_name = None if to_name is None else compiled(to_name, "to_name")
        self.headers = {name: compiled(source, f"headers.{name}") for name, source in headers.items()}
        self.attachments = tuple(
            AttachmentPath(source, campaign_name=campaign_name, key_of=key_of) for source in attachments
        )
        alone = [one for one in (self.unsubscribe, self.to_name) if one is not None]
        self._all = (*alone, *self.headers.values(), *self.attachments)

    @property
    def columns(self) -> frozenset[str]:
        """The contact's columns that they name."""
        return frozenset().union(*(one.columns for one in self._all))

    def faults(self, columns: Sequence[str]) -> list[Fault]:
        """Find what is wrong with them whatever a row holds; `columns` are the file's."""
        return [fault for one in self._all for fault in one.faults(columns)]

    def render(self, contact: ContactView) -> Rendered | InvalidContactError | TemplateError:
        """Render them for a contact. An error is given, not raised: see `TextTemplate.render`."""
        if not self._all:
            return _NOTHING
        if self._all[0] is self.unsubscribe and len(self._all) == 1:  # as most campaigns are
            url = self.unsubscribe.render(contact)
            return Rendered(url) if isinstance(url, str) else url
        said: list[str] = []
        for one in self._all:
            text = one.render(contact)
            if not isinstance(text, str):
                return text
            said.append(text)
        values = iter(said)
        return Rendered(
            unsubscribe_url=None if self.unsubscribe is None else next(values),
            to_name="" if self.to_name is None else next(values).strip(),
            headers=tuple(next(values) for _ in self.headers),
            attachments=tuple(dict.fromkeys(path for path in values if path)),
        )
