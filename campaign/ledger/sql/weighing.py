"""One batch of proofs, weighed against what is on record of their contacts. Reads only: what they change is collected
in its `record`, for whoever wants it written. Takes a connection within a transaction. Raises the database's
errors, which whoever asks explains.
"""

import json
from collections.abc import Callable, Sequence

from campaign.evidence import Proof, Weighed
from campaign.ledger.database import Database
from campaign.ledger.sql.roster_places import RosterPlaces
from campaign.ledger.sql.settling_record import Record, Stored, is_on_record
from campaign.ledger.sql.tally import SENDING, word_of
from campaign.ledger.standing import Standing
from campaign.model import Status

_DELIVERIES = """
SELECT contact, status, smtp_code, enhanced, detail, settled_at FROM delivery
WHERE contact IN (SELECT CAST(value AS BIGINT) FROM json_each(?))
"""
_LATER_WORDS = """
SELECT contact, evidence, feedback, reopened_at, came_back_at FROM later_word
WHERE contact IN (SELECT CAST(value AS BIGINT) FROM json_each(?))
"""
_LATEST = 2**33
"""Unix seconds of the year 2242: what comes later is no time at all."""


class Weighing:
    """One batch, within a transaction."""

    def __init__(self, database: Database, places: RosterPlaces, running: Callable[[], bool], *, now: int) -> None:
        self.record = Record(now)
        self._now = now
        self._database = database
        self._places = places
        self._running = running
        self._stored: dict[int, Stored] = {}
        self._standing: dict[int, Standing] = {}
        self._shown: dict[int, str | None] = {}

    def load(self, proofs: Sequence[Proof]) -> Sequence[Proof]:
        """Look up what is on record of their contacts. Gives the same proofs."""
        contacts = json.dumps(list({proof.contact for proof in proofs}))
        running: bool | None = None
        for contact, *values in self._database.execute(_DELIVERIES, (contacts,)):
            self._stored[contact] = stored = Stored(*values)
            self._standing[contact] = standing = Standing(word=stored.word)
            if stored.word == SENDING:
                running = self._running() if running is None else running
                standing.being_sent = running
        for contact, shown, *values in self._database.execute(_LATER_WORDS, (contacts,)):
            standing = self._standing.setdefault(contact, Standing())
            standing.feedback, standing.reopened_at, standing.came_back_at = values
            self._shown[contact] = shown
        return proofs

    def weigh(self, proof: Proof) -> Weighed:
        """Weigh one, behind those that came before it."""
        contact = proof.contact
        row = self._places.of(contact)
        if not row:  # erased just now: nothing of them comes back
            return Weighed(proof, Status.SUPPRESSED, Status.SUPPRESSED)
        standing = self._standing.get(contact) or self._standing.setdefault(contact, Standing())
        evidence = proof.evidence
        if evidence.moment is not None and not 0 < evidence.moment <= _LATEST:
            evidence = evidence._replace(moment=None)
            proof = proof._replace(evidence=evidence)
        before = self._word(standing, row)
        on_record = standing.reopened_at is not None and is_on_record(self._database, contact, evidence)
        word = standing.word_after(proof, on_record=on_record)
        feedback = standing.feedback_after(evidence, now=self._now)
        has_more = feedback != standing.feedback
        news = word != standing.word or has_more
        if news:
            stored = self._stored.get(contact, Stored())
            shown = self._shown.get(contact)
            self._stored[contact], self._shown[contact] = self.record.add(
                contact, evidence, stored, word, row=row, feedback=feedback, shown=shown
            )
            standing.word, standing.feedback = word, feedback
        return Weighed(
            proof, before, self._word(standing, row), feedback=has_more, news=news, being_sent=standing.being_sent
        )

    def _word(self, standing: Standing, row: str) -> Status:
        """What a person reads."""
        return word_of(row, standing.word, Status.PENDING if standing.being_sent else Status.IN_DOUBT)
