"""SASL mechanisms (RFC 4422), the client's side: what to answer to each challenge. No socket, no base64.

Each function takes `Credentials` and gives a generator of responses: its first is the initial response (None: the
server speaks first), and every challenge sent into it gives the next. It ends when there is nothing more to say; when
the server says yes, an empty challenge is sent in, so that a mechanism which checks the server can object. Raises
`ExchangeError`. SCRAM is the library `scramp`'s.
"""

import hmac
import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Steps = Generator[bytes | None, bytes, None]


class ExchangeError(Exception):
    """The exchange can't go on: says why, in words that hold nothing secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who we are, and what proves it."""

    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    """An OAuth 2.0 access token."""
    host: str = ""
    port: int = 0


def plain(ours: Credentials) -> Steps:
    """RFC 4616: UTF-8, no other identity than the user's own."""
    if "\0" in ours.password:
        raise ExchangeError("the password has a NUL in it, which PLAIN can't say")
    yield f"\0{ours.username}\0{ours.password}".encode()


def login(ours: Credentials) -> Steps:
    """Never standardised: asks for the name, then for the password. What it asks in is not looked at: servers vary."""
    yield None
    yield ours.username.encode()
    yield ours.password.encode()


def cram_md5(ours: Credentials) -> Steps:
    """RFC 2195."""
    challenge = yield None
    digest = hmac.new(ours.password.encode(), challenge, "md5").hexdigest()  # the password itself is not sent
    yield f"{ours.username} {digest}".encode()


def scram_sha_256(ours: Credentials) -> Steps:
    """RFC 5802, 7677: the server, too, must know the password. Without channel binding, which Python's ssl lacks for
    TLS 1.3 (RFC 9266).
    """
    from scramp import ScramClient, ScramException  # here: most campaigns do without

    try:
        client = ScramClient(["SCRAM-SHA-256"], ours.username, ours.password)
        challenge = yield client.get_client_first().encode()
        client.set_server_first(challenge.decode())
        challenge = yield client.get_client_final().encode()
        client.set_server_final(challenge.decode())
    except UnicodeDecodeError:
        raise ExchangeError("the server's part of SCRAM-SHA-256 is not text") from None
    except ScramException as error:
        if error.server_error is not None and "returned an error" in str(error):
            raise ExchangeError(f"the server says {error.server_error.value} in SCRAM-SHA-256") from None
        raise ExchangeError("the server did not prove that it knows the password (SCRAM-SHA-256)") from None
    yield b""


def external(ours: Credentials) -> Steps:
    """RFC 4422 appendix A: we are whom our TLS certificate names, or whom it may act for."""
    yield ours.username.encode()


def xoauth2(ours: Credentials) -> Steps:
    """Google's and Microsoft's form. A refusal comes as a challenge, and wants an empty line before its reply."""
    problem = yield f"user={ours.username}\1auth=Bearer {ours.token}\1\1".encode()
    _require_json(problem)
    yield b""


def oauthbearer(ours: Credentials) -> Steps:
    """RFC 7628. A refusal comes as a challenge (section 3.2.3), and wants a lone control-A before its reply."""
    user = ours.username.replace("=", "=3D").replace(",", "=2C")  # RFC 5801 section 4
    place = f"host={ours.host}\1port={ours.port}\1"
    problem = yield f"n,a={user},\1{place}auth=Bearer {ours.token}\1\1".encode()
    _require_json(problem)
    yield b"\1"


def _require_json(problem: bytes) -> None:
    """A challenge that is no error report would be another mechanism's."""
    try:
        json.loads(problem or b"{}")
    except ValueError:
        raise ExchangeError("the server asks for more than an access token") from None


MECHANISMS: Mapping[str, Callable[[Credentials], Steps]] = MappingProxyType(
    {
        "EXTERNAL": external,
        "XOAUTH2": xoauth2,
        "OAUTHBEARER": oauthbearer,
        "SCRAM-SHA-256": scram_sha_256,
        "PLAIN": plain,
        "LOGIN": login,
        "CRAM-MD5": cram_md5,
    }
)
"""By their registered names, in the order of preference.

A certificate or a token is there only where somebody has set it up, so it comes first. Of those with a password, SCRAM
is the only one that keeps it from the server and checks the server. PLAIN stands before CRAM-MD5: what TLS protects
needs no more protection on the way, and CRAM-MD5, which RFC 4954 has not asked for since 2007, works only where the
server keeps passwords readable; many offer it though they don't, and would refuse a right password.
"""
BY_PASSWORD = frozenset({"SCRAM-SHA-256", "PLAIN", "LOGIN", "CRAM-MD5"})
BY_TOKEN = frozenset({"XOAUTH2", "OAUTHBEARER"})
