"""Claims and outcomes of one worker of many, written in rounds while mail goes out.

`commit` closes a round (`batch.Batch`) and hands it to a thread, which writes it in one transaction and makes it
durable; `collect` says what has become of it. Meanwhile others are queued for the next. A database that can't be
reached is waited for (`reconnecting`), and the same round goes again: nothing of it is durable before the database has
said so, and it is written once. One that fails for good stays what the next `commit` begins with.

A claim is this worker's alone only while its lease holds (`lease_holds`). Where it has run out, whoever sends takes
back what has not left yet, and says so (`begin_anew`); what has left is settled by the reply that comes, late.
Raises LedgerError.
"""

import contextlib
import functools
import queue
import threading
import time
from collections.abc import Callable, Iterable

from campaign.errors import LedgerError
from campaign.ledger.interface import Round
from campaign.ledger.outbox import Outbox
from campaign.ledger.postgres.batch import Batch
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.due_rows import PostgresDueRows
from campaign.ledger.postgres.membership import Membership
from campaign.ledger.postgres.recent_rounds import RecentRounds, forgotten
from campaign.ledger.postgres.reconnecting import BY_KEY, Raw, ReconnectingConnection, Trouble
from campaign.ledger.postgres.round import Answer, Worker, write
from campaign.ledger.postgres.round_parts import RoundPart
from campaign.ledger.sql.reversal import anybody_sent
from campaign.ledger_place import DatabasePlace
from campaign.model import Attempt, Status

_LAST_PATIENCE = 15.0
"""Seconds for which a database is waited for that has been waited for in vain already."""

_LONGEST_DELAY = 0.1
"""Seconds. A round costs the server half a millisecond of its processor, however few messages are in it; and each more
some microseconds.
"""


