"""The subject of one message: the chunks that its template rendered in, one line out.

RFC 5322 section 2.2: a header field is one line, of printable characters, spaces and tabs. A template may go over
several lines, which are joined; a cell may not, since whoever wrote it could mean a header of its own. Raises nothing:
errors are given.
"""

import re
from collections.abc import Collection

from campaign.content.faults import unfit_part
from campaign.content.template_folder import SUBJECT
from campaign.errors import InvalidContactError, TemplateError

_LINE_BREAK = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
_UNFIT = re.compile(r"[\x00-\x08\n-\x1f\x7f-\x9f\u2028\u2029]")


def subject_line(
    chunks: tuple[str, ...], *, constants: Collection[str], row: int
) -> str | InvalidContactError | TemplateError:
    """Give the subject, or what is wrong with it. `constants`: the chunks that are the template's own."""
    subject = "".join(chunks)
    if not subject.isprintable():
        parts = []
        for chunk in chunks:
            if chunk in constants:
                parts.append(_LINE_BREAK.sub(" ", chunk))
            elif _UNFIT.search(chunk):
                what = "a line break" if _LINE_BREAK.search(chunk) else "a control character"
                return unfit_part(SUBJECT, f"a cell brings {what} into the subject", row)
            else:
                parts.append(chunk)
        subject = "".join(parts)
        if _UNFIT.search(subject):
            return TemplateError("a control character stands in the subject", where=SUBJECT, fix="take it out")
    return subject.strip() or unfit_part(SUBJECT, "the subject is empty", row)
