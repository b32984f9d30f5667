"""Look at a sign-in link and say what is wrong with it: a pasted text in, an `Inspection` out.

Raises nothing for a bad link: that it is none, is cut short or can't be read are findings like the others.
Limits: only the vendor knows whether the contact exists, or whether the secret at hand is still the workspace's.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from campaign.links.checks import Check, checks, seconds
from campaign.links.evidence import gather


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a link says and what is wrong with it."""

    claims: Mapping[str, object] = field(repr=False)
    """As they stand in the token; empty where it can't be read. Nobody has vouched for them unless `secret` is ok."""
    seconds_left: int | None
    """Until it expires; negative once it has. None where it doesn't say."""
    expires_at: datetime | None
    """Aware, in the zone of the moment that the link was looked at."""
    checks: tuple[Check, ...]
    """The most fundamental first."""

    @property
    def breaker(self) -> tuple[str, ...]:
        """What is wrong, in words, the most fundamental first; empty for a link that should work."""
        return tuple(check.words for check in self.checks if check.ok is False)

    @property
    def trouble(self) -> str | None:
        """The most fundamental of the breaker."""
        return next(iter(self.breaker), None)


def inspect_link(
    url: str, *, domain: str, secret: str | None, now: datetime, redirect_hosts: Collection[str] = ()
) -> Inspection:
    """Take a link apart and check it against the settings at hand.

    `url` is the link as pasted (angle brackets, white space, `&amp;` and quoted-printable are seen through), or its
    token alone. `domain` is the workspace's (`link.domain`; "" where it isn't known), `secret` its JWT secret where
    it is at hand, `redirect_hosts` where it may lead besides, `now` aware.
    """
    evidence = gather(url, secret)
    claims = evidence.claims or {}
    expiry = seconds(claims.get("exp"))
    moment = None
    if expiry is not None:
        try:
            moment = datetime.fromtimestamp(expiry, now.tzinfo or UTC)
        except (ValueError, OverflowError, OSError):
            expiry = None
    return Inspection(
        claims=MappingProxyType(dict(claims)),
        seconds_left=None if expiry is None else math.floor(expiry - now.timestamp()),
        expires_at=moment,
        checks=tuple(checks(evidence, domain.lower(), now, redirect_hosts)),
    )
