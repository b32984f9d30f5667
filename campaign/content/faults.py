"""What went wrong in a template, in words: an exception with its traceback in, a sentence and what to do out.

The words say file, line and name ("body.html line 12: there is no column 'frist_name'; did you mean 'first_name'?").
They never hold a piece of a link's token: errors of Python and Jinja2 quote the values they choke on, so whatever
shares a piece with the token is withheld. Raises nothing.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from types import TracebackType

from jinja2 import Template, TemplateNotFound
from jinja2.utils import missing

from campaign.content.environment import MailEnvironment, MissingError
from campaign.content.views import CampaignView, ContactView, LinkView
from campaign.errors import InvalidContactError

LINK_NAMES = ("url", "expires_at", "issued_at")
VARIABLES = ("contact", "link", "campaign", "unsubscribe_url")

_CORRECT_TEMPLATE = "correct the template"
_LONGEST = 200
_PIECE = 8
"""Characters that an error may not share with a token."""


def rendering_fault(
    error: Exception, *, contact: ContactView, link: LinkView | None, setting: str | None = None
) -> InvalidContactError:
    """Put an exception out of a template into words. `setting` is where the template stands, if in no file."""
    place = setting or _place(error.__traceback__)
    what, fix = _missing_words(error, contact) if isinstance(error, MissingError) else _other_words(error)
    token = "" if link is None else link.url.rpartition("token=")[2]
    if _shares_a_piece(what, token):
        what = (
            f"it can't be rendered ({type(error).__name__}; the words of the error are withheld, they quote the link)"
        )
    if _shares_a_piece(fix, token):
        fix = _CORRECT_TEMPLATE
    what = f"{place}: {what}" if place else what
    return InvalidContactError(what, where=f"row {contact.number}", fix=fix)


def _place(traceback: TracebackType | None) -> str:
    """File and line of the innermost template that the error came through."""
    place = ""
    while traceback is not None:
        template = traceback.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template) and isinstance(template.environment, MailEnvironment):
            line = template.get_corresponding_lineno(traceback.tb_lineno)
            place = f"{template.environment.title(template.name)} line {line}"
        traceback = traceback.tb_next
    return place


def _missing_words(error: MissingError, contact: ContactView) -> tuple[str, str]:
    name = str(error.name)
    known: tuple[str, ...] = VARIABLES
    if error.owner is missing:
        if name == "unsubscribe_url":
            return "unsubscribe_url is not set", "set message.unsubscribe_url, or test `unsubscribe_url is defined`"
        if name in contact:
            return f"there is no variable {name!r}; did you mean {_written(name)}?", _CORRECT_TEMPLATE
        words = f"there is no variable {name!r}"
    elif isinstance(error.owner, ContactView):
        columns = tuple(contact)
        close = _closest(name, columns)
        return (
            f"there is no column {name!r}" + (f"; did you mean {close!r}?" if close else ""),
            f"correct the template or the file; the columns are {_listed(columns)}",
        )
    elif isinstance(error.owner, LinkView):
        words, known = f"a link has no {name!r}", LINK_NAMES
    elif isinstance(error.owner, CampaignView):
        words, known = f"a campaign has no {name!r}", ("name",)
    else:
        return f"{type(error.owner).__name__} has no {name!r}", _CORRECT_TEMPLATE
    close = _closest(name, known)
    return words + (f"; did you mean {close!r}?" if close else ""), f"{_CORRECT_TEMPLATE}; there is {_listed(known)}"


def _other_words(error: Exception) -> tuple[str, str]:
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name!r}", _CORRECT_TEMPLATE
    message = _one_line(str(error))
    return f"it can't be rendered ({type(error).__name__}{': ' if message else ''}{message})", (
        "correct the row, or let the template allow for it"
    )


@lru_cache(maxsize=256)
def _closest(name: str, known: tuple[str, ...]) -> str | None:
    """Find what `name` was meant to be. Remembered, because a slip in a template comes back with every row."""
    plain = {_plain(one): one for one in reversed(known)}
    close = get_close_matches(_plain(name), plain, n=1)
    return plain[close[0]] if close else None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower()) or name


def _written(name: str) -> str:
    return f"contact.{name}" if name.isidentifier() else f"contact[{name!r}]"


def _listed(names: Iterable[str]) -> str:
    shown = [repr(name) for name in names]
    return ", ".join(shown[:20]) + (f" and {len(shown) - 20} more" if len(shown) > 20 else "")


def _one_line(text: str) -> str:
    """Keep what neither breaks a line of the results nor upsets a terminal."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * _LONGEST])
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


def _shares_a_piece(text: str, token: str) -> bool:
    text, token = text.casefold(), token.casefold()
    return any(text[start : start + _PIECE] in token for start in range(len(text) - _PIECE + 1))
