"""`message.attachments`: a template for the path of a file, a contact in, a path in the campaign's folder out.

What a cell says may choose a file, and no more: in a folder that the operator has named for it. So a path with a
cell in it begins with a folder, and stays there: no `..`, no hidden name. Where the whole path is the cell's, it still
has to lead into some folder: what lies beside campaign.toml (contacts, exports, notes) is not for a cell to choose.

Raises `TemplateError` where no row can make the path right, `InvalidContactError` for a row. Limits: nothing is looked
up here: whether there is such a file, and where links lead, whoever opens it says.
"""

import posixpath
import re
from collections.abc import Callable
from itertools import takewhile

from jinja2 import nodes

from campaign.content.environment import constants_of
from campaign.content.setting_text import TextTemplate
from campaign.content.views import ContactView
from campaign.errors import InvalidContactError, TemplateError
from campaign.model import Contact
from campaign.visible import visible

SETTING = "message.attachments"
_IS_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://").match
_LONGEST = 100
"""Characters of a path that an error shows."""


class AttachmentPath(TextTemplate):
    """One item of the setting. Where it hangs on no contact, `constant` is the path. "" stands for no file, and a path
    whose folder is the cell's own choice begins with `./`: where that folder isn't there, the row is to blame.
    """

    __slots__ = ("_by_contact", "_written")

    def __init__(self, source: str, *, campaign_name: str | None, key_of: Callable[[str], str] | None = None) -> None:
        super().__init__(source, setting=SETTING, campaign_name=campaign_name, key_of=key_of)
        self._written = constants_of(self._compiled.template)
        self._by_contact = any(one.name == "contact" for one in self._compiled.sources[""].find_all(nodes.Name))
        if not self._by_contact:
            nobody = ContactView(Contact(number=0, email="", columns={}))
            self.constant = None  # so that it is run, and looked at
            path = self.render(nobody)
            if isinstance(path, TemplateError | InvalidContactError):
                raise TemplateError(path.what, where=SETTING, fix=path.fix)
            self.constant = path

    @property
    def folder(self) -> str | None:
        """The folder that the path is sure to begin with; None where that hangs on the row."""
        lead = self.lead.strip()
        return posixpath.normpath(posixpath.dirname(lead)) if "/" in lead else None

    def _run(self, contact: ContactView) -> str:
        chunks = tuple(self._piece.chunks({"contact": contact}))
        path = "".join(chunks).strip()
        if not path:
            return ""
        if not self._by_contact:
            return _of_the_setting(path)
        lead = "".join(takewhile(self._written.__contains__, chunks)).lstrip()
        folder, chosen = path[: lead.rfind("/") + 1], path[lead.rfind("/") + 1 :]
        hidden = any(step.startswith(".") for step in chosen.split("/"))
        whole = not lead and not self.lead.strip()  # the cell's own path, from its beginning on
        if whole and not hidden and chosen.isprintable() and not chosen.startswith("/"):
            plain = posixpath.normpath(chosen)
            if "/" in plain:
                return f"./{plain}"
            raise _unfit(path, contact, "has no folder in it, and a cell may choose no file beside campaign.toml")
        if not whole and posixpath.normpath(folder or ".") == ".":
            raise TemplateError(
                "a path that a cell is written into must begin with a folder: without one, a cell could name any file "
                "of the campaign's, the contacts file and the ledger among them",
                where=SETTING,
                fix='put those files into a folder of their own: "invoices/{{ contact.invoice }}"',
            )
        if hidden or not chosen.isprintable() or not folder:
            raise _unfit(path, contact, "has .., a hidden name or a control character in it, or begins with /")
        base = _of_the_setting(folder)
        return posixpath.normpath(f"{base}/{chosen}") if not chosen.endswith("/") else f"{base}/{chosen}"


def shown_path(path: str) -> str:
    """Give a path as an error shows it: in quotes, not all of a long one, and nothing in it that a terminal obeys."""
    return repr(visible(path[:_LONGEST]) + ("…" if len(path) > _LONGEST else ""))


def _of_the_setting(path: str) -> str:
    """Give the operator's own path, in its plainest form."""
    if _IS_ADDRESS(path):
        raise TemplateError(
            f"{shown_path(path)} is an address, and nothing is fetched",
            where=SETTING,
            fix="save the file into the campaign's folder, and name it from there",
        )
    plain = posixpath.normpath(path)
    if plain.startswith(("/", "../", "~/")) or plain in (".", "..") or not plain.isprintable():
        raise TemplateError(
            f"{shown_path(path)} is no path inside the campaign's folder",
            where=SETTING,
            fix="put the file beside campaign.toml, or into a folder there, and name it from there",
        )
    return plain


def _unfit(path: str, contact: ContactView, what: str) -> InvalidContactError:
    return InvalidContactError(
        f"{SETTING}: the path {shown_path(path)} {what}",
        where=f"row {contact.number}",
        fix="correct the columns of the row that the path is made of",
    )
