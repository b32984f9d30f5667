"""Whom a sign-in link signs in, where to, and until when: a link in, its claims out, once its signature holds.

Raises ValueError for what is no link of this secret's. Shows neither the link nor the secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from campaign.links import inspect_link


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What a link says."""

    email: str
    domain: str
    """The workspace's."""
    redirect_to: str | None
    issued_at: datetime
    expires_at: datetime
    """Aware, in UTC."""
    claims: Mapping[str, object] = field(repr=False)
    """As they stand in its token."""


def read_link(url: str, secret: str) -> SignIn:
    """Read a link that was signed with this secret, also one that has expired. Raises ValueError."""
    found = inspect_link(url, domain="", secret=secret, now=datetime.now(UTC))
    must_hold = [check for check in found.checks if check.name in ("link", "secret", "claims")]
    wrong = next((check.words for check in must_hold if check.ok is not True), "")
    if wrong:
        raise ValueError(f"no sign-in link that this secret has signed: {wrong}")
    claims = found.claims
    email, _, domain = str(claims["sub"]).rpartition(":")
    redirect = claims.get("redirect_to")
    return SignIn(
        email=email,
        domain=domain,
        redirect_to=None if redirect is None else str(redirect),
        issued_at=_moment(claims["iat"]),
        expires_at=_moment(claims["exp"]),
        claims=claims,
    )


def _moment(seconds: object) -> datetime:
    return datetime.fromtimestamp(int(str(seconds)), UTC)
