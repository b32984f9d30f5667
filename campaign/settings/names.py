"""The names of all settings, by dotted name and by environment variable, and the nearest to a wrong one."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from campaign.settings.faults import SettingHelp
from campaign.settings.settings import Settings

PREFIX = "CAMPAIGN_"


def _section(field: FieldInfo) -> type[BaseModel] | None:
    """Give the model of a section, also of one that there may be several of; None: it is a setting of its own."""
    for kind in (field.annotation, *get_args(field.annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _fields() -> dict[str, FieldInfo]:
    named: dict[str, FieldInfo] = {}
    for known, field in Settings.model_fields.items():
        name = field.alias or known
        section = _section(field)
        if section is not None:
            for key, inner in section.model_fields.items():
                named[f"{name}.{inner.alias or key}"] = inner
        elif name != "path":
            named[name] = field
    return named


_ALL = _fields()
BY_NAME = frozenset({"limits"})
"""Sections that stand there once for each name: [limits."gmail.com"]. Only the file has them."""
FIELDS = {key: field for key, field in _ALL.items() if key.partition(".")[0] not in BY_NAME}
NAMED_FIELDS = frozenset(_ALL.keys() - FIELDS.keys())
SECRETS = frozenset({"link.secret", "smtp.password", "bounces.mailbox.password", "ledger.password"})
SECTIONS = tuple(dict.fromkeys(key.partition(".")[0] for key in _ALL if "." in key))
INNER_SECTIONS = tuple(dict.fromkeys(key.rpartition(".")[0] for key in _ALL if key.count(".") > 1))
"""Sections within sections, dotted: [bounces.mailbox]."""
REPEATABLE = (
    frozenset(field.alias or name for name, field in Settings.model_fields.items() if get_args(field.annotation))
    - BY_NAME
)
"""Sections that there may be one of, or several: [dkim], or [[dkim]] for each."""
WANTED = frozenset(field.alias or name for name, field in Settings.model_fields.items() if field.is_required())
"""Sections, among others, that there must be."""
SETTING_HELP: Mapping[str, SettingHelp] = {
    key: SettingHelp(words=field.description or "", example=str((field.examples or [""])[0]))
    for key, field in _ALL.items()
}
"""What every setting takes, by dotted name, in the order of the file: also good for a reference."""


def entries(section: str, table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Give what a section's table has, by dotted name; that of a section within it as well."""
    for key, value in table.items():
        name = f"{section}.{key}"
        if name in INNER_SECTIONS and isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", one) for inner, one in value.items())
        else:
            yield name, value


def variable(key: str) -> str:
    """Name the environment variable of a setting: "smtp.host" is CAMPAIGN_SMTP__HOST."""
    return PREFIX + key.replace(".", "__").upper()


VARIABLES = {variable(key): key for key in FIELDS}
_SERVER_PASSWORD = re.compile(rf"{PREFIX}SMTP__([A-Z][A-Z0-9_]*)__PASSWORD(?:_FILE)?")
SECRET_FILES = {f"{variable(key)}_FILE": key for key in sorted(SECRETS)}


def password_variable(server: str) -> str:
    """Name the environment variable of one server's password: CAMPAIGN_SMTP__SES__PASSWORD."""
    return f"{PREFIX}SMTP__{server.upper()}__PASSWORD"


def server_of_variable(name: str) -> str | None:
    """Give the server's name, in upper case, whose password a variable holds or names the file of; None: of none."""
    found = _SERVER_PASSWORD.fullmatch(name)
    return None if found is None else found[1]


def nearest(key: str) -> str:
    """Find the setting that a wrong dotted name was probably meant to be, or ""."""
    folded = key.lower().replace("-", "_")[:100]
    if folded in FIELDS:
        return folded
    bare = folded.rpartition(".")[2]
    # The right name in the wrong place first: host at the top, or domain under [message].
    moved = [known for known in FIELDS if known.rpartition(".")[2] == bare]
    section = folded.rpartition(".")[0]
    siblings = [known for known in FIELDS if section and known.startswith(f"{section}.")]
    close = get_close_matches(folded, siblings, n=1, cutoff=0.8) or moved
    close = close or get_close_matches(folded, FIELDS, n=1, cutoff=0.7)
    if close:
        return close[0]
    names = {known.rpartition(".")[2]: known for known in FIELDS}
    return next((names[near] for near in get_close_matches(bare, names, n=1, cutoff=0.76)), "")


def nearest_variable(name: str) -> str:
    """Find the variable that a wrong name was probably meant to be, or ""."""
    known = [*VARIABLES, *SECRET_FILES]
    folded = name.upper().replace(".", "__").replace("-", "_")[:100]
    # One underscore for two is the commonest slip, and not always the nearest name by letters.
    same = [one for one in known if one.replace("__", "_") == folded.replace("__", "_")]
    return (same or get_close_matches(folded, known, n=1, cutoff=0.75) or [""])[0]


def as_written(key: str) -> str:
    """Show a name as it was written, made harmless: a key of TOML may hold anything."""
    return key if len(key) <= 60 and key.isprintable() else f"{key[:60]!r}"
