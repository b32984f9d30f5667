"""What went wrong in a template, in words: an exception with its traceback in, the error to raise out.

An `InvalidContactError` where the row is to blame, or may be; a `TemplateError` where every row would fare alike, as
with a name that nobody has. A TypeError is the template's, since cells are always text, unless the row's own gaps, or
what it has in place of a number, brought it about. The words say file, line and name ("body.html line 12: first_name is
empty"). They never hold a piece of a link's token: errors of Python and Jinja2 quote the values they choke on, so
whatever shares a piece with the token is withheld. Raises nothing.
"""

from collections.abc import Callable, Mapping
from types import TracebackType

from jinja2 import Template, TemplateNotFound
from jinja2.utils import missing

from campaign.content.blank import BlankCell, BlankCellError, cell_of
from campaign.content.environment import ComputedNameError, MailEnvironment, MissingError, MissingPartError
from campaign.content.views import CampaignView, ContactView, LinkView, PrintedWholeError
from campaign.content.wording import CORRECT_TEMPLATE, is_empty, no_attribute, no_column, no_variable, way_out
from campaign.errors import EmptyCellError, InvalidContactError, TemplateError
from campaign.model import Contact
from campaign.visible import visible

_LONGEST = 200
_CELLS_ARE_TEXT = f"{CORRECT_TEMPLATE}: cells are text, of which `| int` or `| float` makes a number"
_PIECE = 8
"""Characters that an error may not share with a token."""


def rendering_fault(
    error: Exception,
    *,
    contact: ContactView,
    link: LinkView | None,
    numbers: frozenset[str],
    again: Callable[[ContactView], object],
    setting: str | None = None,
) -> InvalidContactError | TemplateError:
    """Put an exception out of a template into words; one that has them stays as it is. `setting` is where the template
    stands, if in no file. `numbers` are the columns that it reads as numbers; `again` renders it once more, for a
    contact like this one.
    """
    if isinstance(error, InvalidContactError | TemplateError):
        return error.with_traceback(None)
    place = setting or _place(error.__traceback__)
    row = f"row {contact.number}"
    column = _empty_column(error)
    if column is not None:
        fix = way_out(column, in_url=setting is not None)
        return EmptyCellError(f"{place}: {is_empty(column)}: {fix}", where=row, fix=fix, column=column)
    what, fix = _missing_words(error, contact) if isinstance(error, MissingError) else _other_words(error)
    token = "" if link is None else link.url.rpartition("token=")[2]
    own = _is_the_templates_own(error) or (type(error) is TypeError and not _hangs_on_the_row(contact, numbers, again))
    if own and type(error) is TypeError:
        fix = _CELLS_ARE_TEXT
    if _shares_a_piece(what, token):
        what = (
            f"it can't be rendered ({type(error).__name__}; the words of the error are withheld, they quote the link)"
        )
    if _shares_a_piece(fix, token):
        fix = CORRECT_TEMPLATE
    if own:
        return TemplateError(what, where=place or "message.template", fix=fix)
    return InvalidContactError(f"{place}: {what}" if place else what, where=row, fix=fix)


def unfit_part(file: str, fault: str, row: int) -> InvalidContactError:
    """Give the error for what a row made of a template, and no message can hold."""
    fix = f"correct the columns of the row that {file} shows"
    return InvalidContactError(f"{file}: {fault}", where=f"row {row}", fix=fix)


def _place(traceback: TracebackType | None) -> str:
    """File and line of the innermost template that the error came through."""
    place = ""
    while traceback is not None:
        template = traceback.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template) and isinstance(template.environment, MailEnvironment):
            line = template.get_corresponding_lineno(traceback.tb_lineno)
            place = template.environment.place(template.name, line)
        traceback = traceback.tb_next
    return place


def _empty_column(error: Exception) -> str | None:
    """Give the column of an empty cell that was to be written, or of which a part was."""
    if isinstance(error, BlankCellError):
        return error.column
    if isinstance(error, MissingError) and isinstance(error.owner, BlankCell) and isinstance(error.name, int):
        return error.owner.column
    return None


def _is_the_templates_own(error: Exception) -> bool:
    """Whether it fails whatever a row holds. What a list or a mapping lacks may hang on the row, as may a name that is
    computed; one that is not, `lint` has found.
    """
    if isinstance(error, ComputedNameError):
        return False
    if isinstance(error, MissingError):
        return isinstance(error.name, str) and not isinstance(error.owner, Mapping | list | tuple)
    return isinstance(error, MissingPartError | PrintedWholeError)


def _hangs_on_the_row(contact: ContactView, numbers: frozenset[str], again: Callable[[ContactView], object]) -> bool:
    """Whether a TypeError is gone once gaps are filled in, and numbers stand where they are wanted."""
    fair = {
        name: "1" if name in numbers or isinstance(cell_of(name, cell), BlankCell) else cell
        for name, cell in contact.columns.items()
    }
    if fair == contact.columns:
        return False
    try:
        again(ContactView(Contact(number=contact.number, email=fair["email"], columns=fair)))
    except TypeError:
        return False
    except Exception:  # A template may raise anything. What this one has against the row may be all that it has.
        return True
    return True


def _missing_words(error: MissingError, contact: ContactView) -> tuple[str, str]:
    name, columns = str(error.name), tuple(contact)
    if error.owner is missing:
        known = ("contact", "link", "campaign") if name == "unsubscribe_url" else None
        return no_variable(name, columns, known) if known else no_variable(name, columns)
    if isinstance(error.owner, ContactView):
        return no_column(name, columns)
    if isinstance(error.owner, LinkView):
        return no_attribute("link", name)
    if isinstance(error.owner, CampaignView):
        return no_attribute("campaign", name)
    return f"{_kind(error.owner)} has no {name!r}", CORRECT_TEMPLATE


def _kind(owner: object) -> str:
    return "str" if isinstance(owner, str) else type(owner).__name__


def _other_words(error: Exception) -> tuple[str, str]:
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name!r}", CORRECT_TEMPLATE
    if isinstance(error, PrintedWholeError):
        return str(error), CORRECT_TEMPLATE
    message = _one_line(str(error))
    return f"it can't be rendered ({type(error).__name__}{': ' if message else ''}{message})", (
        "correct the row, or let the template allow for it"
    )


def _one_line(text: str) -> str:
    """Keep what neither breaks a line of the results nor upsets a terminal."""
    line = visible(" ".join(text[: 2 * _LONGEST].split()))
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


def _shares_a_piece(text: str, token: str) -> bool:
    text, token = text.casefold(), token.casefold()
    return any(text[start : start + _PIECE] in token for start in range(len(text) - _PIECE + 1))
