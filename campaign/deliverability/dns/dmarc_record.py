"""DMARC records taken apart (RFC 9989 sections 4.7 and 4.8). In: the text of a TXT record. Out: a `DmarcRecord`.

Raises nothing: what can't be read is ignored, as the RFC wants, and told in `faults`.
"""

import re
from dataclasses import dataclass

from campaign.deliverability.dns.tag_list import parse_tags

_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(;|$)")
_LOOKS_LIKE = re.compile(r"\W*v\W*dmarc", re.IGNORECASE)
_POLICIES = ("none", "quarantine", "reject")
_VALUES = {
    **dict.fromkeys(("p", "sp", "np"), _POLICIES),
    **dict.fromkeys(("adkim", "aspf"), ("r", "s")),
    "psd": ("y", "n", "u"),
    "t": ("y", "n"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcRecord:
    """A policy."""

    policy: str = "none"
    subdomains: str = ""
    """The policy of subdomains; "" is the same."""
    strict_spf: bool = False
    strict_dkim: bool = False
    psd: str = "u"
    testing: bool = False
    reports: tuple[str, ...] = ()
    """Where aggregate reports go: URIs."""
    percent: str = ""
    """pct, which RFC 9989 has removed, and which older receivers obey."""
    faults: tuple[str, ...] = ()

    def policy_for(self, *, subdomain: bool) -> str:
        """Give the policy for the record's own domain, or for those below it."""
        return (self.subdomains or self.policy) if subdomain else self.policy


def is_dmarc(text: str) -> bool:
    """Whether a TXT record is one of DMARC: the version comes first, and is told by its case."""
    return _VERSION.match(text) is not None


def is_nearly_dmarc(text: str) -> bool:
    """Whether somebody meant one, which no receiver takes for one."""
    return not is_dmarc(text) and _LOOKS_LIKE.match(text) is not None


def parse_dmarc(text: str) -> DmarcRecord:
    """Take a record apart."""
    given = parse_tags(text)
    faults = list(given.faults)
    tags = {}
    for name, value in given.tags.items():
        key, allowed = name.lower(), _VALUES.get(name.lower())
        if allowed is not None and value.lower() not in allowed:
            faults.append(f"{key}={value[:40]}: it must be {', '.join(allowed[:-1])} or {allowed[-1]}")
        else:
            tags[key] = value if allowed is None else value.lower()
    reports = tuple(uri.strip() for uri in tags.get("rua", "").split(",") if uri.strip())
    faults += [f"rua={uri[:60]}: it must be a URI, such as mailto:{uri[:60]}" for uri in reports if ":" not in uri]
    return DmarcRecord(
        policy=tags.get("p", "none"),
        subdomains=tags.get("sp", ""),
        strict_spf=tags.get("aspf") == "s",
        strict_dkim=tags.get("adkim") == "s",
        psd=tags.get("psd", "u"),
        testing=tags.get("t") == "y",
        reports=reports,
        percent=tags.get("pct", ""),
        faults=tuple(faults),
    )
