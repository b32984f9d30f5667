"""The passwords that the environment has by a server's name, put where they belong: `CAMPAIGN_SMTP__SES__PASSWORD`.

In: the raw values of campaign.toml, what beats its [smtp], and the notes, with the passwords. The names of the servers
are known only now. Raises nothing: what fits no server is noted as a fault.
"""

from collections.abc import Mapping
from typing import Any

from campaign.settings.faults import SourceNotes
from campaign.settings.names import variable


def give_passwords(values: Mapping[str, Any], over_it: Mapping[str, object], notes: SourceNotes) -> None:
    """Put them into the tables of `values["smtp"]`; `over_it`: what environment and options say of a single one."""
    if not notes.server_passwords:
        return
    servers = values.get("smtp", {})
    if isinstance(servers, dict):
        found = {_folded({"name": over_it.get("name", servers.get("name"))}): servers}
    else:
        found = {_folded(server): server for server in servers}
    for name, (known_as, password) in sorted(notes.server_passwords.items()):
        if name not in found:
            known = ", ".join(filter(None, map(str.lower, found)))
            is_there = f"the servers are {known}" if known else "the server has no name (smtp.name)"
            notes.refuse(f"{known_as} names no server; {is_there}", fix="unset it", origin=known_as)
        elif over_it.get("password") is not None:
            problem = f"both {variable('smtp.password')} and {known_as} are set"
            notes.refuse(problem, fix="unset one of the two", origin=known_as)
        else:
            found[name]["password"] = password


def _folded(server: Mapping[str, object]) -> str:
    """The name of a server as variables have it; "" where it has none."""
    name = server.get("name")
    return name.strip().upper() if isinstance(name, str) else ""
