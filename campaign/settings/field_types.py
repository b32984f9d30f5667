"""The kinds of value that settings are made of: each reads what a person wrote, and refuses it in words.

Text from the environment and from options is read the same way as the file's own types, so `port = 587` and
`CAMPAIGN_SMTP__PORT=587` meet here. Raises `RefusedValueError`, which pydantic gathers.
"""

import codecs
import json
import os
import re
import shlex
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from unicodedata import category

from pydantic import BeforeValidator, PlainValidator

from campaign.durations import as_moment, parse_duration, spell_duration
from campaign.errors import UsageError
from campaign.settings.faults import RefusedValueError

_LONGEST = 4096
_NO_FILES_ENCODING = frozenset(
    {"idna", "punycode", "unicode_escape", "unicode-escape", "raw_unicode_escape", "raw-unicode-escape", "undefined"}
    | {"charmap"}
)


def text(value: object) -> str:
    """Take text: not blank, on one line, and writable as UTF-8."""
    if not isinstance(value, str):
        raise RefusedValueError("it must be text", fix='put it in double quotes: "…"')
    if not value.strip():
        raise RefusedValueError("it is blank", fix="write something, or take the line out")
    if len(value) > _LONGEST:
        raise RefusedValueError(f"it is longer than {_LONGEST} characters", fix="make it shorter")
    if any(category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value):
        # Line breaks end a header or an SMTP command early; the other control characters help nobody. A lone
        # surrogate (Cs) is how Python hands on a byte of the environment that is not UTF-8.
        raise RefusedValueError("it has a line break or another control character in it", fix="take it out")
    return value


def number(value: object) -> object:
    """Refuse true and false, which Python takes for 1 and 0; pydantic does the rest."""
    if isinstance(value, bool):
        raise ValueError("true and false are no numbers")
    return value


def word(value: object) -> object:
    """Take a word in any case; pydantic compares it with those there are."""
    return value.strip().lower() if isinstance(value, str) else value


def security_word(value: object) -> object:
    """Take the word for the security of a connection."""
    written = word(value)
    if written in ("ssl", "smtps", "ssl/tls"):
        raise RefusedValueError("TLS from the first byte, usually on port 465, is called tls", fix='write "tls"')
    return written


def command(value: object) -> str:
    """Take a command line that is split as a shell would, and run without one. It may hold a secret: never quoted."""
    try:
        written = text(value)
        if any(shlex.split(written)[:1]):
            return written
        problem, fix = "there is no command in it", "write a program and its arguments"
    except RefusedValueError as error:
        problem, fix = error.problem, error.fix
    except ValueError:
        problem, fix = "a quote is not closed", "close it; what has spaces in it stands between single quotes"
    raise RefusedValueError(problem, fix=fix, quote=False)


def encoding(value: object) -> str:
    """Take the name of a text encoding that Python knows, in any spelling."""
    name = text(value).strip()
    try:
        known = codecs.lookup(name)
        if known.incrementaldecoder is not None and known.name not in _NO_FILES_ENCODING:
            "\n".encode(name)  # refused for codecs between bytes and bytes
            return name
    except (LookupError, ValueError, TypeError):
        pass
    raise RefusedValueError("it is no text encoding that is known here", fix='write it like "cp1250" or "shift_jis"')


def flag(value: object) -> bool:
    """Take true or false, as TOML or the environment writes it."""
    written = word(value)
    if written in (True, "true", "yes", "on", "1"):
        return True
    if written in (False, "false", "no", "off", "0"):
        return False
    raise RefusedValueError("it wants true or false", fix="write one of the two, without quotes")


def path(value: object) -> Path:
    """Take a path; `~` at its beginning is the home folder."""
    return value if isinstance(value, Path) else Path(os.path.expanduser(text(value)))  # noqa: PTH111 - Path's raises


def items(value: object, *, kind: str, example: str) -> Sequence[object]:
    """Take a list; as text, a JSON list or what it consists of with commas between."""
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                raise RefusedValueError("it begins like a JSON list, but is none", fix=f"write {example}") from None
        else:
            value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise RefusedValueError(f"it must be a list of {kind}", fix=f"write {example}")
    return value


def paths(value: object) -> tuple[Path, ...]:
    """Take a list of paths."""
    return tuple(path(part) for part in items(value, kind="files", example='["unsubscribed.csv"]'))


def texts(value: object) -> tuple[str, ...]:
    """Take a list of texts."""
    return tuple(text(part) for part in items(value, kind="texts", example='["terms.pdf"]'))


def duration(value: object) -> timedelta:
    """Take a length of time with its unit."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, time):
        raise RefusedValueError("that is a time of day; it must be a length of time", fix='write "8h", in quotes')
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value) if isinstance(value, float) or abs(value) < 10**9 else "a number too large"
    try:
        return parse_duration(text(value))
    except UsageError as error:
        raise RefusedValueError(error.what, fix=error.fix, quote=False) from None


def between(shortest: timedelta, longest: timedelta) -> BeforeValidator:
    """Make a validator for a duration with bounds, both included."""

    def check(value: object) -> timedelta:
        length = duration(value)
        if not shortest <= length <= longest:
            raise RefusedValueError(
                f"it must be {spell_duration(shortest)} to {spell_duration(longest)}", fix="choose one between"
            )
        return length

    return BeforeValidator(check)


def _moment(value: object, *, date_alone: bool) -> datetime:
    if isinstance(value, time):
        raise RefusedValueError("it is a time without a date", fix="write both, such as 2026-11-23T09:00:00")
    if not isinstance(value, str | date):
        raise RefusedValueError("it must be a date and time", fix="write it like 2026-11-23T09:00:00, without quotes")
    try:
        return as_moment(value, date_alone=date_alone)
    except UsageError as error:
        raise RefusedValueError(error.what, fix=error.fix, quote=False) from None


def opening(value: object) -> datetime:
    """Take the moment a window opens; a date alone is the midnight it begins with."""
    return _moment(value, date_alone=True)


def closing(value: object) -> datetime:
    """Take the moment a window closes; a date alone could mean either of its midnights, and is refused."""
    return _moment(value, date_alone=False)


def campaign_name(value: object) -> str:
    """Take a name that can be part of a file's name on any system."""
    name = text(value)
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}", name):
        raise RefusedValueError(
            "it becomes part of file names, and wants 1 to 64 letters (a to z), digits, '-', '_' or '.', no '.' first",
            fix='write it like "autumn-orders"',
        )
    if name.lower().endswith("-sandbox"):
        # NAME-sandbox.ledger belongs to the sandbox runs of NAME: they must never look like real ones.
        raise RefusedValueError("names that end in '-sandbox' are kept for sandbox runs", fix="choose another name")
    return name


def server_name(value: object) -> str:
    """Take a name that can be part of an environment variable's."""
    name = text(value).strip()
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,31}", name):
        raise RefusedValueError(
            "it becomes part of a variable's name (CAMPAIGN_SMTP__NAME__PASSWORD), and wants 1 to 32 letters (a to z), "
            "digits or '_', a letter first",
            fix='write it like "ses"',
        )
    return name


Text = Annotated[str, PlainValidator(text)]
FilePath = Annotated[Path, PlainValidator(path)]
FilePaths = Annotated[tuple[Path, ...], BeforeValidator(paths)]
Texts = Annotated[tuple[str, ...], BeforeValidator(texts)]
Number = BeforeValidator(number)
