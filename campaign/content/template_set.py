"""A folder of templates, compiled once: `Contact` and `LoginLink` in, `Content` out.

subject.txt, body.html (or body.mjml) and body.txt; one of the bodies may be left out. Without body.txt the text is made
from the HTML; without HTML the message is plain text. Raises `TemplateError` at load, `InvalidContactError` for a row.

Limits: includes whose name is computed are compiled when first met. Endless loops and huge outputs are not stopped.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

from campaign.content.compilation import Compiled, compiled_file, is_blank
from campaign.content.environment import MailEnvironment, constants_of
from campaign.content.faults import rendering_fault, unfit_part
from campaign.content.images import InlineImages
from campaign.content.inlined_html import InlinedHtml
from campaign.content.lint import Fault, faults, names_asked, read_as_numbers
from campaign.content.message_texts import MessageTexts
from campaign.content.piece import Piece
from campaign.content.subject_line import subject_line
from campaign.content.template_folder import HTML, SUBJECT, TEXT, template_folder
from campaign.content.views import ContactView, LinkView
from campaign.content.wording import VARIABLES
from campaign.errors import CampaignError, InvalidContactError, TemplateError
from campaign.model import Contact, Content, LoginLink


class TemplateSet:
    """The templates of a campaign, compiled; made by `load_templates`.

    `constants` are the chunks that are the same in every message. `files` are all that were read. `images` are those
    that the HTML shows. `texts` are the settings that are templates, too.
    """

    __slots__ = (
        "_html",
        "_html_file",
        "_inlined",
        "_parts",
        "_subject",
        "_text",
        "_to_text",
        "constants",
        "files",
        "images",
        "texts",
    )

    def __init__(
        self,
        *,
        subject: Compiled,
        html: Compiled | None,
        text: Compiled | None,
        texts: MessageTexts,
        to_text: Callable[[str], str] | None,
        images: InlineImages,
        inline_css: bool = False,
    ) -> None:
        parts = self._parts = [part for part in (subject, html, text) if part is not None]
        self._subject = Piece(subject.template)
        self._html = None if html is None else Piece(html.template)
        self._text = None if text is None else Piece(text.template)
        self._to_text = to_text
        self.texts = texts
        self._html_file = HTML if html is None else Path(html.name).name
        templates = list(chain.from_iterable(part.reached for part in parts))
        self.images = images.complete()
        files = [Path(template.filename) for template in templates if template.filename is not None]
        if html is not None:
            files += html.environment.included_files
        self.files = (*files, *images.files)
        self.constants: frozenset[str] = frozenset(chain.from_iterable(map(constants_of, templates)))
        self._inlined = None if html is None or not inline_css else InlinedHtml(html)

    def on_new_constants(self, listener: Callable[[Collection[str]], None]) -> None:
        """Have `listener` called with chunks that turn out to be the same in many messages, besides `constants`."""
        if self._inlined is not None:
            self._inlined.on_new_constants(listener)

    @property
    def columns(self) -> frozenset[str]:
        """Every contact column that the templates name, the settings' included."""
        return names_asked(self._parts, "contact") | self.texts.columns

    def faults(self, columns: Sequence[str]) -> list[Fault]:
        """Find what is wrong with the templates whatever a row holds; `columns` are the file's."""
        variables = VARIABLES if self.texts.unsubscribe is not None else VARIABLES[:-1]
        found = [fault for part in self._parts for fault in faults(part, columns=columns, variables=variables)]
        return found + self.texts.faults(columns)

    def render(self, contact: Contact, link: LoginLink) -> Content:
        """Render subject, bodies and the settings that are templates for one contact.

        Raises `InvalidContactError` that names template, line and column, and `TemplateError` for what no row has; the
        link is in no part of them.
        """
        view = ContactView(contact)
        made = self._render(view, LinkView(link.url, link.issued_at, link.expires_at))
        if isinstance(made, CampaignError):
            # Raised here, where the frames that held the rendered link are gone, and their variables with them.
            raise made
        return made

    def _render(self, contact: ContactView, link: LinkView) -> Content | InvalidContactError | TemplateError:
        variables: dict[str, Any] = {"contact": contact, "link": link}
        texts = self.texts.render(contact)
        if isinstance(texts, CampaignError):
            return texts
        if texts.unsubscribe_url is not None:
            variables["unsubscribe_url"] = texts.unsubscribe_url
        try:
            chunks, html, text = self._chunks(variables)
        except Exception as error:  # A template may raise anything.
            return rendering_fault(
                error,
                contact=contact,
                link=link,
                numbers=read_as_numbers(self._parts),
                again=lambda another: self._chunks(variables | {"contact": another}),
            )
        subject = "".join(chunks)
        if not subject.isprintable() or not (subject := subject.strip()):
            line = subject_line(chunks, constants=self.constants, row=contact.number)
            if isinstance(line, CampaignError):
                return line
            subject = line
        if self._inlined is not None:
            inlined = self._inlined(html, contact.number)
            if isinstance(inlined, CampaignError):
                return inlined
            html = inlined
        if self._to_text is not None:
            try:
                text = (self._to_text("".join(html)),)
            except ValueError as error:
                return unfit_part(self._html_file, f"no text can be made from it: {error}", contact.number)
        return Content(subject, text, html, *texts)

    def _chunks(self, variables: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Subject, HTML and text."""
        return (
            tuple(self._subject.chunks(variables)),
            () if self._html is None else tuple(self._html.chunks(variables)),
            () if self._text is None else tuple(self._text.chunks(variables)),
        )


def load_templates(
    folder: Path,
    *,
    campaign_name: str,
    unsubscribe_url: str | None,
    to_name: str | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
    attachments: Sequence[str] = (),
    key_of: Callable[[str], str] | None = None,
    image_domain: str = "localhost",
    inline_css: bool = False,
) -> TemplateSet:
    """Compile the templates of a folder and all that they name. Nothing is read again while rendering.

    `unsubscribe_url`, `to_name`, `headers` and `attachments` are the settings of [message] by these names, themselves
    templates over the contact. `key_of`: address → `contact.key`. `image_domain`: what the Content-IDs of images end
    with. `inline_css`: rules of <style> become attributes. Raises `TemplateError` that names file and line,
    `SettingsError` where a library is missing that this asks for.
    """
    files = template_folder(folder)
    plain = MailEnvironment(campaign_name=campaign_name, escapes=False, folder=files.path, key_of=key_of)
    images = InlineImages(files.path.parent, image_domain)
    escaped = MailEnvironment(
        campaign_name=campaign_name, escapes=True, folder=files.path, key_of=key_of, images=images
    )
    to_text: Callable[[str], str] | None = None
    if not files.has_text:
        # Only here: with a body.txt nobody waits for an HTML parser.
        from campaign.content.plain_text import plain_text

        to_text = plain_text
    subject = compiled_file(plain, SUBJECT)
    if is_blank(subject):
        raise TemplateError("the subject is empty", where=SUBJECT, fix="write a line of text into it")
    return TemplateSet(
        subject=subject,
        html=None if files.html is None else compiled_file(escaped, files.html),
        text=compiled_file(plain, TEXT) if files.has_text else None,
        texts=MessageTexts(
            campaign_name=campaign_name,
            unsubscribe_url=unsubscribe_url,
            to_name=to_name,
            headers=headers,
            attachments=attachments,
            key_of=key_of,
        ),
        to_text=to_text,
        images=images,
        inline_css=inline_css,
    )