class PostgresJournal(Outbox):
    """One worker's pen. `wake` is called when a round has ended."""

    def __init__(
        self,
        place: DatabasePlace,
        *,
        member: Membership,
        due_rows: PostgresDueRows,
        wake: Callable[[], None],
        trouble: Trouble,
        part: RoundPart | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`part`: what else is written with the claims."""
        super().__init__(clock)
        self._place = place
        self._member = member
        self._due_rows = due_rows
        self._wake = wake
        self._part = part
        self._connection = ReconnectingConnection(place, settings=BY_KEY, trouble=trouble)
        self._losses = 0
        self._recent = RecentRounds()
        self._number = 0
        self._unwritten: Batch | None = None
        """A round that could not be written: nothing goes before it."""
        self._writing: Batch | None = None
        self._answer: Answer | LedgerError | None = None
        self._answered = threading.Event()
        self._batches: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_rounds, name="journal", daemon=True)
        self._thread.start()

    @property
    def queued(self) -> int:
        """How many claims and outcomes wait to be written."""
        return super().queued + (self._unwritten is not None)

    @property
    def longest_delay(self) -> float:
        """Seconds for which what is queued may wait for more, where nobody waits for it."""
        return _LONGEST_DELAY

    @property
    def syncing(self) -> bool:
        """Whether a round is under way."""
        return self._writing is not None

    @property
    def lease_holds(self) -> bool:
        """Whether claims that are durable still are this worker's alone."""
        return self._member.lease.holds

    def begin_anew(self) -> None:
        """Hear that nothing goes on of what was claimed before the lease ran out, but what has left."""
        self._member.lease.begin()

    def anybody_sent(self, server: str = "") -> bool:
        """Whether the ledger knew of a message that was sent, a moment ago."""
        if not self._member.pulse.sent or not server:
            return self._member.pulse.sent
        with PostgresConnection(self._place) as database:
            return anybody_sent(database, server)

    def commit(self) -> None:
        """Begin to write all that is queued, or a round again that could not be written."""
        assert self._writing is None
        batch, self._unwritten = self._unwritten, None
        self._writing = self._closed() if batch is None else batch
        self._answered.clear()
        self._batches.put(self._writing)

    def collect(self, *, wait: bool = False) -> Round | None:
        """Give what the round has come to; None while it is not over. Raises LedgerError where it can't be written, or
        where this worker can't be kept alive; then all of it is still queued.
        """
        batch = self._writing
        if batch is None:
            if self._member.failure is not None and not wait:
                raise self._member.failure
            return None
        if wait:
            self._answered.wait()
        elif not self._answered.is_set():
            return None
        answer, self._writing, self._answer = self._answer, None, None
        if not isinstance(answer, Answer):
            self._unwritten = batch
            self._connection.patience = _LAST_PATIENCE
            assert answer is not None
            raise answer
        return self._came_to(batch, answer)

    def close(self) -> None:
        """Write what is left. Raises LedgerError if that can't be done."""
        try:
            with contextlib.suppress(LedgerError):
                self.collect(wait=True)
            while self.queued:
                self.commit()
                self.collect(wait=True)
        finally:
            self._connection.hurry()
            self._batches.put(None)
            self._thread.join()

    def _closed(self) -> Batch:
        """Give all that is queued as a round."""
        self._number += 1
        batch = Batch(
            number=self._number,
            claims=list(self._claims.values()),
            settled=list(self._settled),
            settled_late=list(self._settled_late),
            released=list(self._released),
            condemned=list(self._condemned),
            given_up=list(self._given_up),
            doubtful=list(self._doubtful),
            taken_back=list(self._taken_back),
            taken_back_late=list(self._taken_back_late),
            more=() if self._part is None else self._part.statements(),
        )
        self._clear()
        return batch

    def _came_to(self, batch: Batch, answer: Answer) -> Round:
        claims = [one for one in batch.claims if isinstance(one, Attempt)]
        durable = [one for one in claims if one.contact in answer.won]
        lost = [one for one in claims if one.contact not in answer.won]
        if lost:
            self._drop({one.contact for one in lost})
        self._due_rows.ended(_at_their_end(batch))
        if lost:
            self._due_rows.ended(one.contact for one in lost)
        return Round(durable, lost)

    def _drop(self, contacts: set[int]) -> None:
        """Leave out what is queued of rows that are another worker's."""
        for contact in contacts:
            self._claims.pop(contact, None)
        for outbox in (self._settled, self._settled_late):
            outbox[:] = [one for one in outbox if one[-1] not in contacts]
        for outbox in (self._released, self._taken_back, self._taken_back_late):
            outbox[:] = [one for one in outbox if one[0] not in contacts]

    def _write_rounds(self) -> None:
        """In the thread."""
        while (batch := self._batches.get()) is not None:
            try:
                self._answer = self._connection.do(functools.partial(self._write, batch=batch))
            except LedgerError as error:
                self._answer = error
            self._answered.set()
            self._wake()
        self._connection.close()

    def _write(self, raw: Raw, batch: Batch) -> Answer:
        lease, due_rows = self._member.lease, self._due_rows
        worker = Worker(
            self._member.number,
            lease.seconds,
            self._losses,
            due_rows.outstanding,
            due_rows.moved,
            self._recent.after,
        )
        asked = lease.asked()
        answer = write(raw, worker, batch)
        if answer.losses != self._losses:
            lease.lost()
            self._losses = answer.losses
        elif answer.renewed:
            lease.renewed(asked)
        self._recent.add(batch)
        if answer.forgotten:
            raise forgotten(answer.forgotten, self._place)
        return answer


def _at_their_end(batch: Batch) -> Iterable[int]:
    """Give the contacts of whom nothing is left to do."""
    for settled, taken_back in (
        (batch.settled, batch.taken_back),
        (batch.settled_late, batch.taken_back_late),
    ):
        again = {contact for (contact,) in taken_back}
        for outcome in settled:
            if outcome[0] != Status.PENDING.value and outcome[-1] not in again:
                yield outcome[-1]
    yield from (one[0] for one in batch.condemned)
    yield from (one[0] for one in batch.given_up)
    yield from (one[-1] for one in batch.doubtful)
