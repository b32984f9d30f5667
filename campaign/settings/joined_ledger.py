"""The ledger of a run to join, without a campaign.toml: as options and the environment name it.

Takes the options and the environment; gives the place in a database, or None where nothing names one. Raises
`SettingsError`, which never quotes an address or a password. A relative path is relative to the working directory.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from campaign.errors import SettingsError
from campaign.ledger_place import DatabasePlace
from campaign.settings.environment import EnvironmentSource
from campaign.settings.faults import Fault, RefusedValueError, SourceNotes, settings_error
from campaign.settings.field_types import campaign_name
from campaign.settings.names import SECRET_FILES, variable
from campaign.settings.sections.ledger import database_url

_URL, _NAME, _PASSWORD = variable("ledger.url"), "CAMPAIGN_NAME", variable("ledger.password")
_WANTED = {_URL, _NAME, _PASSWORD, *(name for name in SECRET_FILES if name.startswith(_PASSWORD))}


def joined_ledger(url: str | None, name: str | None, environ: Mapping[str, str] | None = None) -> DatabasePlace | None:
    """Give it. `url`, `name`: of the options --ledger and --campaign, which beat the environment."""
    given = os.environ if environ is None else environ
    notes = SourceNotes()
    values = EnvironmentSource(notes, {key: given[key] for key in _WANTED if key in given}, Path.cwd())()
    of_ledger = values.get("ledger", {})
    password = of_ledger.get("password")
    origins = ("--ledger" if url else _URL, "--campaign" if name else _NAME)
    url, name = url or of_ledger.get("url"), name or values.get("name")
    if url is None and name is None:
        return None
    if url is None or name is None:
        missing, option = (_URL, "--ledger URL") if url is None else (_NAME, "--campaign NAME")
        what = (
            "of the run to join, the ledger's address is missing" if url is None else "the campaign's name is missing"
        )
        raise SettingsError(what, where=f"{option}, {missing}", fix="give it, or name a campaign.toml that has it")
    taken = []
    for value, judge, origin in ((url, database_url, origins[0]), (name, campaign_name, origins[1])):
        try:
            taken.append(judge(value))
        except RefusedValueError as error:
            notes.faults.append(Fault(what=f"{origin}: {error.problem}", fix=error.fix, origin=origin))
    if notes.faults:
        raise settings_error(notes.faults, Path.cwd())
    secret = password.get_secret_value() if isinstance(password, SecretStr) else None
    return DatabasePlace(url=taken[0], campaign=taken[1], password=secret)
