"""For the tests of signing in: a relay with TLS, who we are to it, and errors that must not show a secret."""

import traceback
from pathlib import Path
from typing import Any

import pytest

from campaign.model import Phase
from campaign.smtp.session.access_token import TokenCommand
from campaign.smtp.session.connect import connect
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.server import Server
from campaign.smtp.session.session import Session
from tests.conftest import StartServer
from tests.smtp_server import FaultServer, Tls, client_context

USER, PASSWORD = "jürgen@acme.example", "hunter2-ähem-correct-horse"
TOKEN = "ya29.A0AfH6SMBx-_~+/sesame=="
BY_PASSWORD = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"]
BY_TOKEN = ["XOAUTH2", "OAUTHBEARER"]
ALL = (*BY_PASSWORD, *BY_TOKEN)


class Relay:
    """The tests' server with TLS, and sign-in by the mechanisms that it is given."""

    def __init__(self, start: StartServer) -> None:
        self._start = start
        self.tokens: dict[str, str] = {}

    def offering(self, *mechanisms: str, **options: Any) -> FaultServer:
        misbehaviours = options.pop("misbehaviours", ())
        features: dict[str, Any] = {"tls": Tls.GOOD, "logins": {USER: PASSWORD}, "tokens": self.tokens}
        return self._start(*misbehaviours, auth_mechanisms=mechanisms, **features | options)


def tokens(folder: Path, *printed: str) -> TokenCommand:
    """A command that prints these, one after the other, and the last one for ever."""
    (folder / "left").write_text("\n".join(printed) + "\n")
    script = 'head -n 1 left; echo run >> runs; [ "$(wc -l < left)" -lt 2 ] || sed -i 1d left'
    return TokenCommand(arguments=("sh", "-c", script), folder=folder)


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text().splitlines())


def us(server: FaultServer, **given: Any) -> Server:
    options: dict[str, Any] = {"host": server.host, "port": server.port, "security": "starttls", "timeout": 5.0}
    return Server(**options | {"username": USER} | given)


def opened(server: Server) -> Session:
    session = connect(server, tls=client_context())
    session.sock.close()
    return session


def refused(server: Server, *secrets: str) -> SessionError:
    with pytest.raises(SessionError) as caught:
        connect(server, tls=client_context())
    error = caught.value
    assert error.phase is Phase.AUTH and error.where.startswith("smtp.")
    assert error.__context__ is None and error.__cause__ is None
    shown = "\n".join([str(error), repr(error), repr(error.reply), *traceback.format_exception(error)])
    for secret in (PASSWORD, TOKEN, "hunter2", "sesame", *secrets):
        assert secret not in shown
    return error
