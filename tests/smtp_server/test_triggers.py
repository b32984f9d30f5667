"""When a misbehaviour of the tests' SMTP server strikes: whom, how often, above which rate, and in how many packets."""

import asyncio
import time

import pytest

from campaign.model import Phase
from tests.smtp_server import (
    CATALOGUE,
    Action,
    Match,
    Misbehaviour,
    Situation,
    address,
    every_connection,
    every_message,
    everything,
    local_part,
    nth_connection,
    nth_message,
    recipient,
    share,
)
from tests.smtp_server.features import Features
from tests.smtp_server.raw_client import MAIL
from tests.smtp_server.record import Record
from tests.smtp_server.session import Session
from tests.smtp_server.state import ServerState


def at(connection: int = 1, message: int = 1, *addresses: str) -> Situation:
    return Situation(phase=Phase.RCPT, connection=connection, message=message, addresses=addresses)


@pytest.mark.parametrize(
    ("match", "yes", "no"),
    [
        (everything, at(), None),
        (address("Anna@x.example"), at(1, 1, "b@x.example", "anna@X.example"), at(1, 1, "anna@y.example")),
        (local_part("busy"), at(1, 1, "Busy.bee@x.example"), at(1, 1, "not.busy@busy.example")),
        (recipient(str.isascii), at(1, 1, "a@x.example"), at(1, 1, "ü@x.example")),
        (recipient(str.isascii), at(1, 1, "a@x.example"), at()),
        (nth_connection(3), at(3), at(2)),
        (every_connection(3), at(6), at(7)),
        (nth_message(3), at(1, 3), at(3, 1)),
        (every_message(3), at(1, 6), at(3, 5)),
        (every_message(3), at(1, 3), at(3, 0)),
        (share(100), at(1, 1, "a@x.example"), at()),
    ],
)
def test_whom_it_befalls(match: Match, yes: Situation, no: Situation | None) -> None:
    assert match(yes)
    assert no is None or not match(no)


def test_a_share_is_about_that_large_and_always_the_same() -> None:
    everybody = [f"user{number}@example.com" for number in range(10_000)]

    def struck(match: Match) -> set[str]:
        return {who for who in everybody if match(at(1, 1, who))}

    assert 150 < len(struck(share(2))) < 250
    assert struck(share(2)) == struck(share(2)) < struck(share(4))
    assert struck(share(2)) != struck(share(2, salt="other"))


class Collected(asyncio.Transport):
    """A transport that keeps each write by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return False


def writes_of(what: Misbehaviour, count: int) -> list[bytes]:
    """What a session writes, write by write, until there are so many."""
    collected = Collected()

    async def talk() -> None:
        session = Session(ServerState(Features(), Record(), [what], time.monotonic))
        session.connection_made(collected)
        session.data_received(b"EHLO x\r\n" + MAIL)
        async with asyncio.timeout(60):
            while len(collected.writes) < count:
                await asyncio.sleep(0)

    asyncio.run(talk())
    return collected.writes


def test_a_reply_in_pieces_goes_out_in_as_many_writes() -> None:
    pieces = [b"250 2.1", b".0 Send", b"er ok\r\n"]
    assert writes_of(CATALOGUE["mail_in_pieces"](piece=7), 5)[2:] == pieces


def test_catalogue_has_every_phase_and_every_way_to_go_wrong() -> None:
    there = {(what.phase, what.action) for what in (factory() for factory in CATALOGUE.values())}
    assert there >= {(phase, action) for phase in Phase for action in set(Action) - {Action.STALL}}
