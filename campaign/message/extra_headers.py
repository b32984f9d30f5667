"""The header fields of `[message.headers]`: their values for one contact → header fields.

A field of the kind that programs read (Feedback-ID, X-SES-MESSAGE-TAGS) stays as it is, on one line: none of them
expects an encoded word (RFC 2047 section 5 allows these in text for people alone) or looks for its value on a second
line. Any other field may hold any text: ASCII stays as it is, what is beyond is written as encoded words.

Raises SettingsError when made, for a value that is the same for everybody; UnfitHeaderError for a contact's.
"""

import re
from collections.abc import Mapping, Sequence

from campaign.errors import SettingsError

from .headers import LONGEST_LINE, check, unstructured

_STRUCTURED = re.compile(
    # Read by mailbox providers and mail programs: RFC 3834 (Auto-Submitted), RFC 2369 and RFC 2919 (List-…),
    # RFC 2076 (Precedence, Importance, Priority), RFC 5322 section 3.6.4, Google's Feedback-ID.
    r"feedback-id|auto-submitted|precedence|importance|priority|list-.*|references|in-reply-to|disposition-.*"
    r"|x-priority|x-msmail-priority|x-auto-response-suppress|x-entity-ref-id|require-recipient-valid-since|sensitivity"
    # Read, and taken away, by those who relay: Amazon SES, Postmark, Mailgun, SendGrid, Mandrill, SparkPost, Resend,
    # Mailjet, Brevo, Postal.
    r"|x-ses-.*|x-pm-.*|x-mailgun-.*|x-smtpapi|x-mc-.*|x-msys-.*|resend-.*|x-mj-.*|x-mailin-.*|x-sib-.*|x-postal-.*"
).fullmatch
_IN_JSON = re.compile(r"x-smtpapi|x-mailgun-variables|x-msys-api|x-mc-metadata|x-mj-vars|x-mj-eventpayload").fullmatch
"""Long ones may be folded: white space between the tokens of JSON means nothing (RFC 8259 section 2), and these relays
say in their manuals that lines have to be kept short.
"""
_FOR_PEOPLE = frozenset({"comments", "organization", "keywords"})
"""Folded as a subject is."""


class UnfitHeaderError(ValueError):
    """A contact's value can't stand in a header field. `name` is the field's; the text goes on from "it"."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.name = name


class ExtraHeaders:
    """Writes the fields of one campaign."""

    def __init__(self, fields: Mapping[str, str | None]) -> None:
        """`fields`: names in the order in which they are written, with the value where it is the same for everybody."""
        self._names = tuple(fields)
        self._written: list[str | None] = []
        for name, value in fields.items():
            try:
                self._written.append(None if value is None else header_field(name, value))
            except UnfitHeaderError as error:
                raise SettingsError(
                    f"the value {error}", where=f"message.headers.{name}", fix="correct the setting"
                ) from None

    def __call__(self, values: Sequence[str]) -> str:
        """Give the fields, each ended by CRLF, in the order of the names. Raises UnfitHeaderError."""
        return "".join(
            header_field(name, value) if written is None else written
            for name, written, value in zip(self._names, self._written, values, strict=True)
        )


def header_field(name: str, value: str) -> str:
    """Write one field, ended by CRLF; "" for an empty value: then the message goes without. Raises UnfitHeaderError."""
    value = value.strip(" \t")
    if not value:
        return ""
    try:
        check(value)
    except ValueError as error:
        raise UnfitHeaderError(name, f"holds {error}") from None
    lowered = name.lower()
    column = len(name) + 2
    if lowered in _FOR_PEOPLE:
        written = unstructured(value, column=column)
    elif _STRUCTURED(lowered):
        odd = next((letter for letter in value if not letter.isascii()), None)
        if odd is not None:
            raise UnfitHeaderError(name, f"holds {odd!r}, and programs that read this header take ASCII alone")
        written = _folded_json(value, column) if _IN_JSON(lowered) else value
    else:
        # Whoever reads an encoded look-alike would decode it.
        written = value if value.isascii() and "=?" not in value else unstructured(value, column=column)
    field = f"{name}: {written}\r\n"
    longest = max(map(len, field.split("\r\n")))
    if longest > LONGEST_LINE:
        raise UnfitHeaderError(
            name, f"makes a line of {longest} characters; {LONGEST_LINE} are left whole by every mail server"
        )
    return field


def _folded_json(value: str, column: int) -> str:
    """Break lines at blanks where one would be too long (RFC 5322 section 2.2.3)."""
    if column + len(value) <= LONGEST_LINE:
        return value
    lines = [""]
    for word in re.findall(r" *[^ ]+", value):
        if column + len(lines[-1]) + len(word) > LONGEST_LINE and lines[-1]:
            lines.append("")
            column = 0
        lines[-1] += word
    return "\r\n".join(lines)
