"""A stream without a socket, and a model of the server behind it: what it takes of what has left, and what it says.

`Lines` stands in for the socket: it takes as many octets as it is told to. `ModelServer` reads them, and answers as it
is told to, with at most one fault; it knows whom it has mailed.
"""

import re
from dataclasses import dataclass
from typing import Any

from campaign.smtp.chunking.trials import ChunkingTrial
from campaign.smtp.connection import Connection
from campaign.smtp.dsn import DsnUse
from campaign.smtp.pipelining.server_memory import PrivateMemory
from campaign.smtp.pipelining.trials import PipeliningTrials
from campaign.smtp.session.session import Session

FEATURES = {"pipelining": "", "chunking": "", "size": "10000"}
_COMMAND = re.compile(rb"(RSET|MAIL|RCPT|BDAT (\d+) LAST)[^\r]*\r\n")


class Lines:
    """In place of a socket: takes so many octets, and no more."""

    def __init__(self, takes: int = 1 << 30) -> None:
        self.takes = takes
        self.taken = b""

    def send(self, data: Any) -> int:
        some = bytes(data[: self.takes - len(self.taken)])
        if not some:
            raise BlockingIOError
        self.taken += some
        return len(some)


def trial_of(*, able: bool | None = True) -> ChunkingTrial:
    """A server's standing."""
    trial = ChunkingTrial("mx", PrivateMemory(), lambda: 0.0, told=print)
    trial.able = able
    return trial


def connection_over(lines: Lines, *, trial: ChunkingTrial, in_flight: int = 8, dsn: DsnUse | None = None) -> Connection:
    """One whose messages go whole from the first one on."""
    session = Session(sock=lines, features=FEATURES, leftover=b"")  # type: ignore[arg-type]
    pipelining = PipeliningTrials("auto", PrivateMemory(), lambda: 0.0)
    connection = Connection(session, now=0.0, trial=pipelining.of(session), dsn=dsn)
    connection.chunking_trial = trial
    connection.begin_stream(in_flight=in_flight)
    return connection


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a server says when all is well."""

    mail: str = "250 2.1.0 Ok"
    rcpt: str = "250 2.1.5 Ok"
    taken: str = "250 2.0.0 Ok: queued as 4F{0}ZQ"
    reset: str = "250 2.0.0 Ok"


POSTFIX = Words()
EXIM = Words(mail="250 OK", rcpt="250 Accepted", taken="250 OK id=1tEx{0}-0000", reset="250 Reset OK")
ALIKE = Words(mail="250 OK", rcpt="250 OK", taken="250 OK queued", reset="250 OK")
ONE_FOR_ALL = Words(mail="250 OK", rcpt="250 OK", taken="250 OK", reset="250 OK")
NUMBERED = Words(
    mail="250 2.1.0 OK d2-{0}.1 - gsmtp", rcpt="250 2.1.5 OK d2-{0}.1 - gsmtp",
    taken="250 2.0.0 OK 17{0} d2-{0}.1 - gsmtp", reset="250 2.1.5 Flushed d2-{0}.1 - gsmtp",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """What it says to one message: codes, and 250 where it is content."""

    mail: int = 250
    rcpt: int = 250
    body: int = 250


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong at the n-th reply: it is `missing`, another stands before it (`extra`), or in its place
    (`changed`); `ends`: nothing comes after that.
    """

    kind: str
    at: int
    line: str = ""
    ends: bool = False


class ModelServer:
    """Reads what has left, as far as it gets it, and answers."""

    def __init__(
        self, verdicts: dict[int, Verdicts], *, words: Words = POSTFIX, fault: Fault | None = None, gets: int = 1 << 30
    ) -> None:
        """`gets`: how many octets come to it at all."""
        self.mailed: set[int] = set()
        self._verdicts = verdicts
        self._words = words
        self._fault = fault
        self._gets = gets
        self._read = 0
        self._replies = 0
        self._ended = False
        self._contact = 0
        self._refused: str | None = None
        self._order = iter(sorted(verdicts))

    def answers(self, taken: bytes) -> bytes:
        """Give what it says to all that has come since the last time."""
        said = b""
        data = taken[: self._gets]
        while not self._ended and (found := _COMMAND.match(data, self._read)) is not None:
            end = found.end() + int(found[2] or 0)
            if end > len(data):
                break
            self._read = end
            said += self._sent(self._answer(found[1][:4]))
        return said

    def _answer(self, command: bytes) -> str:
        words = self._words
        if command == b"RSET":
            self._refused = None
            return words.reset.format(self._replies)
        if command == b"MAIL":
            self._contact = next(self._order)
        verdict = self._verdicts[self._contact]
        code, right = {
            b"MAIL": (verdict.mail, words.mail),
            b"RCPT": (verdict.rcpt, words.rcpt),
            b"BDAT": (verdict.body, words.taken),
        }[command]
        if self._refused is not None:
            return self._refused
        if code >= 400:
            self._refused = "503 5.5.1 Bad sequence" if command == b"MAIL" else "554 5.5.1 No valid recipients"
            return f"{code} {code // 100}.7.0 Not this one"
        if command == b"BDAT":
            self.mailed.add(self._contact)
        return right.format(self._replies)

    def _sent(self, right: str) -> bytes:
        number, fault = self._replies, self._fault
        self._replies += 1
        lines = [right]
        if fault is not None and fault.at == number:
            lines = {"missing": [], "extra": [fault.line, right], "changed": [fault.line]}[fault.kind]
            if fault.ends:
                lines, self._ended = lines[:1], True
        return b"".join(f"{line}\r\n".encode() for line in lines)
