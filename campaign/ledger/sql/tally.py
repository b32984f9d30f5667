"""How many rows stand where: kept, not counted, so that it is known at once whatever the size of the ledger.

The table `tally` has a number for each pair of

    entry     what reading a row has shown: 'due' (nothing against mailing it), 'invalid', 'duplicate', 'suppressed';
              or 'gone': a delivery whose contact has no row any more
    delivery  what became of its contact: a status, or 'sending'; 'pending' where there is no delivery

Whoever changes an entry or a delivery changes it in the same transaction: by the difference (`shift`, `add_rows`,
`move`), or by counting anew (`recount`) where a whole roster was gone through anyway. So it is exact, also after a kill
at any moment. Takes the ledger's connection. Raises sqlite3's errors, which whoever asks explains.

Limits: a ledger that an earlier version began has no such table until a run opens it: `tally` counts then.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from campaign.ledger.database import Database, Rows
from campaign.ledger.sql.facts import SUM
from campaign.model import Status

DUE, GONE = "due", "gone"
SENDING = "sending"
_ENTRIES = (DUE, Status.INVALID.value, Status.DUPLICATE.value, Status.SUPPRESSED.value, GONE)
_WORDS = (SENDING, *(status.value for status in Status))
_KEPT_THOUGH_SUPPRESSED = (Status.SENT, Status.BOUNCED, Status.IN_DOUBT, Status.REJECTED)
"""What stays of a contact who has been suppressed since: as in `words.RESULT_ROWS`."""

_SUMS = ", ".join(f"count(*) FILTER (WHERE own.status = '{word}')" for word in _WORDS)
_EVERYBODY = f"SELECT {_SUMS} FROM delivery AS own"  # noqa: S608 - our own words
_ROWS = f"""
SELECT coalesce(entry.status, 'due'), count(*), {_SUMS}
FROM entry {{access}} LEFT JOIN delivery AS own ON own.contact = entry.contact
    AND (entry.status IS NULL OR entry.status = 'suppressed')
{{condition}} GROUP BY entry.status
"""  # noqa: S608 - our own words
_ALL_ROWS = _ROWS.format(access="", condition="")
_SOME_ROWS = _ROWS.format(access="NOT INDEXED", condition="WHERE entry.row BETWEEN ? AND ?")

_STANDING = """
SELECT contact, coalesce(status, 'due') FROM entry INDEXED BY entry_by_status WHERE status IS NULL
UNION ALL SELECT contact, status FROM entry INDEXED BY entry_by_status WHERE status = 'suppressed'
"""
_KEPT = "SELECT entry, delivery, rows FROM tally"
_ALL_KEPT = f"{_KEPT} UNION ALL SELECT 'due', delivery, rows FROM worker_tally"  # noqa: S608 - our own words
_KEEP = """
INSERT INTO tally VALUES (?, ?, ?) ON CONFLICT (entry, delivery) DO UPDATE SET rows = excluded.rows
"""
_MANY = 50_000
_CHANGES = "roster_changes"
_CHANGED = f"INSERT INTO facts VALUES (?, '1') ON CONFLICT (name) DO UPDATE SET value = {SUM}"  # noqa: S608 - our own words

Tally = Counter[tuple[str, str]]


def tally(database: Database) -> Tally:
    """Give the number of rows by entry and delivery."""
    if not database.has_table("tally"):
        return counted(database)
    if not database.shared:
        return Counter({(entry, word): rows for entry, word, rows in database.execute(_KEPT) if rows})
    found: Tally = Counter()
    for entry, word, rows in database.execute(_ALL_KEPT):
        found[entry, word] += rows
    return Counter({place: rows for place, rows in found.items() if rows})


def by_status(found: Tally, sending: Status) -> dict[Status, int]:
    """Give the number of rows of each status, all statuses present. `sending`: the status of those being sent."""
    rows = dict.fromkeys(Status, 0)
    for (entry, word), number in found.items():
        if entry == DUE or (entry == Status.SUPPRESSED and word in _KEPT_THOUGH_SUPPRESSED):
            rows[sending if word == SENDING else Status(word)] += number
        elif entry != GONE:
            rows[Status(entry)] += number
    return rows


def word_of(entry: str, word: str, sending: Status) -> Status:
    """Give the word of a row, of whatever entry but 'invalid' and 'duplicate', as `by_status` counts it; what would be
    read of somebody who has left the file.
    """
    if entry == Status.SUPPRESSED and word not in _KEPT_THOUGH_SUPPRESSED:
        return Status.SUPPRESSED
    return sending if word == SENDING else Status(word)


def counted(database: Database) -> Tally:
    """Give the same by counting."""
    found: Tally = Counter(dict(_counted(database.execute(_ALL_ROWS))))
    for word, everybody in zip(_WORDS, database.execute(_EVERYBODY).fetchone(), strict=True):
        gone = everybody - sum(found[entry, word] for entry in _ENTRIES)
        if gone and word != Status.PENDING:
            found[GONE, word] = gone
    return Counter({place: rows for place, rows in found.items() if rows})


def recount(database: Database) -> None:
    """Count anew, and keep it."""
    _roster_changed(database)
    found = counted(database)
    if database.shared:
        database.execute("DELETE FROM worker_tally")
    database.executemany(_KEEP, [(entry, word, found[entry, word]) for entry in _ENTRIES for word in _WORDS])


def add_rows(database: Database, first: int, last: int) -> None:
    """Count in the rows of the roster from `first` to `last`, which are new."""
    _roster_changed(database)
    changes: Tally = Counter()
    for (entry, word), rows in _counted(database.execute(_SOME_ROWS, (first, last))):
        changes[entry, word] += rows
        if word != Status.PENDING:
            changes[GONE, word] -= rows
    _write(database, changes)


def entries(database: Database) -> Iterator[Sequence[tuple[int, str]]]:
    """Give every contact who stands in the file, and whether as 'due' or 'suppressed', many at a time."""
    with database.streamed(_STANDING) as found:
        while some := found.fetchmany(_MANY):
            yield some


def roster_changes(database: Database) -> int:
    """Give a number that is another one once rows have been added, or counted anew."""
    found = database.execute("SELECT value FROM facts WHERE name = ?", (_CHANGES,)).fetchone()
    return 0 if found is None else int(found[0])


def shift(database: Database, changes: Mapping[str, int]) -> None:
    """Count rows that are due with another status than before: by how many each has more, or fewer."""
    _write(database, {(DUE, word): rows for word, rows in changes.items()})


def shift_entries(database: Database, changes: Mapping[tuple[str, str], int]) -> None:
    """The same for rows of whatever entry: by (entry, status). Contacts without a delivery who have left the file are
    not counted.
    """
    _write(database, {place: rows for place, rows in changes.items() if place != (GONE, Status.PENDING)})


def move(database: Database, words: Sequence[str], to: str) -> None:
    """Count all that have one of these statuses, whatever their entries, as having another."""
    _fold_in(database)
    words = [word for word in words if word != to]
    if not words:
        return
    marks = ", ".join("?" * len(words))
    moved = f"SELECT entry, sum(rows) FROM tally WHERE delivery IN ({marks}) GROUP BY entry"  # noqa: S608 - question marks
    changes: Tally = Counter()
    for entry, rows in database.execute(moved, words).fetchall():
        if (entry, to) != (GONE, Status.PENDING):
            changes[entry, to] += int(rows)
    database.execute(f"UPDATE tally SET rows = 0 WHERE delivery IN ({marks})", words)  # noqa: S608 - question marks
    _write(database, changes)


def _fold_in(database: Database) -> None:
    """Add up what workers have counted, each for itself."""
    if database.shared:
        rows = database.execute("SELECT 'due', delivery, sum(rows) FROM worker_tally GROUP BY delivery").fetchall()
        database.execute("DELETE FROM worker_tally")
        _write(database, {(entry, word): int(moved) for entry, word, moved in rows})


def _roster_changed(database: Database) -> None:
    database.execute(_CHANGED, (_CHANGES,))


def _counted(found: Rows) -> Iterator[tuple[tuple[str, str], int]]:
    for entry, rows, *numbers in found:
        by_word = dict(zip(_WORDS, numbers, strict=True))
        by_word[Status.PENDING] += rows - sum(numbers)  # those without a delivery
        yield from (((entry, word), number) for word, number in by_word.items() if number)


def _write(database: Database, changes: Mapping[tuple[str, str], int]) -> None:
    database.executemany(
        "UPDATE tally SET rows = rows + ? WHERE entry = ? AND delivery = ?",
        [(rows, entry, word) for (entry, word), rows in changes.items() if rows],
    )
