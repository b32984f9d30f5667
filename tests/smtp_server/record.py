"""What the server saw and what it answers for: the tests compare it with what the sender believes.

Written by the server's thread, read by the tests' (all under one lock). With a file, every acceptance is appended to it
as one JSON line, by one write() that comes before the reply's: whoever kills the sender can still read what came in.
The file survives the death of every process, not of the machine (no fsync).
"""

import base64
import hashlib
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")
PATIENCE = 60.0
"""Seconds to wait for what has to come: far more than it takes on a busy machine, and no test that passes waits so
long."""


class Keep(StrEnum):
    """How much of each message stays in memory."""

    BYTES = "bytes"
    HASH = "hash"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message that the server took responsibility for."""

    recipients: tuple[str, ...]
    mail_from: str
    message_id: str | None
    """With its angle brackets; None where the header lacks one."""
    size: int
    connection: int
    time: float
    """Seconds since the epoch."""
    sha256: str | None = None
    """Of `data`, in hex; None with Keep.NOTHING."""
    data: bytes | None = field(default=None, repr=False)
    """Unstuffed, with its last CRLF; None unless Keep.BYTES, and never in the file."""
    discarded: bool = False
    envelope_id: str | None = None
    """ENVID, as it was written; None where there was none."""
    returns: str | None = None
    """RET, likewise."""
    chunked: bool = False
    """Whether it came by BDAT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """A rule that the client broke."""

    connection: int
    what: str
    where: bytes = b""


@dataclass(slots=True, kw_only=True)
class Connection:
    """What one connection brought."""

    number: int
    reads: list[tuple[bytes, ...]] = field(default_factory=list)
    """For each read that completed something: the commands as they came, without CRLF; b"." for the end of a body or
    a chunk; credentials as b"***". So it shows what arrived together. (What arrives while the server is being slow on
    purpose counts as one read, made when it goes on.)"""
    spilled: list[bytes] = field(default_factory=list)
    """Lines of refused chunks that were read as commands, without CRLF."""
    accepted: int = 0
    encrypted: bool = False
    user: str | None = None
    """Who signed in."""
    silent: bool = False
    """Something was said to which no reply will ever come."""
    action: str | None = None
    """How it ended: an `Action` that ended or silenced it, "quit", or "client" (the client went without QUIT)."""

    @property
    def commands(self) -> list[bytes]:
        """All of them, in order."""
        return [command for read in self.reads for command in read]


class Record:
    """All of it. `accepted`, `unanswered` and `defects` only ever grow."""

    def __init__(self, file: Path | None = None, keep: Keep = Keep.BYTES, *, keep_commands: bool = True) -> None:
        self.keep_commands = keep_commands
        self.connections: list[Connection] = []
        self.commands: Counter[str] = Counter()
        self.unfinished = 0
        """Bodies that began and never ended."""
        self.accepted: list[Accepted] = []
        self.unanswered: list[Accepted] = []
        self.defects: list[Defect] = []
        self.quoted: list[str] = []
        """The tokens of the links that were quoted in replies."""
        self._keep = keep
        self._changed = threading.Condition()
        self._file = None if file is None else os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def accept(self, message: Accepted, data: bytes) -> Accepted:
        """Takes a message down; returns it with its hash or its bytes, as asked for."""
        if self._keep is not Keep.NOTHING:
            message = replace(
                message,
                sha256=hashlib.sha256(data).hexdigest(),
                data=data if self._keep is Keep.BYTES else None,
            )
        if self._file is not None:
            self._append("accepted", message)
        self._take(self.accepted.append, message)
        return message

    def leave_unanswered(self, message: Accepted) -> None:
        """Notes that the reply to an accepted message never went out."""
        if self._file is not None:
            self._append("unanswered", message)
        self._take(self.unanswered.append, message)

    def note_defect(self, connection: int, what: str, where: bytes = b"") -> None:
        """Notes that the client broke a rule."""
        defect = Defect(connection=connection, what=what, where=where[:200])
        if self._file is not None:
            text = base64.b64encode(defect.where).decode()
            self._write({"event": "defect", "connection": connection, "what": what, "where": text})
        self._take(self.defects.append, defect)

    def changed(self) -> None:
        """Wakes whoever waits in `wait_until`."""
        with self._changed:
            self._changed.notify_all()

    def wait_until(self, true: Callable[[], bool], timeout: float = PATIENCE) -> None:
        """Waits (no longer than `timeout` seconds) for the record to make it true; TimeoutError if it does not."""
        end = time.monotonic() + timeout
        with self._changed:
            while not true():
                if time.monotonic() > end:
                    raise TimeoutError("the server's record never came to it")
                self._changed.wait(0.01)  # not all that changes wakes: commands do not

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _take(self, append: Callable[[_T], None], what: _T) -> None:
        with self._changed:
            append(what)
            self._changed.notify_all()

    def _append(self, event: str, message: Accepted) -> None:
        self._write(
            {
                "event": event,
                "recipients": message.recipients,
                "mail_from": message.mail_from,
                "message_id": message.message_id,
                "size": message.size,
                "connection": message.connection,
                "time": message.time,
                "sha256": message.sha256,
                "discarded": message.discarded,
                "envelope_id": message.envelope_id,
                "returns": message.returns,
                "chunked": message.chunked,
            }
        )

    def _write(self, line: dict[str, object]) -> None:
        if self._file is not None:
            os.write(self._file, json.dumps(line).encode() + b"\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFile:
    """A record's file, read back: the complete lines of it."""

    accepted: list[Accepted]
    unanswered: list[Accepted]
    defects: list[Defect]


def read_record(file: Path) -> RecordFile:
    """Reads the file as it stands now, while the server may be writing to it."""
    found = RecordFile(accepted=[], unanswered=[], defects=[])
    for line in file.read_bytes().split(b"\n")[:-1]:
        entry = json.loads(line)
        event = entry.pop("event")
        if event == "defect":
            found.defects.append(Defect(**entry | {"where": base64.b64decode(entry["where"])}))
        else:
            message = Accepted(**entry | {"recipients": tuple(entry["recipients"])})
            (found.accepted if event == "accepted" else found.unanswered).append(message)
    return found


def count_by_recipient(accepted: Iterable[Accepted]) -> Counter[str]:
    """How many messages were accepted for each address."""
    return Counter(recipient for message in accepted for recipient in message.recipients)
