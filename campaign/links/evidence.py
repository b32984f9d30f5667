"""Take a sign-in link apart, believing nothing: a pasted text in, the pieces that checks look at out.

Nothing is decoded that the vendor would decode: whether an identifier is percent-encoded shows in the raw query only.
Raises nothing for any text; what can't be read is None. Limits: HTTPS redirects are not followed, nothing is fetched.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import jwt
from jwt import PyJWS, PyJWTError
from jwt.exceptions import InvalidKeyError

from campaign.links.pasted import find_link

_HS256 = PyJWS().get_algorithm_by_name("HS256")
_TOKEN = re.compile(r"[\w+/=-]+\.[\w+/=-]*\.[\w+/=-]*", re.ASCII)
_LIKE_A_TOKEN = re.compile(r"eyJ|[\w-]{24}", re.ASCII)
"""How a token begins, or as much of one as an address or a host never has without a dot: it may have been cut out of a
link and pasted anywhere."""
_PIECE = 8
"""Characters that a shown value may not share with a hidden one; fewer than anybody could use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A link in pieces. None where the piece isn't there; `is_url` is False for a token alone."""

    is_url: bool
    scheme: str = ""
    host: str = ""
    """In lower case, with its port where it has one."""
    path: str = ""
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Names and raw values, in order."""
    wrappers: tuple[str, ...] = ()
    """Who had put the link into one of theirs, the outermost first."""
    token: str | None = field(default=None, repr=False)
    header: Mapping[str, object] | None = None
    claims: Mapping[str, object] | None = field(default=None, repr=False)
    signature: bytes = field(default=b"", repr=False)
    secret: str | None = field(default=None, repr=False)

    def values(self, name: str) -> list[str]:
        """Find the raw values of a parameter."""
        return [value for key, value in self.parameters if key == name]

    def is_signed_with_secret(self) -> bool:
        """Whether the secret at hand made the signature (RFC 7515 section 5.2)."""
        if self.secret is None or self.token is None:
            return False
        try:
            key = _HS256.prepare_key(self.secret)
            return _HS256.verify(self.token.rpartition(".")[0].encode(), key, self.signature)
        except (InvalidKeyError, UnicodeEncodeError):
            return False

    def shown(self, value: object) -> str:
        """`value` in quotes, for a person; not a piece of the token or the secret, nor what would upset a terminal."""
        text = str(value)
        hidden = f"{self.token or ''} {self.secret or ''}".lower()
        pieces = (text[start : start + _PIECE].lower() for start in range(min(len(text), 200)))
        if _LIKE_A_TOKEN.search(text) or any(len(piece) == _PIECE and piece in hidden for piece in pieces):
            return "(not shown)"
        return repr(text if len(text) <= 80 else text[:80] + "…")


def gather(pasted: str, secret: str | None) -> Evidence:
    """Take apart what a person pasted, whatever stands around the link (`pasted`), whoever has wrapped it (`wrapping`).

    `secret` is the one at hand, to check the signature with.
    """
    text, wrappers = find_link(pasted)
    if "?" not in text and "/" not in text.partition(".")[0] and _TOKEN.fullmatch(text) and text.startswith("ey"):
        return _with_token(text, secret, is_url=False)
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "") + (f":{parts.port}" if parts.port is not None else "")
    except ValueError:
        return Evidence(is_url=False, secret=secret)
    if not parts.scheme or not host:
        return Evidence(is_url=False, secret=secret)
    pairs = (parameter.partition("=") for parameter in parts.query.split("&") if parameter)
    parameters = tuple((name, value) for name, _, value in pairs)
    token = next((value for name, value in parameters if name == "token"), None)
    return _with_token(
        token,
        secret,
        is_url=True,
        scheme=parts.scheme,
        host=host,
        path=parts.path,
        parameters=parameters,
        wrappers=tuple(wrappers),
    )


def _with_token(
    token: str | None,
    secret: str | None,
    *,
    is_url: bool,
    scheme: str = "",
    host: str = "",
    path: str = "",
    parameters: tuple[tuple[str, str], ...] = (),
    wrappers: tuple[str, ...] = (),
) -> Evidence:
    header, claims, signature = _decoded(token or "")
    return Evidence(
        is_url=is_url,
        scheme=scheme,
        host=host,
        path=path,
        parameters=parameters,
        wrappers=wrappers,
        token=token or None,
        header=header,
        claims=claims,
        signature=signature,
        secret=secret,
    )


def _decoded(token: str) -> tuple[Mapping[str, object] | None, Mapping[str, object] | None, bytes]:
    """Header, claims and signature of a compact JWS; (None, None, b"") where it isn't one."""
    try:
        decoded = jwt.decode_complete(token, options={"verify_signature": False})
    except (PyJWTError, ValueError, TypeError, RecursionError):
        return None, None, b""
    return decoded["header"], decoded["payload"], decoded["signature"]
