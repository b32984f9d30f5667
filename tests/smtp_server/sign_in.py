"""The server's side of AUTH: PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195), SCRAM-SHA-256 (RFC 7677), EXTERNAL (RFC 4422
appendix A), OAUTHBEARER (RFC 7628) and XOAUTH2.
"""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Generator, Mapping

from scramp import ScramException, ScramMechanism

Exchange = Generator[bytes, bytes, str | None]
"""Gives challenges, takes responses; returns who has signed in, None: nobody."""

_PLACE = b"<1896.697170952@mx.example>"
_PROBLEM = json.dumps({"status": "invalid_token", "schemes": "bearer"}).encode()


class MalformedError(Exception):
    """The client's response is none."""


class SignIn:
    """One exchange: feed it the client's lines, put its challenges.

    `logins` are passwords, `tokens` access tokens, both by user; `certified` is whom the client's certificate names.
    """

    def __init__(
        self, mechanism: str, logins: Mapping[str, str], tokens: Mapping[str, str], certified: str | None
    ) -> None:
        self.user: str | None = None
        """Who has signed in."""
        self.malformed = False
        self._client_first = mechanism not in ("LOGIN", "CRAM-MD5")
        match mechanism:
            case "PLAIN":
                self._exchange = _plain(logins)
            case "LOGIN":
                self._exchange = _login(logins)
            case "CRAM-MD5":
                self._exchange = _cram_md5(logins)
            case "SCRAM-SHA-256":
                self._exchange = _scram(logins)
            case "EXTERNAL":
                self._exchange = _external(certified)
            case _:
                self._exchange = _bearer(tokens, mechanism)
        self._challenge = next(self._exchange)

    def step(self, line: bytes | None) -> bytes | None:
        """Takes a line (None: the command came without one); gives the next challenge, or None at the end."""
        if line is None:
            return _challenge(self._challenge)
        try:
            response = base64.b64decode(b"" if line == b"=" else line, validate=True)
            return _challenge(self._exchange.send(response))
        except StopIteration as end:
            self.user = end.value
        except (binascii.Error, UnicodeDecodeError, MalformedError):
            self.malformed = True
        return None


def _challenge(words: bytes) -> bytes:
    return b"334 " + base64.b64encode(words) + b"\r\n"


def _who(user: str, password: str, logins: Mapping[str, str]) -> str | None:
    return user if logins.get(user) == password else None


def _plain(logins: Mapping[str, str]) -> Exchange:
    parts = (yield b"").decode().split("\0")
    if len(parts) != 3:
        raise MalformedError
    return _who(parts[1], parts[2], logins)


def _login(logins: Mapping[str, str]) -> Exchange:
    user = (yield b"Username:").decode()
    password = (yield b"Password:").decode()
    return _who(user, password, logins)


def _cram_md5(logins: Mapping[str, str]) -> Exchange:
    user, _, digest = (yield _PLACE).decode().rpartition(" ")
    right = hmac.new(logins.get(user, "").encode(), _PLACE, "md5").hexdigest()
    return user if user in logins and hmac.compare_digest(digest, right) else None


def _scram(logins: Mapping[str, str]) -> Exchange:
    mechanism = ScramMechanism()

    def known(user: str) -> tuple[bytes, bytes, bytes, int]:
        told: tuple[bytes, bytes, bytes, int] = mechanism.make_auth_info(logins[user])
        who.append(user)
        return told

    who: list[str] = []
    server = mechanism.make_server(known)
    first = (yield b"").decode()
    try:
        server.set_client_first(first)
    except ScramException:
        return None
    final = (yield server.get_server_first().encode()).decode()
    try:
        server.set_client_final(final)
    except ScramException:
        return None
    if (yield server.get_server_final().encode()):
        raise MalformedError
    return who[0]


def _external(certified: str | None) -> Exchange:
    wanted = (yield b"").decode()
    return certified if wanted in ("", certified) else None


def _bearer(tokens: Mapping[str, str], mechanism: str) -> Exchange:
    response = (yield b"").decode()
    pattern, farewell = _BEARER[mechanism]
    found = re.fullmatch(pattern, response)
    if found is None:
        raise MalformedError
    user = found["user"].replace("=2C", ",").replace("=3D", "=")
    if tokens.get(user) == found["token"]:
        return user
    if (yield _PROBLEM) != farewell:
        raise MalformedError
    return None


_BEARER: dict[str, tuple[str, bytes]] = {
    "XOAUTH2": ("user=(?P<user>[^\1]*)\1auth=Bearer (?P<token>[^\1]*)\1\1", b""),
    "OAUTHBEARER": (
        "n,a=(?P<user>[^,]*),\1host=[^\1]+\1port=[0-9]+\1auth=Bearer (?P<token>[^\1]*)\1\1",
        b"\1",
    ),
}
