"""Readers of providers' event files and exports.

In: a file, JSON in any of the shapes that `json_events` knows, or CSV. Out: `Evidence`, which has at least one of what
identifies a message: our key, our Message-ID, the provider's own id. What names only an address says nothing of this
campaign's message, and is told as that. A file is its whose event comes first; where it has other providers' events,
too (one receiver for several), those are read as theirs. What is nobody's is told, with its line.

A bounce that names another address than the contact's (mail that was forwarded) shows that the message was taken, and
no more. Raises OSError where the file can't be opened.
"""

import io
from collections import Counter
from collections.abc import Iterator

from campaign.evidence import Evidence, EvidenceKind
from campaign.settle.evidence_file import UNREADABLE, EvidenceFile
from campaign.settle.ours import Ours
from campaign.settle.providers.csv_events import csv_columns, csv_objects
from campaign.settle.providers.envelopes import unwrapped
from campaign.settle.providers.event_table import Event, Provider, rule_for
from campaign.settle.providers.json_events import json_objects
from campaign.settle.providers.mailgun import Mailgun
from campaign.settle.providers.postmark import Postmark
from campaign.settle.providers.sendgrid import CSV_COLUMNS, SendGrid
from campaign.settle.providers.ses import AmazonSes
from campaign.settle.quoted import quoted
from campaign.visible import without_addresses

SES, SENDGRID, POSTMARK, MAILGUN = AmazonSes(), SendGrid(), Postmark(), Mailgun()
PROVIDERS: tuple[Provider, ...] = (SES, SENDGRID, POSTMARK, MAILGUN)
_LOOKED_AT = 50
"""Objects of a sample."""
_TOLD = 20
"""Faults of one kind that a file tells one by one."""
_LISTED = (frozenset({"email", "created"}), frozenset({"emailaddress", "suppressionreason"}))
_HOW = "see the provider's page: campaign guide settle"


def owner_of(found: dict[str, object]) -> Provider | None:
    """Say whose event it is."""
    return next((provider for provider in PROVIDERS if provider.owns(found)), None)


class ProviderEvents:
    """Reads one provider's."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.source = provider.source

    def recognises(self, name: str, sample: bytes) -> bool:
        """Whether the first event in it is this provider's."""
        return _first_owner(sample) is self._provider

    def read(self, file: EvidenceFile, ours: Ours) -> Iterator[Evidence]:
        """Give what it shows."""
        faults = _Faults(file)
        for line, found in _objects(file, faults):
            for one in unwrapped(found):
                provider = owner_of(one)
                if provider is None:
                    faults.tell("this is no event that is known", line, "leave it out, or see campaign guide settle")
                    continue
                for event in provider.events(one):
                    yield from _evidence(provider, event, file.place(line), ours, faults, line)
        faults.close()


class SuppressionLists:
    """Reads exports of suppression lists, to say that they prove nothing."""

    source = "suppression list"

    def recognises(self, name: str, sample: bytes) -> bool:
        """Whether its columns are those of a list of addresses, and of no events."""
        columns = frozenset(csv_columns(sample.split(b"\n", 1)[0].rstrip(b"\r")))
        return any(columns >= listed for listed in _LISTED) and "event" not in columns

    def read(self, file: EvidenceFile, ours: Ours) -> Iterator[Evidence]:
        """Say it."""
        fix = "name this file in contacts.suppress; what became of a message stands in the provider's events"
        file.fault("this names only addresses, and no message: it settles nothing", None, fix)
        yield from ()


def provider_readers() -> tuple[ProviderEvents | SuppressionLists, ...]:
    """Give a reader of each."""
    return (*map(ProviderEvents, PROVIDERS), SuppressionLists())


def _evidence(
    provider: Provider, event: Event, place: str, ours: Ours, faults: "_Faults", line: int
) -> Iterator[Evidence]:
    rule = rule_for(provider.table, event)
    if rule is None:
        called = without_addresses(event.name[:40])
        faults.tell(f"no event of this name is known: {called}", line, "it moves nothing")
        return
    if rule.kind is None:
        return
    if not (event.key or event.message_id or event.relay_id):
        faults.tell("this event names only an address, and no message", line, f"it moves nothing; {_HOW}")
        return
    kind, recipient = rule.kind, event.recipients[0] if event.recipients else ""
    contact = _contact(event, ours) if kind is EvidenceKind.BOUNCED and recipient else None
    if contact is not None:
        theirs = next((one for one in event.recipients if ours.has_address(contact, _in_ascii(one))), None)
        kind, recipient = (kind, theirs) if theirs else (EvidenceKind.ACCEPTED, recipient)
    yield Evidence(
        kind=kind,
        moment=event.moment,
        id=event.id,
        source=provider.source,
        place=place,
        key=event.key,
        message_id=event.message_id,
        relay_id=event.relay_id,
        recipient=recipient,
        code=event.code,
        enhanced=event.enhanced or ("" if event.code else rule.enhanced),
        detail=quoted(event.detail) or rule.because,
    )


def _in_ascii(address: str) -> str:
    """Give it as the ledger has it, its domain in A-labels (RFC 5890)."""
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def _contact(event: Event, ours: Ours) -> int | None:
    """Find whose it is, in the order in which `Evidence` is looked at."""
    for value, find in (
        (event.key, ours.by_key),
        (event.message_id, ours.by_message_id),
        (event.relay_id, ours.by_relay_id),
    ):
        if value and (contact := find(value)) is not None:
            return contact
    return None


def _objects(file: EvidenceFile, faults: "_Faults") -> Iterator[tuple[int, dict[str, object]]]:
    if _is_csv(file.sample()):
        yield from csv_objects(file, faults.tell)
        return
    with file.open() as octets:
        try:
            yield from json_objects(octets, faults.tell)
        except UNREADABLE as error:
            file.broken_off(error, None)


def _first_owner(sample: bytes) -> Provider | None:
    if _is_csv(sample):
        return SENDGRID
    if sample.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")[:1] not in (b"{", b"["):
        return None
    for looked_at, (_, found) in enumerate(json_objects(io.BytesIO(sample), lambda *_: None)):
        if looked_at >= _LOOKED_AT:
            break
        if owner := next(filter(None, map(owner_of, unwrapped(found))), None):
            return owner
    return None


def _is_csv(sample: bytes) -> bool:
    return frozenset(csv_columns(sample.split(b"\n", 1)[0].rstrip(b"\r"))) >= CSV_COLUMNS


class _Faults:
    """What is wrong in a file: the first few of a kind one by one, the others as a number."""

    def __init__(self, file: EvidenceFile) -> None:
        self._file = file
        self._told: Counter[str] = Counter()

    def tell(self, what: str, line: int, fix: str) -> None:
        """Tell it, if it is not one of too many."""
        kind = what[:24]
        self._told[kind] += 1
        if self._told[kind] <= _TOLD:
            self._file.fault(what, line, fix)

    def close(self) -> None:
        """Tell how many more there were."""
        if more := sum(max(0, count - _TOLD) for count in self._told.values()):
            self._file.fault(f"{more:,} more like these were found", None, "they move nothing")
