"""What is to be said of the DMARC policy that From's domain comes under, and of what has to align with it (RFC 9989).

In: tree walks, our DKIM keys as published, the relay. Out: findings. Raises nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from campaign.deliverability.dns.alignment import aligned
from campaign.deliverability.dns.dkim import PublishedKey
from campaign.deliverability.dns.dmarc_record import DmarcRecord
from campaign.deliverability.dns.dmarc_walk import Walk
from campaign.deliverability.finding import Finding, Severity
from campaign.relays import Relay

_ENFORCED = ("quarantine", "reject")
_FATE = {"quarantine": "put all of it into the spam folder", "reject": "refuse all of it"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouching:
    """Who can vouch for From's domain."""

    author: Walk
    """From's domain."""
    return_path: Walk
    keys: tuple[tuple[PublishedKey, Walk], ...]
    """Our DKIM keys, each with the walk of its domain."""
    signed: bool
    """Whether messages are signed here."""
    relay: Relay | None
    relay_key: str = ""
    """The name of a DKIM key that the relay uses for From's domain, where one is published."""

    @property
    def record(self) -> DmarcRecord | None:
        """The policy that applies."""
        return self.author.records.get(self.author.policy_domain)

    @property
    def policy(self) -> str:
        """What receivers are asked to do with what fails."""
        if self.record is None:
            return "none"
        policy = self.record.policy_for(subdomain=self.author.policy_domain != self.author.domain)
        # In test mode a receiver does one step less (section 4.7, t).
        return {"reject": "quarantine", "quarantine": "none"}.get(policy, policy) if self.record.testing else policy

    @property
    def own_return_path(self) -> str:
        """What to set up at a relay that puts its own return path in place of ours; "" where ours stays."""
        return self.relay.own_return_path if self.relay is not None else ""

    @property
    def by_spf(self) -> bool:
        """Whether a pass of SPF counts for From's domain."""
        return aligned(self.author, self.return_path, strict=self.record is not None and self.record.strict_spf)

    def by_key(self, walk: Walk) -> bool:
        """Whether a signature of a key's domain counts."""
        return aligned(self.author, walk, strict=self.record is not None and self.record.strict_dkim)

    @property
    def by_dkim(self) -> bool:
        """Whether a key of ours signs for From's domain, and can be verified."""
        return any(key.usable and self.by_key(walk) for key, walk in self.keys)


def dmarc_findings(vouching: Vouching, *, missing: Severity) -> Iterator[Finding]:
    """Say what is wrong; `missing` is how bad it is to have no record."""
    author = vouching.author
    if author.unanswered:
        return
    yield from _record_findings(vouching, missing)
    if not vouching.return_path.unanswered:
        yield from alignment_findings(vouching)


def _record_findings(vouching: Vouching, missing: Severity) -> Iterator[Finding]:
    author, record = vouching.author, vouching.record
    for name, count in author.several.items():
        what = f"there are {count} DMARC records, so that receivers take none of them"
        yield _finding(
            Severity.WRONG if record is None else Severity.NOTE, "dmarc_several", what, name, "leave one only"
        )
    for name, text in author.misspelt.items():
        what = f'"{text[:60]}" is no DMARC record to a receiver'
        fix = 'a record begins with exactly "v=DMARC1;"'
        yield _finding(missing if record is None else Severity.NOTE, "dmarc_syntax", what, name, fix)
    if record is None:
        if not author.several and not author.misspelt:
            what = f"{author.domain} has no DMARC record; Google, Yahoo and Microsoft want one of whoever sends much"
            publish = f'publish one: TXT "v=DMARC1; p=none; rua=mailto:dmarc-reports@{author.domain}"'
            yield _finding(missing, "dmarc_missing", what, author.domain, publish)
        return
    place = author.policy_domain
    for fault in record.faults:
        yield _finding(
            Severity.NOTE, "dmarc_syntax", f"a part of the DMARC record is ignored: {fault}", place, "put it right"
        )
    if vouching.policy == "none":
        why = "it is in test mode (t=y)" if record.testing else "the policy is none"
        what = f"{why}: receivers let through what fails DMARC, forgeries too; that is right to begin with"
        fix = "once the reports show that all of your mail passes: p=quarantine, then p=reject"
        yield _finding(Severity.NOTE, "dmarc_none", what, place, fix)
    if not record.reports:
        what = "nobody gets the reports of what passes and fails: the DMARC record has no rua"
        yield _finding(Severity.NOTE, "dmarc_no_rua", what, place, f"add rua=mailto:dmarc-reports@{place}")
    if record.percent not in ("", "100"):
        what = f"pct={record.percent[:10]} is no part of DMARC any more (RFC 9989), and only older receivers obey it"
        yield _finding(Severity.NOTE, "dmarc_pct", what, place, "take it out; t=y is for trying out")
    if not record.faults:
        whose = "" if place == author.domain else f", of {place}"
        yield Finding(
            severity=Severity.OK, rule="dmarc", what=f"{author.domain} has the policy {vouching.policy}{whose}"
        )


