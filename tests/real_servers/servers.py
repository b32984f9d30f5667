"""Every server that campaigns are tried against, by its name."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

import pytest

from tests.real_servers import courier, dovecot, exim, haraka, opensmtpd, postfix, sendmail
from tests.real_servers.install import Unavailable
from tests.real_servers.relay import Relay


class Start(Protocol):
    """Runs a server until the block ends. Raises `install.Unavailable`."""

    def __call__(self, *, sign_in: bool = False) -> AbstractContextManager[Relay]:
        """`sign_in`: whether it takes mail only from those who have signed in."""


SERVERS: dict[str, Start] = {
    "Postfix": postfix.start,
    "Exim": exim.start,
    "Sendmail": sendmail.start,
    "OpenSMTPD": opensmtpd.start,
    "Haraka": haraka.start,
    "Courier": courier.start,
    "Dovecot submission": dovecot.start_submission,
}


@contextmanager
def available(server: AbstractContextManager[Relay]) -> Iterator[Relay]:
    """Run the server; where that can't be done here, the test is skipped and says why."""
    with ExitStack() as stack:
        try:
            relay = stack.enter_context(server)
        except Unavailable as reason:
            pytest.skip(str(reason))
        yield relay
