"""The link's secret and domain without a campaign.toml, as far as the environment has them: for a look at one link.

Takes the environment; gives what `campaign.toml` and it would give together, read in the same way. A path is relative
to the working directory. Raises `SettingsError`; the secret is never quoted.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from campaign.settings.environment import EnvironmentSource
from campaign.settings.faults import SourceNotes, settings_error
from campaign.settings.names import SECRET_FILES, variable

_WANTED = {variable("link.secret"), variable("link.domain"), *(name for name in SECRET_FILES if "LINK" in name)}


def link_from_environment(environ: Mapping[str, str] | None = None) -> tuple[SecretStr | None, str]:
    """Give the secret, None where none is set, and the domain, "" where none is."""
    given = os.environ if environ is None else environ
    notes = SourceNotes()
    values = EnvironmentSource(notes, {name: given[name] for name in _WANTED if name in given}, Path.cwd())()
    if notes.faults:
        raise settings_error(notes.faults, Path.cwd())
    link = values.get("link", {})
    return link.get("secret"), str(link.get("domain", ""))
