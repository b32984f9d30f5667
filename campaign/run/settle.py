"""A campaign settled by later evidence: files and more in, words of the ledger moved as far as they are proof, a
`Settlement` out.

    files, mailboxes ─▶ Evidence ─▶ whose it is ─▶ Proof, many at a time ─▶ ledger ─▶ Weighed ─▶ counted

It may run while a send goes on. What was weighed is durable and counts once: whatever stops it, the same command goes
on from there. Nothing is printed. Raises UsageError for evidence that is not there, before anything is read;
LedgerError; ContactsError where the suppression list can't be added to (found out before the ledger changes);
ResultsError.

Limits: who is read into the ledger while this goes on is found by the next settling.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from campaign.contacts.list_addition import ListToAddTo
from campaign.errors import LedgerError, SettingsError
from campaign.evidence import Evidence, EvidenceKind, Proof, Unread
from campaign.ledger.interface import SettlingLedger
from campaign.ledger.location import ledger_exists
from campaign.ledger.opening import open_for_settling, open_for_settling_copy
from campaign.message.contact_key import ContactKeys
from campaign.run.results_now import rewrite_results
from campaign.run.settlement import Counting, Settlement, Suppressed
from campaign.run.status_now import find_ledger, message_ids, status_now
from campaign.run.suppression_rule import additions
from campaign.settings import Settings
from campaign.settings.own_files import own_files
from campaign.settle.discovery import Found, discover
from campaign.settle.evidence_file import EvidenceFile
from campaign.settle.index import PeopleIndex
from campaign.settle.mail.reader import Mails
from campaign.settle.ours import Ours
from campaign.settle.quoted import without_codes
from campaign.settle.reader import Reader
from campaign.settle.readers import make_readers

_BATCH = 500
"""Proofs that share a transaction."""
_OF_THIS_CAMPAIGN = timedelta(days=1)
"""How long before the first run evidence may be from: clocks of other machines are wrong, and of other zones."""


class MoreEvidence(Protocol):
    """Evidence that comes from no file: a mailbox."""

    def evidence(self, ours: Ours, tell: Callable[[Unread], None], since: int | None) -> Iterator[Evidence]:
        """Give it. `tell` hears what could not be read. `since`: Unix seconds; what is older is of no use."""

    @property
    def looked_at(self) -> int:
        """How many mails were looked at so far."""

    def settled(self) -> None:
        """Hear that all of it is on record. Not so in a dry run, or where something went wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleOrder:
    """What to settle by, and how."""

    evidence: tuple[Path, ...] = ()
    """Files and folders; "-" is `stdin`."""
    more: tuple[MoreEvidence, ...] = ()
    mailbox: bool = False
    """Whether to read the mailbox of [bounces.mailbox] as well."""
    suppress: Path | None = None
    """The suppression list to add to."""
    output: Path | None = None
    """The results, where they are elsewhere."""
    dry_run: bool = False
    stdin: BinaryIO | None = None
    on_file: Callable[[EvidenceFile], None] | None = None
    """Hears of each file before it is read."""


def settle(settings: Settings, order: SettleOrder, *, readers: Sequence[Reader] | None = None) -> Settlement:
    """Settle it. `readers`: in place of those of all kinds of evidence."""
    counting = Counting()
    results, place = find_ledger(settings, order.output, sandbox=False)
    if not ledger_exists(place, settings.name, empty=True):
        fix = "it is made by `campaign send`; name the settings of the campaign that was sent"
        raise LedgerError("there is no ledger yet: nothing was ever sent", where=str(place), fix=fix)
    left_out = (*own_files(settings), results, *([place] if isinstance(place, Path) else []))
    found = discover(
        order.evidence,
        readers_for(settings) if readers is None else readers,
        tell=counting.tell,
        leave_out=left_out if order.suppress is None else (*left_out, order.suppress),
        stdin=order.stdin,
    )
    stop_list = None if order.suppress is None else _stop_list(settings, order.suppress, results)
    opened = open_for_settling_copy if order.dry_run else open_for_settling
    with _with_mailbox(settings, order) as whole, opened(place, settings.name) as ledger:
        _weigh_all(settings, ledger, whole, found, counting)
        suppressed = None
        if stop_list is not None:
            missing = stop_list.missing(additions(ledger.came_back()))
            added = len(missing) if order.dry_run else stop_list.add(missing)
            is_named = stop_list.path in [one.resolve() for one in settings.contacts.suppress]
            suppressed = Suppressed(path=stop_list.path, added=added, is_named=is_named)
        now = status_now(settings, output=order.output)
        if now.running is not None:
            ledger.reader.being_sent()  # and not in doubt
        counts = ledger.reader.counts()
    written = None
    if not order.dry_run and now.running is None and results.exists():
        written = rewrite_results(settings, output=order.output)
    return counting.settlement(
        campaign=settings.name,
        dry_run=order.dry_run,
        counts=counts,
        running=now.running,
        running_on="" if now.process is None else now.process.host,
        results_path=results,
        results=None if written is None else written.path,
        kept=None if written is None else written.kept,
        suppressed=suppressed,
    )


