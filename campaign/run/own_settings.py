"""A worker's settings: those of the run that it joins, and what is its own machine's: secrets, keys, the way to the
server.

Takes the run's settings as a document (`campaign.settings.as_document`) and the machine's environment. A variable that
would have anything else otherwise than the run is refused: all messages of a run are made alike, and its limits are
shared. Raises SettingsError.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from campaign.errors import SettingsError
from campaign.settings import Settings, load_document
from campaign.settings.names import SECRETS, VARIABLES

_OWN = frozenset(
    {
        *("smtp.host", "smtp.port", "smtp.security", "smtp.ehlo_name", "smtp.timeout"),
        *("smtp.username", "smtp.auth", "smtp.token_command"),
        *("smtp.ca_file", "smtp.client_cert", "smtp.client_key", "dkim.key_file"),
    }
)
"""What may be another on each machine: there may be a relay in each region."""
_PATHS = frozenset({"smtp.ca_file", "smtp.client_cert", "smtp.client_key", "dkim.key_file"})
_NOT_ASKED = ("contacts.file", "contacts.suppress", "contacts.encoding", "results.", "ledger.", "bounces.mailbox.")
"""What no worker looks at."""


def own_settings(document: Mapping[str, Any], folder: Path, environ: Mapping[str, str]) -> Settings:
    """Give them. `folder` is where the bundle was written out; relative paths of the environment are relative to the
    working directory.
    """
    path = folder / "campaign.toml"
    taken, others = {}, {}
    for name, value in environ.items():
        key = VARIABLES.get(name, "")
        if key in _PATHS and value:
            taken[name] = os.path.abspath(os.path.expanduser(value))  # noqa: PTH100, PTH111 - Path's own raises
        elif key in _OWN or key in SECRETS or not key:
            taken[name] = value
        elif value and not key.startswith(_NOT_ASKED):
            others[name] = value
    try:
        settings = load_document(document, path, environ=taken, beside=Path.cwd())
    except SettingsError as error:
        where = error.where.replace(str(path), "what the run's settings and this machine's environment make together")
        raise SettingsError(error.what, where=where, fix=error.fix) from None
    for name, value in sorted(others.items()):
        try:
            same = load_document(document, path, environ={**taken, name: value}, beside=Path.cwd())
            differs = same != settings
        except SettingsError:
            differs = True
        if differs:
            raise SettingsError(
                f"{name} is not what the run was begun with, and a worker sends as its run does",
                where="the environment",
                fix=f"unset {name}; only secrets, keys and the way to the server ([smtp]: host, port, security, "
                "username, auth, ehlo_name, ca_file and the like) may differ",
            )
    return settings
