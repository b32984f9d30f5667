"""What to ask of a sign-in link: its pieces in, a `Check` for each question out, the most fundamental first.

The vendor's own list of what goes wrong (wrong secret, identifier not percent-encoded, default domain after a custom
one was connected, a claim missing, the clock), after what must hold before these can be asked. Raises nothing; no word
of a check quotes the token or the secret. Limits: what a piece says is compared, never looked up.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from campaign.links.browser_host import browser_host
from campaign.links.evidence import Evidence
from campaign.links.wrapping import hides_its_target

REQUIRED_CLAIMS = ("sub", "nbf", "exp", "iat")
DEFAULT_DOMAIN = ".myclickfunnels.com"
"""How a workspace's domain ends until a custom one is connected."""

_PARAMETERS = ["identifier", "strategy", "token"]
_PERCENT_ENCODED = re.compile(r"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question asked of a link. `ok` is None where it can't be answered, or the answer is nobody's fault."""

    name: str
    ok: bool | None
    words: str


def checks(evidence: Evidence, domain: str, now: datetime, redirect_hosts: Collection[str] = ()) -> Iterator[Check]:
    """Ask everything that can be asked of these pieces.

    `domain` is `link.domain`, in lower case; "" where it isn't known, and the pieces need only agree with each other.
    `now` is aware; `redirect_hosts` may be led to besides.
    """
    wanted = domain or evidence.host or (_subject(evidence.claims or {}) or ("", ""))[1].lower()
    said = f"link.domain {wanted}" if domain else f"{evidence.shown(wanted)} as elsewhere in the link"
    yield _link(evidence)
    if evidence.token is None and hides_its_target(evidence.host):
        return  # nothing of it is the sign-in link's
    if evidence.wrappers:
        names = ", in one of ".join(evidence.shown(name) if "." in name else name for name in evidence.wrappers[::-1])
        words = f"the link came inside one of {names}; what is checked is the link inside"
        yield Check(name="wrapping", ok=None, words=words)
    if evidence.claims is not None:
        yield _secret(evidence)
        yield _claims(evidence, evidence.claims)
    if evidence.is_url or evidence.claims is not None:
        yield _domain(evidence, wanted, said)
    if evidence.is_url:
        yield _identifier(evidence)
    if evidence.claims is not None:
        yield _clock(evidence.claims, now.timestamp())
        yield _redirect(evidence, evidence.claims, wanted, said, redirect_hosts)
    if evidence.is_url:
        yield _order(evidence)


def _link(evidence: Evidence) -> Check:
    """Whether it is a sign-in link at all."""
    faults = []
    if not evidence.is_url and evidence.token is None:
        return Check(name="link", ok=False, words="this is neither a sign-in link nor a token")
    keeper = hides_its_target(evidence.host) if evidence.token is None else ""
    if keeper:
        words = (
            f"this link is {keeper}'s, and does not say where it leads: take the link from the message as it was sent"
        )
        return Check(name="link", ok=False, words=words)
    if evidence.is_url:
        if evidence.scheme != "https":
            faults.append(f"the link begins with {evidence.shown(evidence.scheme)}, not with https")
        if evidence.path != "/sso":
            faults.append(f"the link's path is {evidence.shown(evidence.path)}, not /sso")
        for name in _PARAMETERS:
            values = evidence.values(name)
            if not any(values):
                faults.append(f"the link has no {name}")
            elif len(values) > 1:
                faults.append(f"the link has more than one {name}")
        strategies = evidence.values("strategy")
        if any(strategies) and strategies != ["email"]:
            faults.append(f"the link's strategy is {evidence.shown(strategies[0])}, not 'email'")
    if evidence.token is not None and evidence.claims is None:
        faults.append("the token can't be read: it was cut or altered on its way here")
    good = "a sign-in link with a token" if evidence.is_url else "a token (without its link)"
    return Check(name="link", ok=not faults, words="; ".join(faults) or good)


def _secret(evidence: Evidence) -> Check:
    algorithm = (evidence.header or {}).get("alg")
    if algorithm != "HS256":
        words = f"the token's algorithm is {evidence.shown(algorithm)}; the vendor takes HS256 only"
        return Check(name="secret", ok=False, words=words)
    if evidence.secret is None:
        return Check(name="secret", ok=None, words="no secret is at hand to check the signature with")
    if evidence.is_signed_with_secret():
        return Check(name="secret", ok=True, words="signed with the secret at hand")
    words = (
        "wrong secret: the token is not signed with the one at hand, or was altered"
        " (a preview or a sandbox signs with a throw-away secret)"
    )
    return Check(name="secret", ok=False, words=words)


def _claims(evidence: Evidence, claims: Mapping[str, object]) -> Check:
    faults = []
    missing = [name for name in REQUIRED_CLAIMS if name not in claims]
    if missing:
        faults.append(f"a claim is missing: {', '.join(missing)}")
    for name in REQUIRED_CLAIMS:
        if name == "sub" and "sub" in claims and _subject(claims) is None:
            faults.append(f"sub is {evidence.shown(claims['sub'])}, not EMAIL:DOMAIN")
        elif name != "sub" and name in claims and seconds(claims[name]) is None:
            faults.append(f"{name} is {evidence.shown(claims[name])}, not a number of seconds")
    return Check(name="claims", ok=not faults, words="; ".join(faults) or "every required claim is there")


def _domain(evidence: Evidence, domain: str, said: str) -> Check:
    found = {}
    if evidence.is_url:
        found["the link's host"] = evidence.host
    subject = _subject(evidence.claims or {})
    if subject is not None:
        found["the domain in sub"] = subject[1].lower()
    faults = [_other_domain(evidence, part, name, domain, said) for part, name in found.items() if name != domain]
    if not found:
        return Check(name="domain", ok=None, words="no domain can be read from it")
    return Check(
        name="domain", ok=not faults, words="; ".join(faults) or f"the domain is {evidence.shown(domain)} throughout"
    )


def _other_domain(evidence: Evidence, part: str, name: str, domain: str, said: str) -> str:
    words = f"{part} is {evidence.shown(name)}, not {said}"
    if name.endswith(DEFAULT_DOMAIN) and not domain.endswith(DEFAULT_DOMAIN):
        return f"{words}: the default domain signs nobody in once a custom one is connected"
    if name.removeprefix("www.") == domain.removeprefix("www."):
        return f"{words}: with and without www. are different domains here"
    return words


def _identifier(evidence: Evidence) -> Check:
    values = evidence.values("identifier")
    if not any(values):
        return Check(name="identifier", ok=None, words="there is no identifier")
    raw = values[0]
    subject = _subject(evidence.claims or {})
    faults = []
    if not _PERCENT_ENCODED.fullmatch(raw):
        faults.append(f"the identifier {evidence.shown(raw)} is not percent-encoded")
    if subject is not None and unquote(raw) != subject[0]:
        if unquote(unquote(raw)) == subject[0]:
            faults.append(f"the identifier {evidence.shown(raw)} is percent-encoded twice")
        else:
            faults.append(
                f"the identifier is {evidence.shown(unquote(raw))}, but sub is for {evidence.shown(subject[0])}"
            )
    if faults or subject is not None:
        words = "; ".join(faults) or "the identifier is percent-encoded and is the e-mail in sub"
        return Check(name="identifier", ok=not faults, words=words)
    return Check(
        name="identifier", ok=None, words="the identifier is percent-encoded; there is no sub to compare it to"
    )


def _clock(claims: Mapping[str, object], now: float) -> Check:
    """RFC 7519 sections 4.1.4 to 4.1.6. A second ahead is the clock's own rounding."""
    faults = []
    expires, begins, issued = (seconds(claims.get(name)) for name in ("exp", "nbf", "iat"))
    if expires is not None and expires <= now:
        faults.append(f"the link expired {_length(now - expires)} ago")
    if begins is not None and begins > now + 1:
        faults.append(f"the clock: the link begins to work in {_length(begins - now)} (nbf is in the future)")
    if issued is not None and issued > now + 1:
        faults.append(f"the clock: the link was issued {_length(issued - now)} from now (iat is in the future)")
    if expires is not None and begins is not None and expires <= begins:
        faults.append("the link expires before it begins to work")
    if expires is None and not faults:
        return Check(name="clock", ok=None, words="it does not say when it expires")
    words = "; ".join(faults) or f"the link works for another {_length((expires or now) - now)}"
    return Check(name="clock", ok=not faults, words=words)


def _redirect(
    evidence: Evidence, claims: Mapping[str, object], domain: str, said: str, others: Collection[str]
) -> Check:
    target = claims.get("redirect_to")
    if target is None:
        return Check(name="redirect", ok=None, words="no redirect_to: the browser stays in the customer center")
    host = browser_host(target)
    if not host:
        return Check(name="redirect", ok=False, words="redirect_to is not an https URL")
    if host == domain or host in others:
        return Check(name="redirect", ok=True, words=f"redirect_to goes to {evidence.shown(host)}")
    return Check(
        name="redirect", ok=False, words=_other_domain(evidence, "the host of redirect_to", host, domain, said)
    )


def _order(evidence: Evidence) -> Check:
    names = [name for name, _ in evidence.parameters]
    if names == _PARAMETERS:
        return Check(name="order", ok=True, words="identifier, strategy and token stand in the vendor's order")
    known = [name for name in names if name in _PARAMETERS]
    if known == _PARAMETERS:
        return Check(name="order", ok=None, words="the link has parameters that the vendor does not know")
    if sorted(known) == _PARAMETERS:
        return Check(
            name="order", ok=False, words="the parameters do not stand in the order identifier, strategy, token"
        )
    return Check(name="order", ok=None, words="parameters are missing or repeated")


def _subject(claims: Mapping[str, object]) -> tuple[str, str] | None:
    """E-mail and domain of `sub`; the domain has no colon, an e-mail may."""
    subject = claims.get("sub")
    if not isinstance(subject, str):
        return None
    email, colon, domain = subject.rpartition(":")
    return (email, domain) if colon and email and domain else None


def seconds(claim: object) -> float | None:
    """Read a NumericDate (RFC 7519 section 2); None for what isn't one."""
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        return None
    try:
        number = float(claim)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _length(length: float) -> str:
    """Say a length of time in its largest unit: enough to tell a clock from an old message."""
    for name, unit in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count = int(length // unit)
        if count:
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return "less than a second"
