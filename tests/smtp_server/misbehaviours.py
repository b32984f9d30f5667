"""What a server can do wrong: one misbehaviour as a value, and whom it befalls.

A `Misbehaviour` says where in the dialogue (`phase`), what goes wrong (`action`, `reply`, `delay`, ...) and when
(`match`, `times`, `above_rate`). It holds no state, so one value serves any number of servers; how often it has struck
is each server's own knowledge (`trigger.py`). The named ones are in `catalogue.py`.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from campaign.model import Phase


class Action(StrEnum):
    """What the server does with the connection, once any reply of the misbehaviour is out."""

    ANSWER = "answer"
    """Goes on. Without a reply of its own, the right answer goes out (late, in pieces, with something added)."""
    CUT = "cut"
    """FIN: the client reads the end of the stream. What it still sends is read and thrown away."""
    RESET = "reset"
    """RST: the client gets ECONNRESET or EPIPE."""
    HANG = "hang"
    """Reads on, and never says anything again."""
    STALL = "stall"
    """Stops reading as well: the client's writes fill the buffers and block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a misbehaviour can be chosen by. Numbers start at 1; 0 means that there is none yet."""

    phase: Phase
    connection: int
    """The server's n-th."""
    message: int
    """The server's n-th MAIL command, whatever became of it."""
    addresses: tuple[str, ...]
    """At RCPT the one just named, at DATA and BODY all that were accepted, before that none."""
    behind: bool = False
    """At BODY: more has arrived with its end. At MAIL: it has arrived with the end of a body."""
    in_transaction: bool = True
    """At a BDAT that is refused: whether its MAIL was taken."""
    named_recipient: bool = False
    """At a BDAT that is refused: whether there was a RCPT, and so none that was taken."""


Match = Callable[[Situation], bool]


def everything(_: Situation) -> bool:
    """Always."""
    return True


def behind_a_body(now: Situation) -> bool:
    """Only where the next envelope has arrived with the end of a body."""
    return now.behind


def in_transaction(now: Situation) -> bool:
    """Only where MAIL was taken."""
    return now.in_transaction


def behind_a_refused_recipient(now: Situation) -> bool:
    """Only where there was a RCPT, and it was refused."""
    return now.named_recipient


def outside_a_transaction(now: Situation) -> bool:
    """Only where there was no MAIL, or none that was taken."""
    return not now.in_transaction


def recipient(test: Callable[[str], bool]) -> Match:
    """Where a recipient passes the test."""
    return lambda now: any(test(address) for address in now.addresses)


def address(wanted: str) -> Match:
    """Where this address is a recipient; compared without case."""
    return recipient(lambda found: found.lower() == wanted.lower())


def local_part(prefix: str) -> Match:
    """Where a recipient's local part starts like this; compared without case."""
    return recipient(lambda found: found.rpartition("@")[0].lower().startswith(prefix.lower()))


def share(percent: float, salt: str = "") -> Match:
    """For about this many recipients in a hundred: always the same ones, others with another salt."""
    return recipient(lambda found: zlib.crc32((salt + found.lower()).encode(errors="replace")) % 10_000 < percent * 100)


def nth_connection(number: int) -> Match:
    """Only on the server's n-th connection."""
    return lambda now: now.connection == number


def every_connection(step: int) -> Match:
    """On connections `step`, 2 x `step`, ..."""
    return lambda now: now.connection % step == 0


def nth_message(number: int) -> Match:
    """Only for the server's n-th message."""
    return lambda now: now.message == number


def after_message(number: int) -> Match:
    """For all messages after the server's n-th."""
    return lambda now: now.message > number


def every_message(step: int) -> Match:
    """For messages `step`, 2 x `step`, ..."""
    return lambda now: now.message > 0 and now.message % step == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaviour:
    """One thing that goes wrong. Bytes go out as they are: they bring their own CRLF, or lack it on purpose."""

    name: str
    phase: Phase
    action: Action = Action.ANSWER
    reply: bytes | None = None
    """In place of the right answer. None: the right answer (ANSWER), or nothing (all others)."""
    before: bytes = b""
    """Unsolicited, in the same packet ahead of the reply."""
    after: bytes = b""
    """Unsolicited, in the same packet after the reply."""
    accept: bool = False
    """With a reply or action of its own: the command takes effect all the same; at BODY: the message is accepted."""
    discard: bool = False
    """After the body: accepted with 250, and thrown away; recorded as accepted, marked as discarded."""
    deaf: bool = False
    """After the body: what has arrived with its end is thrown away, too, in silence."""
    of_refused_chunk: bool = False
    """Only in phase BODY: strikes at a BDAT that is refused because nobody would get it, and only there."""
    spill: bool = False
    """With `of_refused_chunk`: the chunk is not taken off the line, its octets are read as commands."""
    delay: float = 0.0
    """Seconds before the reply."""
    until: Callable[[], bool] | None = None
    """What the reply waits for: a moment that the test itself brings about, where seconds would be a guess."""
    piece: int | None = None
    """Bytes a packet, so that the reply arrives in many."""
    after_bytes: int | None = None
    """Only in phase BODY: strikes inside it, when so many bytes of it have come (at its end if it is shorter)."""
    match: Match = everything
    times: int | None = None
    """Strikes so many times at most."""
    per_recipient: bool = False
    """`times` counts for each recipient by itself."""
    above_rate: float | None = None
    """Strikes only what comes faster than so many a second (a token bucket that holds one second's worth)."""
    then: tuple["Misbehaviour", ...] = ()
    """What else goes wrong later in the same transaction, whatever their `match` says."""
