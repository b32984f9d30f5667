"""Every server that campaigns are tried against, by its name."""

from contextlib import AbstractContextManager
from typing import Protocol

from tests.real_servers import exim, opensmtpd, postfix, sendmail
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
}
