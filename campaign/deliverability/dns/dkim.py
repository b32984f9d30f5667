"""Our DKIM keys as the world sees them: the record of each selector, held against the private key that signs here.

In: domains, selectors and the records that should be there, and a `Resolver`. Out: `PublishedKey`s, and findings about
them. Raises nothing. RFC 6376 sections 3.6.1 and 3.6.2, RFC 8463. No private key comes in here.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from campaign.deliverability.dns.resolver import Answer, Resolver
from campaign.deliverability.dns.tag_list import parse_tags
from campaign.deliverability.finding import Finding, Severity

_IN_FRONT = 24
"""Octets of a SubjectPublicKeyInfo (RFC 5280 section 4.1) before its RSAPublicKey (RFC 8017 appendix A.1.1), for all
lengths that sign here: its own header, the algorithm, the header of a bit string.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """A key that signs here."""

    domain: str
    selector: str
    record: str
    """The TXT record that belongs to it."""

    @property
    def name(self) -> str:
        """Where the record belongs."""
        return f"{self.selector}._domainkey.{self.domain}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKey:
    """A key of ours with what the DNS has for it."""

    key: DkimKey
    answer: Answer
    faults: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Whether our signatures verify, as far as is known."""
        return self.answer.unanswered or all(fault.severity is not Severity.WRONG for fault in self.faults)


async def published_key(resolver: Resolver, key: DkimKey) -> PublishedKey:
    """Ask for a key's record, and judge it."""
    answer = await resolver.ask(key.name, "TXT")
    faults = tuple(_judge(key, answer))
    if not answer.unanswered and not answer.values:
        # Many a DNS form appends the domain to whatever name is typed into it.
        doubled = await resolver.ask(f"{key.name}.{key.domain}", "TXT")
        if doubled.values:
            faults = (_doubled(key),)
    return PublishedKey(key=key, answer=answer, faults=faults)


def _judge(key: DkimKey, answer: Answer) -> Iterator[Finding]:
    where = f"TXT record of {key.name}"
    publish = f'publish it: TXT "{key.record}"'
    if answer.unanswered:
        return
    # Anything may stand there; a record of another protocol is one too many for a verifier, too.
    records = answer.values
    if not records:
        yield _wrong("dkim_missing", "our DKIM key is not published: no signature can be verified", where, publish)
        return
    if len(records) > 1:
        what = f"there are {len(records)} records, and which of them a receiver takes is chance"
        yield _wrong("dkim_several", what, where, f'leave one only: TXT "{key.record}"')
        return
    given = parse_tags(records[0])
    tags = given.tags
    if (
        given.faults
        or "p" not in tags
        or tags.get("v", "DKIM1") != "DKIM1"
        or ("v" in tags and next(iter(tags)) != "v")
    ):
        fault = given.faults[0] if given.faults else "it has no p=" if "p" not in tags else "it must begin with v=DKIM1"
        yield _wrong("dkim_syntax", f"the DKIM key can't be read: {fault}", where, f'replace it: TXT "{key.record}"')
        return
    if not tags["p"]:
        what = "the DKIM key is revoked: its p= is empty"
        yield _wrong("dkim_revoked", what, where, f"sign with another selector, or {publish}")
        return
    yield from _judge_tags(key, tags, where)


def _doubled(key: DkimKey) -> Finding:
    what = "our DKIM key is published at a name with the domain in it twice, where nobody looks for it"
    fix = f"write the name without the domain where the record is made: {key.selector}._domainkey"
    return _wrong("dkim_missing", what, f"TXT record of {key.name}.{key.domain}", fix)


def _judge_tags(key: DkimKey, tags: dict[str, str], where: str) -> Iterator[Finding]:
    replace = f'replace it: TXT "{key.record}"'
    another = f"if others sign with that key, take another selector for ours; or {replace}"
    ours = parse_tags(key.record).tags
    kind, wanted = tags.get("k", "rsa"), ours.get("k", "rsa")
    if kind != wanted:
        what = f"the published DKIM key is for {kind[:20]}, and the one that signs here is for {wanted}"
        yield _wrong("dkim_key_type", what, where, another)
        return
    if not _same(tags["p"], ours.get("p", "")):
        what = "the published DKIM key is not the public half of the one that signs here: no signature verifies"
        yield _wrong("dkim_other_key", what, where, another)
        return
    if "h" in tags and "sha256" not in _words(tags["h"]):
        what = f"h={tags['h'][:40]} in the DKIM key shuts out sha256, with which everything is signed here"
        yield _wrong("dkim_hash", what, where, replace)
    if "s" in tags and not {"*", "email"} & _words(tags["s"]):
        what = f"s={tags['s'][:40]} in the DKIM key says that it is not for e-mail"
        yield _wrong("dkim_service", what, where, replace)
    if "y" in _words(tags.get("t", "")):
        what = "t=y in the DKIM key says that it is being tried out: some take its signatures for none"
        fix = f'take it out: TXT "{key.record}"'
        yield Finding(severity=Severity.NOTE, rule="dkim_testing", what=what, where=where, fix=fix)


def _same(published: str, ours: str) -> bool:
    """Whether two keys are one; that of RSA may be published without its algorithm, as RFC 6376's grammar has it."""
    theirs, mine = _decoded(published), _decoded(ours)
    if theirs is None or mine is None:
        return False
    return theirs in (mine, mine[_IN_FRONT:])


def _decoded(base64_text: str) -> bytes | None:
    try:
        return base64.b64decode("".join(base64_text.split()), validate=True)
    except binascii.Error:
        return None


def _words(value: str) -> set[str]:
    return {word.strip() for word in value.split(":")}


def _wrong(rule: str, what: str, where: str, fix: str) -> Finding:
    return Finding(severity=Severity.WRONG, rule=rule, what=what, where=where, fix=fix)