@contextmanager
def _with_mailbox(settings: Settings, order: SettleOrder) -> Iterator[SettleOrder]:
    """Give the order, with the mailbox open if it is wanted: what is wrong with it is told before anything is read."""
    if not order.mailbox:
        yield order
        return
    from campaign.run.bounce_mailbox import bounce_mailbox  # its libraries are for whoever has one

    address, is_shared = unsubscribe_address(settings)
    with bounce_mailbox(settings, Mails(address, is_shared=is_shared)) as mailbox:
        yield replace(order, more=(*order.more, mailbox))


def readers_for(settings: Settings) -> tuple[Reader, ...]:
    """Give a reader of each kind of evidence, for one settling."""
    address, is_shared = unsubscribe_address(settings)
    return make_readers(unsubscribe_address=address, is_shared=is_shared)


def unsubscribe_address(settings: Settings) -> tuple[str | None, bool]:
    """Give where people write who want no more, and whether they write there about other things, too."""
    message, others = settings.message, {settings.message.sender_address.lower()}
    if message.reply_to is not None:
        others.add(message.reply_to.rpartition("<")[2].rstrip(">").lower())
    address = message.unsubscribe_mailto
    return address, address is not None and address.lower() in others


def _weigh_all(
    settings: Settings, ledger: SettlingLedger, order: SettleOrder, found: Iterator[Found], counting: Counting
) -> None:
    ours = PeopleIndex(
        ledger.people, message_id=message_ids(settings, ledger.reader), key=ContactKeys(ledger.contact_key_salt())
    )
    begun = ledger.begun
    since = None if begun is None else int((begun - _OF_THIS_CAMPAIGN).timestamp())
    proofs: list[Proof] = []

    def weigh() -> None:
        for one in ledger.weigh(proofs):
            counting.add(one)
        proofs.clear()

    for evidence in _all_evidence(order, found, ours, counting, since):
        moment = evidence.of_copy_from
        if since is not None and moment is not None and moment < since:
            counting.earlier[evidence.source] += 1
            continue
        proof = proof_of(evidence, ours)
        if proof is None:
            counting.unmatched[evidence.source] += 1
            continue
        proofs.append(proof)
        if len(proofs) >= _BATCH:
            weigh()
    if proofs:
        weigh()
    if not order.dry_run:
        for more in order.more:
            more.settled()


def _all_evidence(
    order: SettleOrder, found: Iterator[Found], ours: Ours, counting: Counting, since: int | None
) -> Iterator[Evidence]:
    for file, reader, _ in found:
        counting.files += 1
        if order.on_file is not None:
            order.on_file(file)
        try:
            yield from reader.read(file, ours)
        except OSError as error:  # it was there a moment ago
            file.broken_off(error, None)
    for more in order.more:
        yield from more.evidence(ours, counting.tell, since)
        counting.mails += more.looked_at


def proof_of(evidence: Evidence, ours: Ours) -> Proof | None:
    """Give whose it is: by what identifies the message; by the address alone only where somebody who asks to be left
    alone names no message. None for a stranger's.
    """
    for name, find in (
        (evidence.key, ours.by_key),
        (evidence.message_id, ours.by_message_id),
        (evidence.relay_id, ours.by_relay_id),
    ):
        contact = find(name) if name else None
        if contact is not None:
            words = without_codes(evidence.detail, evidence.code, evidence.enhanced)
            return Proof(contact, evidence if words == evidence.detail else evidence._replace(detail=words))
    if evidence.kind is not EvidenceKind.UNSUBSCRIBED or evidence.key or evidence.message_id or evidence.relay_id:
        return None
    contact = ours.by_address(evidence.recipient)
    return None if contact is None else Proof(contact, evidence, arrived=False)


def _stop_list(settings: Settings, path: Path, results: Path) -> ListToAddTo:
    found = ListToAddTo(path, email_column=settings.contacts.email_column)
    lists = [one.resolve() for one in settings.contacts.suppress]
    ours = [one.resolve() for one in (*own_files(settings), results)]
    if found.path in ours and found.path not in lists:
        raise SettingsError(
            "people can't be added to a file that the campaign keeps for something else",
            where=f"--suppress {path}",
            fix='name a list: --suppress stop.csv, and suppress = ["stop.csv"] under [contacts]',
        )
    return found