def alignment_findings(vouching: Vouching) -> Iterator[Finding]:
    """Say what vouches for From's domain, and what does not."""
    author = vouching.author.domain
    yield from _return_path(vouching)
    for _, walk in vouching.keys:
        if not walk.unanswered and not vouching.by_key(walk):
            yield Finding(
                severity=Severity.NOTE,
                rule="dkim_unaligned",
                what=f"the DKIM domain {walk.domain} is not aligned with From's domain {author}: its signature proves "
                "nothing for From",
                where="dkim.domain, message.from",
                fix=f"sign with {author}",
            )
    if vouching.keys:
        yield from _ours(vouching)
    elif not vouching.signed:
        yield _theirs(vouching)


def _return_path(vouching: Vouching) -> Iterator[Finding]:
    author, other, own = vouching.author.domain, vouching.return_path.domain, vouching.own_return_path
    if vouching.by_spf:
        if not own:  # or else it is the relay's that counts
            how = "is From's domain" if other == author else f"is aligned with From's domain {author}"
            yield Finding(severity=Severity.OK, rule="return_path", what=f"{other} {how}")
        return
    strict = vouching.record is not None and vouching.record.strict_spf and other.endswith(f".{author}")
    rests = "so that DMARC rests on DKIM alone" if vouching.by_dkim else "so that DMARC has DKIM only to go by"
    why = " (aspf=s wants the very same domain)" if strict else ""
    below = "" if strict else f" or below it, such as bounces.{author}"
    yield Finding(
        severity=Severity.NOTE,
        rule="return_path_unaligned",
        what=f"the return path's domain {other} is not aligned with From's domain {author}{why}: SPF proves nothing "
        f"for From, {rests}",
        where="message.return_path, message.from",
        fix=f"use a return path at {author}{below}, with an SPF record there"
        + (f"; and, since the relay sends with a return path of its own, set up {own} there" if own else ""),
    )


def _ours(vouching: Vouching) -> Iterator[Finding]:
    """With [dkim], it is known what vouches: nothing else is to be counted on."""
    if vouching.by_spf or vouching.by_dkim or any(walk.unanswered for _, walk in vouching.keys):
        return
    if vouching.policy in _ENFORCED:
        yield Finding(
            severity=Severity.WRONG,
            rule="dmarc_unaligned",
            what=f"neither the return path nor a DKIM key vouches for {vouching.author.domain}, whose policy asks "
            f"receivers to {_FATE[vouching.policy]}",
            where="message.from, message.return_path, dkim.domain",
            fix=f"sign with {vouching.author.domain}, with the key published",
        )


def _theirs(vouching: Vouching) -> Finding:
    """Without [dkim] it is the relay's to sign, which can't be seen from here."""
    author = vouching.author.domain
    if vouching.relay_key:
        assert vouching.relay is not None
        words = f"{vouching.relay.name} signs for {author}: {vouching.relay_key} is published"
        return Finding(severity=Severity.OK, rule="dkim", what=words)
    who = vouching.relay.name if vouching.relay is not None else "the relay"
    what = f"nothing is signed here ([dkim] is not set): {who} has to sign with {author}"
    if vouching.policy in _ENFORCED and (vouching.own_return_path or not vouching.by_spf):
        what += f", or receivers are asked to {_FATE[vouching.policy]}"
    return Finding(
        severity=Severity.NOTE,
        rule="dkim_relay",
        what=what,
        where="smtp.host",
        fix=f"have {author} verified by DKIM there, and look for dkim=pass, header.d={author} in a mail to yourself"
        # Most of those that are known change what they are given, and a signature of ours with it.
        + ("; or set [dkim]" if vouching.relay is None else f"; `campaign guide` has a page on {vouching.relay.name}"),
    )


def _finding(severity: Severity, rule: str, what: str, domain: str, fix: str) -> Finding:
    return Finding(severity=severity, rule=rule, what=what, where=f"TXT record of _dmarc.{domain}", fix=fix)
