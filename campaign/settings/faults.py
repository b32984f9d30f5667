"""What is wrong with settings, in words: faults gathered one by one, raised together as one `SettingsError`.

In go the faults that sources and fields find, and pydantic's validation error; out comes one error that lists them
all. A pydantic error quotes the input it refused, which may be a secret, so none is ever shown or chained: the words
here are our own, and only plain values of settings that are not secrets are quoted.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path, PurePath

from pydantic import SecretStr, ValidationError

from campaign.errors import SettingsError

_LONGEST_QUOTE = 60
_PASSWORD_IN_URL = re.compile(r"//.*@", re.DOTALL)  # a password that was never encoded may hold / ? and #


class RefusedValueError(ValueError):
    """A field's validator refuses a value. `problem` follows "section.key is VALUE; "; `fix` says what to write.

    With `quote=False` the value is not shown: it may carry a password, or the problem quotes it. `setting` is the
    dotted name to blame where a whole section was looked at.
    """

    def __init__(self, problem: str, *, fix: str, quote: bool = True, setting: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix
        self.quote = quote
        self.setting = setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong, where it was written ("" is campaign.toml itself) and what to do."""

    what: str
    fix: str
    origin: str = ""


@dataclass(slots=True, kw_only=True)
class SourceNotes:
    """What the sources note while they read: faults, and where each setting came from when not from the file."""

    faults: list[Fault] = field(default_factory=list)
    origins: dict[str, str] = field(default_factory=dict)
    misspelt: set[str] = field(default_factory=set)
    """Settings that a name of no setting was probably meant to be: not to be called missing as well."""
    server_passwords: dict[str, tuple[str, SecretStr]] = field(default_factory=dict)
    """By the server's name in upper case: the variable, and the password."""

    replaced: set[str] = field(default_factory=set)
    """Sections that a program gives as a whole: what the environment and the file say in them does not count."""

    def refuse(self, what: str, *, fix: str, origin: str = "") -> None:
        """Note a fault and read on."""
        self.faults.append(Fault(what=what, fix=fix, origin=origin))


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingHelp:
    """What a setting takes, in words, and an example as it would stand in the file."""

    words: str
    example: str


def validation_faults(error: ValidationError, wanted: Mapping[str, SettingHelp], notes: SourceNotes) -> list[Fault]:
    """Translate what pydantic found. `wanted` is by dotted name. Never quotes pydantic's own text."""
    faults: dict[str, Fault] = {}
    for found in error.errors(include_url=False):
        key, place = _named(found["loc"])
        cause = found.get("ctx", {}).get("error")
        if isinstance(cause, RefusedValueError) and cause.setting:
            key, place = cause.setting, _place(found["loc"])
        known_as = key + place
        if known_as in faults or (found["type"] == "missing" and key in notes.misspelt):
            continue
        origin = notes.origins.get(key, "")
        want = wanted.get(key, SettingHelp(words="something else", example=""))
        if found["type"] == "missing":
            section, _, name = key.rpartition(".")
            under = f"under [{section}]" if section else "at the top, before the first section"
            fix = f"add it {under}: {name} = {want.example}"
            faults[known_as] = Fault(what=f"{known_as} is missing; it must be {want.words}", fix=fix, origin=origin)
        elif isinstance(cause, RefusedValueError):
            quote = cause.quote and not cause.setting
            value = f" is {quoted(found['input'])};" if quote else ":"
            what = f"{known_as}{value} {cause.problem}"
            faults[known_as] = Fault(what=what, fix=cause.fix, origin=origin)
        else:
            what = f"{known_as} is {quoted(found['input'])}; it must be {want.words}"
            faults[known_as] = Fault(what=what, fix=f"write for example: {want.example}", origin=origin)
    return list(faults.values())


def _named(location: tuple[int | str, ...]) -> tuple[str, str]:
    """Give a setting's dotted name, and which one of several tables it stands in, where that is not the first."""
    if not location:  # of settings that do not go together: whoever refused them says which is to blame
        return "", ""
    section, *deeper = location
    if section == "limits" and deeper:
        domain = f' of [limits."{deeper[0]}"]'
        return (f"limits.{deeper[1]}", domain) if len(deeper) > 1 else ("limits", domain)
    if len(deeper) > 1 and isinstance(deeper[0], int):
        return f"{section}.{deeper[1]}", _place(location)
    # What lies deeper are places in a list, or pydantic's own names for the branches of a union.
    return ".".join(map(str, location[:2])), ""


def _place(location: tuple[int | str, ...]) -> str:
    """Say which one of several tables is meant, where that is not the first."""
    match location:
        case (section, int(index), *_) if index > 0:
            return f" of [[{section}]] number {index + 1}"
    return ""


def settings_error(faults: Sequence[Fault], path: Path) -> SettingsError:
    """Make one error of all faults (at least one), in the order they were found."""
    origins = list(dict.fromkeys(fault.origin or str(path) for fault in faults))
    where = ", ".join(origins)
    if len(faults) == 1:
        return SettingsError(faults[0].what, where=where, fix=faults[0].fix)
    lines = [
        f"  - {f'{fault.origin}: ' if fault.origin and len(origins) > 1 else ''}{fault.what} ({fault.fix})"
        for fault in faults
    ]
    return SettingsError(
        "\n".join([f"{len(faults)} settings are wrong:", *lines]),
        where=where,
        fix="correct them all, then run the same command again",
    )


def quoted(value: object) -> str:
    """Quote a value that a person wrote, on one line and not at length; of lists and tables, only say that."""
    if isinstance(value, str):
        value = _PASSWORD_IN_URL.sub("//…@", value)
    match value:
        case bool():
            return str(value).lower()
        case str() if len(value) > _LONGEST_QUOTE:
            return f"{value[:_LONGEST_QUOTE]!r}… ({len(value)} characters)"
        case str():
            return repr(value)
        case int() if abs(value) > 10**18:
            return "a number too large"  # and one of thousands of digits can't even be turned into text
        case int() | float() | timedelta() | PurePath():
            return str(value)
        case date() | time():
            return value.isoformat()
        case Mapping():
            return "a section"
        case list() | tuple():
            return "a list"
        case _:
            return f"of type {type(value).__name__}"
