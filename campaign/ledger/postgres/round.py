"""One round of a worker: claims, outcomes and whatever else goes with them, in one transaction.

    SHARED_LOCK ─▶ gate ─▶ outcomes ─▶ claims ─▶ outcomes of those ─▶ last words ─▶ what others add ─▶ COMMIT

All of it goes in one pipeline, so it costs one round trip; gate, outcomes and claims in one statement, where there is
nothing else, since what a statement costs the database by itself is most of what a small round costs.

A round has a number, which the gate writes into the worker's row. So it may be sent again whenever its answer was lost:
where its number is on record, it was written, and only what became of its claims is asked. Where the worker was called
lost meanwhile, its outcomes are settled late, and it comes back to work before it claims; where its run has ended, its
claims are refused. Where a round before it is not on record any more, it is written again (`recent_rounds`).

Takes a plain connection. Raises psycopg's errors, whereupon nothing of it is written, or all.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import psycopg

from campaign.errors import LedgerError
from campaign.ledger.postgres import round_sql as sql
from campaign.ledger.postgres.batch import Batch, PastClaim, QueuedRows
from campaign.ledger.postgres.locks import SHARED_LOCK
from campaign.ledger.postgres.lost_workers import come_back
from campaign.ledger.postgres.reconnecting import Raw
from campaign.ledger.postgres.statements import without_nul
from campaign.model import Attempt


class Answer(NamedTuple):
    """What became of it."""

    won: frozenset[int]
    """The contacts whose claims are durable."""
    losses: int
    """How often the worker has been called lost."""
    renewed: bool = True
    """Whether its lease has been renewed, too."""
    forgotten: int = 0
    """How many rounds before it the database has forgotten: what is known of them is on record again, and none of the
    claims is.
    """


class Worker(NamedTuple):
    """Who writes it."""

    number: int
    lease: float
    """Seconds."""
    losses: int
    """How often it has been called lost, as far as it knows."""
    outstanding: Callable[[], Sequence[int]]
    """The rows that it has."""
    moved: Callable[[dict[int, int]], None]
    """Hears of the blocks in which those are, where it comes back."""
    lately: Callable[[int], Sequence[Batch]] = lambda _: ()
    """Gives what it remembers of its rounds after that of a number."""


def write(raw: Raw, worker: Worker, batch: Batch) -> Answer:
    """Write a round, if it is not on record yet. Raises LedgerError where the worker is unknown."""
    try:
        won = _at_once(raw, worker, batch)
    except psycopg.errors.DivisionByZero:
        raw.rollback()
        answer = _late(raw, worker, batch)
    else:
        answer = Answer(won, worker.losses)
    if lost := [one.contact for one in batch.claims if one.contact not in answer.won]:
        with raw.transaction():
            raw.execute(SHARED_LOCK)
            raw.execute(sql.QUIET, {"me": worker.number, "contacts": lost})
    return answer


def _at_once(raw: Raw, worker: Worker, batch: Batch) -> frozenset[int]:
    """The usual way: the worker is at work, and the round is new."""
    gate = {"me": worker.number, "lease": worker.lease, "round": batch.number, "losses": worker.losses}
    plain = None if worker.losses else _plain(worker.number, batch)
    claimed: psycopg.Cursor[tuple[Any, ...]] | None = None
    with raw.pipeline():
        raw.execute("BEGIN")
        raw.execute(SHARED_LOCK, prepare=True)
        if plain is not None:
            raw.execute(sql.PLAIN, {**gate, **plain}, prepare=True)
            for statement in batch.more:
                raw.execute(statement.sql.encode(), statement.parameters)
        else:
            raw.execute(sql.GATE, gate, prepare=True)
            for text, parameters in _statements(worker.number, batch, late=worker.losses > 0, claims=True):
                cursor = raw.execute(text, parameters, prepare=True)
                claimed = cursor if text is sql.CLAIM else claimed
        raw.execute("COMMIT")
    if plain is not None:
        return frozenset(one.contact for one in batch.claims)
    return frozenset() if claimed is None else frozenset(contact for (contact,) in claimed)


def _plain(me: int, batch: Batch) -> dict[str, Any] | None:
    """Give what one statement can do, where that is all: outcomes, and claims of other rows."""
    others = batch.settled_late, batch.released, batch.condemned, batch.given_up, batch.doubtful
    if any((*others, batch.taken_back, batch.taken_back_late)):
        return None
    settled = {outcome[-1] for outcome in batch.settled}
    if any(one.contact in settled for one in batch.claims):
        return None
    claims = sorted(batch.claims, key=lambda one: one.contact)
    changes = Counter(outcome[0] for outcome in batch.settled)
    changes["sending"] += len(claims) - len(batch.settled)
    changes["pending"] -= len(claims)
    changed = sorted((word, by) for word, by in changes.items() if by)
    return {
        **_outcomes(me, batch.settled),
        "claims": [one.contact for one in claims],
        "expiries": [one.link_expires_at for one in claims],
        "fingerprints": [one.link_fingerprint for one in claims],
        "words": [word for word, _ in changed],
        "changes": [by for _, by in changed],
        "outcomes": len(settled),
        "asked": len(claims),
    }


def _late(raw: Raw, worker: Worker, batch: Batch) -> Answer:
    """The round is on record already, or the worker was called lost."""
    me = {"me": worker.number}
    with raw.transaction():
        raw.execute(SHARED_LOCK)
        found = raw.execute(sql.STANDING, me).fetchone()
        if found is None:
            raise LedgerError("the ledger knows nothing of this worker any more", fix="start it again")
        state, round_on_record, losses = found
        if round_on_record >= batch.number:
            return Answer(_won(raw, worker, batch), losses, renewed=False)
        forgotten = batch.number - 1 - round_on_record
        for earlier in worker.lately(round_on_record):
            for statement, parameters in _statements(worker.number, earlier, late=True, claims=True):
                raw.execute(statement, parameters)
        works = state == "working" and not forgotten
        if state == "lost" and not forgotten:
            blocks = come_back(raw, worker.number, lease=worker.lease, rows=worker.outstanding())
            if blocks is not None:
                worker.moved(blocks)
                works = True
        won: frozenset[int] = frozenset()
        for statement, parameters in _statements(worker.number, batch, late=True, claims=works):
            cursor = raw.execute(statement, parameters)
            if statement is sql.CLAIM:
                won = frozenset(contact for (contact,) in cursor)
        raw.execute(sql.PASSED, {**me, "round": batch.number, "lease": worker.lease})
    return Answer(won, losses, renewed=works, forgotten=forgotten)


def _won(raw: Raw, worker: Worker, batch: Batch) -> frozenset[int]:
    asked = {
        "me": worker.number,
        "contacts": [one.contact for one in batch.claims],
        "ended": [outcome[-1] for outcome in batch.settled_late],
    }
    return frozenset(contact for (contact,) in raw.execute(sql.WON, asked))


def _statements(me: int, batch: Batch, *, late: bool, claims: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give what is to be done, in order."""
    settle = sql.SETTLE_LATE if late else sql.SETTLE
    if batch.settled:
        yield settle, _outcomes(me, batch.settled)
    if batch.taken_back:
        yield sql.TAKE_BACK, _contacts(me, batch.taken_back)
    if batch.released:
        yield sql.RELEASE_LATE if late else sql.RELEASE, _contacts(me, batch.released)
    if claims:
        if batch.claims:
            yield sql.CLAIM, _claims(me, batch.claims)
        if batch.settled_late:
            yield sql.SETTLE, _outcomes(me, batch.settled_late)
        if batch.taken_back_late:
            yield sql.TAKE_BACK, _contacts(me, batch.taken_back_late)
    if batch.condemned:
        contacts, details, moments = zip(*batch.condemned, strict=True)
        yield sql.CONDEMN, _words(me, contacts, details, moments)
    if batch.given_up:
        yield sql.GIVE_UP, _contacts(me, batch.given_up)
    if batch.doubtful:
        details, moments, contacts = zip(*batch.doubtful, strict=True)
        yield sql.DOUBT, _words(me, contacts, details, moments)
    for statement in batch.more:
        yield statement.sql, dict(statement.parameters)


def _outcomes(me: int, outcomes: QueuedRows) -> dict[str, Any]:
    columns = map(list, zip(*outcomes, strict=True)) if outcomes else ([] for _ in range(9))
    statuses, spent, _, codes, enhanced, details, moments, servers, contacts = columns
    return {
        "me": me,
        "contacts": contacts,
        "statuses": statuses,
        "spent": spent,
        "codes": codes,
        "enhanced": enhanced,
        "details": list(map(without_nul, details)),
        "moments": moments,
        "servers": servers,
    }


def _claims(me: int, claims: Sequence[Attempt | PastClaim]) -> dict[str, Any]:
    return {
        "me": me,
        "contacts": [one.contact for one in claims],
        "expiries": [one.link_expires_at for one in claims],
        "fingerprints": [one.link_fingerprint for one in claims],
    }


def _words(me: int, contacts: Sequence[int], details: Sequence[str], moments: Sequence[int]) -> dict[str, Any]:
    return {"me": me, "contacts": list(contacts), "details": list(map(without_nul, details)), "moments": list(moments)}


def _contacts(me: int, rows: QueuedRows) -> dict[str, Any]:
    return {"me": me, "contacts": [contact for (contact,) in rows]}
