"""What an operator should know about a session that could be had: for `campaign check`.

Takes a `Server` and its `Session`; gives sentences. Nothing is raised.
"""

from campaign.smtp.session.server import Server
from campaign.smtp.session.session import Session
from campaign.smtp.session.tls import readable_by_others


def session_notes(server: Server, session: Session) -> list[str]:
    """Give what may come to matter, though the server has taken us."""
    notes = []
    if session.ehlo_name.startswith("[") and server.protocol == "smtp":
        notes.append(
            f"we call ourselves {session.ehlo_name}, since this machine has no full name; "
            "some relays (Gmail's) refuse that: set smtp.ehlo_name"
        )
    key = server.client_key or server.client_cert
    if key is not None and readable_by_others(key):
        notes.append(f"everybody on this machine can read the private key in {key}: chmod 600 {key}")
    return notes
