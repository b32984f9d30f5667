"""What a batch of proofs changes, collected contact by contact, and written: the words, what stood there before, what
is shown of it, and the numbers of rows (`tally`).

Takes a connection within a transaction. Raises the database's errors, which whoever asks explains. Other people's text
is written as a person can see it (`visible`), and cut.
"""

import re
from collections import Counter
from typing import NamedTuple

from campaign.evidence import Evidence, EvidenceKind
from campaign.ledger.database import Database
from campaign.ledger.sql.facts import SUM
from campaign.ledger.sql.later_words import BY_PROOF
from campaign.ledger.sql.tally import shift_entries
from campaign.model import Status
from campaign.visible import visible

_LONGEST = 1_000
"""Characters of a text."""
_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
"""RFC 3463, section 2."""
_HOW = {EvidenceKind.ACCEPTED: "it was accepted", EvidenceKind.DELIVERED: "it was delivered"}
_DELIVERY = """
INSERT INTO delivery (contact, status, smtp_code, enhanced, detail, settled_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (contact) DO UPDATE SET status = excluded.status, smtp_code = excluded.smtp_code,
    enhanced = excluded.enhanced, detail = excluded.detail, settled_at = excluded.settled_at,
    attempts = delivery.attempts + CASE WHEN delivery.status = 'sending' THEN 1 ELSE 0 END
"""
"""A claim without an outcome was an attempt: as `recovery` counts it."""
_LATER_WORD = """
INSERT INTO later_word (contact, evidence, feedback) VALUES (?, ?, ?)
ON CONFLICT (contact) DO UPDATE SET evidence = excluded.evidence, feedback = excluded.feedback
"""
_CAME_BACK = "UPDATE later_word SET left_at = ?, reply = ? WHERE contact = ?"
_EVIDENCE = f"INSERT INTO evidence VALUES ({', '.join('?' * 16)}) ON CONFLICT DO NOTHING"  # noqa: S608 - question marks
_COUNTED = f"INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = {SUM}"  # noqa: S608 - our own words


PROOFS = "proofs"
"""The fact of how many proofs have changed anything: another number, other words. Where several machines write, no
other tells.
"""
_PROVED = f"INSERT INTO facts VALUES ('{PROOFS}', ?) ON CONFLICT (name) DO UPDATE SET value = {SUM}"  # noqa: S608


class Stored(NamedTuple):
    """What stands in the table `delivery`."""

    word: str = Status.PENDING
    code: int | None = None
    enhanced: str | None = None
    detail: str | None = None
    settled_at: int | None = None


class Record:
    """One batch's. `now`: Unix seconds."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._deliveries: dict[int, Stored] = {}
        self._later: dict[int, tuple[str | None, str | None]] = {}
        self._came_back: dict[int, tuple[int | None, str | None]] = {}
        self._evidence: list[tuple[object, ...]] = []
        self._rows: Counter[tuple[str, str]] = Counter()

    def __bool__(self) -> bool:
        return bool(self._later)

    def add(
        self,
        contact: int,
        evidence: Evidence,
        before: Stored,
        word: str,
        *,
        row: str,
        feedback: str | None,
        shown: str | None,
    ) -> tuple[Stored, str | None]:
        """Note that a proof has changed something. `before`, `shown`: the delivery, and the place of the evidence that
        is shown of it, as they were; `row`: the kind of row (`RosterPlaces.of`). Gives both as they are now.
        """
        place, moment = _text(evidence.place), evidence.moment
        after = before
        if word != before.word:
            settled_at = self._now if moment is None else min(moment, self._now)
            after = Stored(word, *_reply(evidence, word, feedback, place), settled_at)
            self._deliveries[contact] = after
            self._rows[row, before.word] -= 1
            self._rows[row, word] += 1
            shown = place
            if word == Status.BOUNCED:
                was_sent = before.word == Status.SENT
                self._came_back[contact] = (before.settled_at, before.detail) if was_sent else (None, None)
        self._later[contact] = (place if shown is None else shown), feedback
        self._evidence.append(
            (
                contact, evidence.kind.value, _text(evidence.id), moment, _text(evidence.source), place,
                _code(evidence.code), _enhanced(evidence.enhanced), _text(evidence.detail), self._now, word,
                before.word, before.code, before.enhanced, before.detail, before.settled_at,
            )
        )  # fmt: skip
        return after, self._later[contact][0]

    def write(self, database: Database) -> None:
        """Write all of it down."""
        deliveries = [(contact, *stored) for contact, stored in self._deliveries.items()]
        database.executemany(_DELIVERY, deliveries)
        database.executemany(_LATER_WORD, [(contact, *later) for contact, later in self._later.items()])
        database.executemany(_CAME_BACK, [(*reply, contact) for contact, reply in self._came_back.items()])
        database.executemany(_EVIDENCE, self._evidence)
        shift_entries(database, self._rows)
        more: Counter[str] = Counter()
        for (_, word), rows in self._rows.items():
            more[Status.SENT if word == Status.BOUNCED else word] += rows
        counted = [(f"{BY_PROOF} {word}", str(more[word])) for word in (Status.SENT, Status.IN_DOUBT) if more[word]]
        database.executemany(_COUNTED, counted)
        if database.shared:
            database.execute(_PROVED, (str(len(self._evidence)),))


def is_on_record(database: Database, contact: int, evidence: Evidence) -> bool:
    """Whether this very thing has moved the contact's word before."""
    sql = "SELECT 1 FROM evidence WHERE contact = ? AND kind = ? AND id = ?"
    return database.execute(sql, (contact, evidence.kind.value, _text(evidence.id))).fetchone() is not None


def _reply(evidence: Evidence, word: str, feedback: str | None, place: str) -> tuple[int | None, str | None, str]:
    """What stands in the place of the server's reply from now on."""
    if word == Status.SUPPRESSED:
        return None, None, feedback or ""
    where = f"{_text(evidence.source)}, {place}"
    code, enhanced = _code(evidence.code), _enhanced(evidence.enhanced)
    if word == Status.BOUNCED:
        return code, enhanced, _text(evidence.detail) or f"it came back: {where}"
    how = _HOW.get(evidence.kind) or f"it arrived, and this came back: {feedback}"
    accepted = code is not None and code // 100 == 2
    return code if accepted else None, enhanced if accepted else None, f"{how}: {where}"


def _text(text: str) -> str:
    return visible(text[:_LONGEST])[:_LONGEST]


def _code(code: int | None) -> int | None:
    return code if code is not None and 200 <= code <= 599 else None


def _enhanced(enhanced: str) -> str | None:
    return enhanced if _ENHANCED.fullmatch(enhanced) else None
