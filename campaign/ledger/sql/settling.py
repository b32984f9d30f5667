"""Words moved by proof: `SettlingLedger`, beside a run that goes on, or on a copy that nobody else sees.

Each batch is weighed (`standing`) and written in one transaction; over SQLite that is made durable by an fsync of the
WAL outside of any lock, as what workers write is (`journal`). A batch that changes nothing, as most do, is only read.

What others do meanwhile:

    a worker claims     it wins a row that is pending, or the proof does: whoever comes second finds another word there
    a worker's outcome  is written where the row is `sending`, and such a row is left alone while a run holds the lock
    a run begins        it can't write before the transaction is over in which the lock was found free
    rows are read in    the tally must know in which kind of row a contact stands: looked up again once that has changed
    people are erased   whoever is gone then has no number here any more

Raises LedgerError. Limits: a moment is a second, and the clocks are those of others.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from campaign.evidence import Proof, Weighed
from campaign.ledger.database import Database
from campaign.ledger.sql import history
from campaign.ledger.sql.facts import read_fact
from campaign.ledger.sql.reading import SqlReader
from campaign.ledger.sql.roster_places import RosterPlaces
from campaign.ledger.sql.weighing import Weighing
from campaign.ledger.values import CameBack

_AT_ONCE = 50_000
_PEOPLE = """
SELECT few.id, few.address, coalesce(
    CASE WHEN delivery.status IN ('bounced', 'pending') THEN later_word.reply END, delivery.detail, '')
FROM (
    SELECT id, address FROM (
        SELECT id, address FROM contact WHERE address > ? AND address NOT LIKE 'erased %' ORDER BY address LIMIT ?
    ) AS page ORDER BY id LIMIT ?
) AS few
LEFT JOIN delivery ON delivery.contact = few.id LEFT JOIN later_word ON later_word.contact = few.id
"""
"""A part at a time by address, as there is no index by number; within it by number, so that each page of deliveries is
read once a part. (SQLite drops an ORDER BY of a subquery that has no LIMIT.)
"""

_CAME_BACK = """
SELECT contact.address, coalesce(delivery.status, '') = 'bounced', delivery.smtp_code, delivery.enhanced,
    coalesce(delivery.detail, ''), later_word.feedback, coalesce(delivery.settled_at, 0)
FROM later_word JOIN contact ON contact.id = later_word.contact
    LEFT JOIN delivery ON delivery.contact = later_word.contact
WHERE (delivery.status = 'bounced' OR later_word.feedback IS NOT NULL) AND contact.address NOT LIKE 'erased %'
ORDER BY contact.id
"""


class SqlSettling:
    """Over one connection, over which `reader` asks, too. `running`: whether a run holds the ledger, as it is within a
    transaction. `make_durable`, `make_room`: called behind each batch that was written, with how many contacts it
    changed.
    """

    def __init__(
        self,
        database: Database,
        *,
        reader: SqlReader,
        running: Callable[[], bool],
        make_durable: Callable[[], None] = lambda: None,
        make_room: Callable[[int], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.reader = reader
        """The questions, asked over this connection."""
        self._database = database
        self._running = running
        self._make_durable = make_durable
        self._make_room = make_room
        self._clock = clock
        self._places = RosterPlaces()

    @property
    def begun(self) -> datetime | None:
        """When the campaign's first run began, aware."""
        return history.first_run(self._database)

    def contact_key_salt(self) -> bytes | None:
        """Give the salt of `contact.key`."""
        salt = read_fact(self._database, "contact_key_salt")
        return None if salt is None else bytes.fromhex(salt)

    def people(self) -> Iterator[Sequence[tuple[int, str, str]]]:
        """Give everybody: number, address, last reply. Each part is read by itself, so that no checkpoint waits."""
        address = ""
        while True:
            with self._database.explained():
                some = self._database.execute(_PEOPLE, (address, _AT_ONCE, _AT_ONCE)).fetchall()
            if not some:
                return
            yield some
            address = max(address for _, address, _ in some)

    def came_back(self) -> Iterator[CameBack]:
        """Give everybody who bounced, or of whom there is feedback."""
        with self._database.explained():
            for email, bounced, *rest in self._database.execute(_CAME_BACK).fetchall():
                yield CameBack(email, bool(bounced), *rest)

    def weigh(self, proofs: Sequence[Proof]) -> list[Weighed]:
        """Move words as far as these prove it."""
        database = self._database
        with database.explained(), database.snapshot():
            if self._places.is_stale(database):
                self._places.look_up(database)
            weighing = Weighing(database, self._places, self._running, now=int(self._clock()))
            weighed = [weighing.weigh(proof) for proof in weighing.load(proofs)]
        if not weighing.record:
            return weighed
        with database.transaction():
            if self._places.is_stale(database):
                self._places.look_up(database)
            weighing = Weighing(database, self._places, self._running, now=int(self._clock()))
            weighed = [weighing.weigh(proof) for proof in weighing.load(proofs)]
            weighing.record.write(database)
        self._make_durable()
        self._make_room(len(proofs))
        return weighed
