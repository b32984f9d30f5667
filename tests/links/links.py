"""Links and tokens, good ones and bad ones, for the tests of this room."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import jwt

from campaign.links import Inspection, inspect_link

SECRET = "0123456789abcdef0123456789abcdef"

DOMAIN = "www.courses.example"
EMAIL = "user+test@mail.example"
NOW = datetime.fromtimestamp(1700000000, UTC)
CLAIMS: dict[str, object] = {
    "sub": f"{EMAIL}:{DOMAIN}",
    "nbf": 1700000000,
    "exp": 1700003600,
    "iat": 1700000000,
    "redirect_to": f"https://{DOMAIN}/orders",
}


def token(secret: str = SECRET, leave_out: tuple[str, ...] = (), **changes: object) -> str:
    claims = {name: value for name, value in (CLAIMS | changes).items() if name not in leave_out}
    return jwt.encode(claims, secret, headers={"typ": None})


def link(made: str | None = None, *, host: str = DOMAIN, identifier: str | None = None) -> str:
    encoded = quote(EMAIL, safe="") if identifier is None else identifier
    return f"https://{host}/sso?identifier={encoded}&strategy=email&token={made or token()}"


def inspect(
    url: str, *, domain: str = DOMAIN, secret: str | None = SECRET, after: timedelta = timedelta(0)
) -> Inspection:
    return inspect_link(url, domain=domain, secret=secret, now=NOW + after)
