"""Whether a ledger is the one that the last run left: whole, with its own WAL, and not an older copy.

Two things tell, and no message waits for either:

    generation  a number, one more at each checkpoint and written just behind it, so that the file itself never has the
                latest one while a run goes on: only the WAL has it, and a small file beside the ledger. Whatever lacks
                it, once the WAL is gone or was folded in, has lost what came last. Each is on the disk before the next
                step: or a power cut leaves a file that knows of more than the ledger, or (its name there, its data not
                yet) of nothing.
    wal         a number, while a run goes on: the first salt of the WAL (sqlite.org/fileformat2.html, section 4.1) that
                was last folded into the file. A WAL that begins anew has that salt plus one; any other WAL is another
                ledger's, or one of another time.

Both stand with a checksum in one row of a table of their own: they are read from the file alone, without the WAL, and a
power cut in a checkpoint may leave the page that they stand on in pieces of two moments. The WAL still has it whole
then. (Earlier versions had them among the facts, where the names of a page in pieces can be wrong, too.)

Raises LedgerError, which says what to do. Limits: whoever restores the whole folder, or takes the generation file away
with the ledger, is not noticed.
"""

import contextlib
import glob
import os
import zlib
from pathlib import Path

from campaign.errors import LedgerError
from campaign.ledger.sqlite import schema
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.files import generation_file, moved_file, refuse_a_stump, size_of, wal_file
from campaign.ledger.sqlite.sqlite_errors import SQLITE_ERRORS
from campaign.ledger.sqlite.wal_sync import make_durable
from campaign.private_files import open_own, replacing

_SALT = slice(16, 20)
_WRAP = 1 << 32
_PUT_BACK = (
    "restore the ledger and the files whose names begin with its name as they were together: without the latest of "
    "what was sent, people would be mailed twice"
)


def refuse_a_moved_ledger(path: Path) -> None:
    """Raise LedgerError where the ledger was brought into a database, and this run does not ask for it there."""
    if not size_of(path) and moved_file(path).exists():
        raise LedgerError(
            "the campaign's ledger was brought into a database, so who was mailed is known there",
            where=str(moved_file(path)),
            fix="set ledger.url as it was; or, to mail everybody from the beginning, move this file away",
        )


def refuse_a_lost_ledger(path: Path) -> None:
    """Raise LedgerError where a generation stands beside a ledger that is not there."""
    if _generation_beside(path) and not size_of(path):
        raise LedgerError(
            "the ledger of earlier runs is gone, so who was mailed is not known",
            where=str(path),
            fix=f"put it back; or, to mail everybody from the beginning, delete {generation_file(path).name} and the "
            "results",
        )


def refuse_a_rescued_ledger(path: Path) -> None:
    """Raise LedgerError where a run that lost its ledger has left a copy, and nobody has put it back."""
    rescued = sorted(path.parent.glob(f"{glob.escape(path.name)}-rescued-*")) if not size_of(path) else []
    if rescued:
        raise LedgerError(
            "the ledger was taken away while a run went on, and what the run had on record is in a copy beside it",
            where=str(rescued[-1]),
            fix=f"rename the copy to {path.name}; or, to mail everybody from the beginning, move it away",
        )


def require_ledger(path: Path) -> None:
    """Raise LedgerError where there is none, or one that was cut down or does not belong there; before it is opened."""
    refuse_a_stump(path)
    refuse_a_moved_ledger(path)
    if not size_of(path):
        raise LedgerError(
            "there is no ledger yet: nothing was ever sent",
            where=str(path),
            fix="check ledger.path and --sandbox, or send the campaign first",
        )
    refuse_what_does_not_belong(path)


