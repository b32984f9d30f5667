"""Settings as a document of plain values, for another machine: what a campaign.toml would say that says the same.

Takes `Settings`; gives tables, lists, texts, numbers and flags, as JSON has them; `load_document` takes them back. What
is each machine's own is left out: every secret, and commands that print one. Raises nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from campaign.durations import compact_duration
from campaign.hours import Hours, say_days
from campaign.settings.settings import Settings

_OWN = frozenset({"token_command"})
"""Besides secrets: people write them there, and a command that came from elsewhere would be run."""
_NOT_NESTED = frozenset({"path", "mailbox", "results", "ledger"})
"""Of no use to whoever makes messages and sends them."""


def as_document(settings: Settings) -> dict[str, Any]:
    """Give what is set. Paths are as they stand there: absolute."""
    found: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if name not in _NOT_NESTED and name in settings.model_fields_set:
            found[field.alias or name] = _plain(value)
    servers = found["smtp"]
    if len(servers) == 1:  # which is called as its host where it has no name
        (found["smtp"],) = servers
        if settings.smtp.name == settings.smtp.host:
            del found["smtp"]["name"]
    if (days := settings.window.days) is not None:
        found["window"]["days"] = say_days(frozenset(days))
    return found


def _plain(value: object) -> Any:
    match value:
        case BaseModel():
            return {
                field.alias or name: _plain(getattr(value, name))
                for name, field in type(value).model_fields.items()
                if name in value.model_fields_set and name not in _OWN and _says_something(getattr(value, name))
            }
        case Mapping():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case tuple():
            return [_plain(one) for one in value]
        case timedelta():
            return compact_duration(value)
        case datetime():
            return value.isoformat()
        case Path() | Hours():
            return str(value)
    return value


def _says_something(value: object) -> bool:
    return value is not None and not isinstance(value, SecretStr)
