"""Sessions over TLS, and why there is none, for the tests of TLS and of its files."""

from typing import Any

import pytest

from campaign.smtp.session.connect import connect
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.server import Server
from tests.smtp_server import FaultServer


def to(server: FaultServer, **given: Any) -> Server:
    """What is told of the server."""
    options: dict[str, Any] = {"host": server.host, "port": server.port, "security": "starttls", "timeout": 60.0}
    return Server(**options | given)


def refused(server: Server) -> SessionError:
    """The error, without whatever it was made of."""
    with pytest.raises(SessionError) as caught:
        connect(server)
    assert caught.value.__context__ is None
    return caught.value