def refuse_what_does_not_belong(path: Path) -> None:
    """Raise LedgerError for an older copy, and for a ledger without its WAL or with another one's. Before it is opened
    in earnest: SQLite would fold in, or remove, what tells. Whatever else is wrong with it is left to whoever opens it.
    """
    try:
        with contextlib.closing(schema.connect(path, immutable=True)) as database:
            known, generation = _read(database)
    except (LedgerError, *SQLITE_ERRORS):
        return
    except ValueError:  # torn, in the midst of a checkpoint: that has a WAL
        known, generation = 0, -1
        if _salt(path) is not None:
            return
    salt, beside = _salt(path), _generation_beside(path)
    in_the_file = generation >= beside  # all that there is
    if in_the_file and beside:  # also where another program has folded the WAL in, and the next run was killed at once
        return
    if salt is None or known is None:
        if in_the_file and known is None:
            return
        if known is None:
            raise LedgerError(
                "the ledger is an older copy: what came later is not in it", where=str(path), fix=_PUT_BACK
            )
        raise LedgerError(
            "a run was cut off, and the latest of what it had written down is gone with the ledger's -wal file",
            where=str(wal_file(path)),
            fix=f"put that file back; {_PUT_BACK}",
        )
    if (salt - known) % _WRAP > 1:
        raise LedgerError(
            "the -wal file beside the ledger is not its own: one of the two is an older copy",
            where=str(wal_file(path)),
            fix=_PUT_BACK,
        )


def note_wal(database: SqliteConnection, path: Path) -> None:
    """Put on record which WAL holds that record: a checkpoint that takes it into the file has taken all of this WAL."""
    known = None
    while (salt := _salt(path)) is not None and salt != known:  # the first write may begin the WAL anew
        _write(database, salt, _read(database)[1])
        known = salt


def forget_wal(database: SqliteConnection) -> None:
    """Put on record that no run goes on."""
    known, generation = _read(database)
    if known is not None:
        _write(database, None, generation)


def begin_generation(database: SqliteConnection, path: Path) -> None:
    """Begin the next one, after a checkpoint. What can't be made durable beside the ledger tells less."""
    known, latest = _read(database)
    latest += 1
    _write(database, known, latest)
    written = generation_file(path)
    with contextlib.suppress(OSError):
        wal = open_own(wal_file(path), os.O_RDWR, one_name=False)
        try:
            make_durable(wal)
        finally:
            os.close(wal)
        with replacing(written, durable=True) as file:
            file.write(f"{latest}\n".encode("ascii"))


def _generation_beside(path: Path) -> int:
    try:
        with os.fdopen(open_own(generation_file(path), os.O_RDONLY, one_name=False), "rb") as file:
            return int(file.read(64))
    except (OSError, ValueError):
        return 0


def _read(database: SqliteConnection) -> tuple[int | None, int]:
    """Give the salt of its own WAL, None where no run goes on, and the generation. Raises ValueError where torn."""
    has_table = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'generation'").fetchone() is not None
    found = database.execute("SELECT value FROM generation").fetchall() if has_table else [("",)]
    if found == [("",)]:  # an earlier version's, or new
        facts = dict(database.execute("SELECT name, value FROM facts WHERE name IN ('generation', 'wal')"))
        return _number(facts["wal"]) if "wal" in facts else None, _number(facts.get("generation", "0"))
    value = str(found[0][0]) if found else ""
    known, generation, count = (int(value[start : start + 10]) for start in (0, 11, 22))
    if value != _with_checksum(known, generation, count):
        raise ValueError("torn")
    return known if known >= 0 else None, generation


def _write(database: SqliteConnection, known: int | None, generation: int) -> None:
    """Of one length always, so that it is written over what stood there; and never the same, since SQLite leaves out a
    write that changes nothing, and with it the WAL that such a write would have begun.
    """
    count = database.execute("SELECT substr(value, 23, 10) FROM generation").fetchone()[0]
    value = _with_checksum(-1 if known is None else known, generation, (int(count or 0) + 1) % _WRAP)
    database.execute("UPDATE generation SET value = ?", (value,))


def _with_checksum(known: int, generation: int, count: int) -> str:
    numbers = f"{known:010d} {generation:010d} {count:010d}"
    return f"{numbers} {zlib.crc32(numbers.encode()):08x}"


def _number(text: str) -> int:
    """Read one of an earlier version's, with a checksum of its own or none. Raises ValueError for one that is torn."""
    digits, _, checksum = text.partition(" ")
    number = int(digits)
    if checksum and checksum != f"{zlib.crc32(str(number).encode()):08x}":
        raise ValueError("torn")
    return number


def _salt(path: Path) -> int | None:
    """The first salt of the ledger's WAL; None where it has none, or an empty one."""
    try:
        with wal_file(path).open("rb") as file:
            header = file.read(32)
    except OSError:
        return None
    return int.from_bytes(header[_SALT], "big") if len(header) == 32 else None
