"""Proofs are weighed while a run sends: nobody is lost, nobody is mailed twice, and the run goes on as if nothing were.

The run is the real command, with two processes; whoever settles is another process, as `campaign settle` is.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from campaign.ledger.opening import open_for_settling
from campaign.ledger.sql.tally import counted, tally
from campaign.ledger.sqlite.schema import connect
from tests.campaigns import SmallCampaign
from tests.crashes.launcher import Launcher
from tests.proofs import BOUNCED, DELIVERED, UNSUBSCRIBED, proof
from tests.smtp_server import CATALOGUE, FaultServer

PEOPLE = 300


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


def number_of(recipient: str) -> int:
    return int(recipient.partition("@")[0][1:])


def test_every_message_is_proved_as_soon_as_it_is_taken(tmp_path: Path, launcher: Launcher) -> None:
    """Of every three one bounces, one is delivered, one asks to be left alone; all of it comes twice."""
    kinds = (BOUNCED, DELIVERED, UNSUBSCRIBED)
    campaign = SmallCampaign(tmp_path / "c", settings={"smtp": {"connections": 4, "timeout": "1m"}}).people(PEOPLE)
    with FaultServer() as server:
        campaign.load(server.port)
        run = launcher.warm("send", str(campaign.path), "--yes", "--processes", "2", log=tmp_path / "log")
        server.wait_until(lambda: len(server.accepted) >= 20)
        seen = 0
        with open_for_settling(campaign.ledger, campaign.name) as settling:
            numbers = {address: number for some in settling.people() for number, address, _ in some}
            while run.poll() is None or seen < len(server.accepted):
                taken = [one.recipients[0] for one in server.accepted[max(0, seen - 30) :]]
                seen = len(server.accepted)
                settling.weigh(
                    [proof(numbers[one], kinds[number_of(one) % 3], name=one) for one in taken if one in numbers]
                )
                if len(numbers) < PEOPLE:  # the contacts are read while the first of them are mailed
                    numbers = {address: number for some in settling.people() for number, address, _ in some}
            everybody = [proof(number, kinds[number_of(one) % 3], name=one) for one, number in numbers.items()]
            settling.weigh(everybody)
            assert not any(one.news for one in settling.weigh(everybody))
            words = {row.email: (row.status, row.feedback is not None) for row in settling.reader.result_rows()}
        assert run.wait() in (0, 1), run.said
        accepted = Counter(one.recipients[0] for one in server.accepted)
    assert len(accepted) == PEOPLE and set(accepted.values()) == {1}
    for one in accepted:
        kind = kinds[number_of(one) % 3]
        assert words[one] == ("bounced" if kind is BOUNCED else "sent", kind is UNSUBSCRIBED)
    with closing(connect(campaign.ledger)) as database:
        assert tally(database) == counted(database)


def test_rows_that_wait_for_another_try_are_proved_meanwhile(tmp_path: Path, launcher: Launcher) -> None:
    """Everybody is put off. Then a third turns out to have been taken, and a third asks to be left alone: a worker that
    has them in its memory leaves them alone, and sends to the others.
    """
    settled = threading.Event()
    retry = {"tries": 20, "first_wait": "500ms", "longest_wait": "500ms"}
    smtp = {"connections": 3, "timeout": "1m"}
    campaign = SmallCampaign(tmp_path / "c", settings={"smtp": smtp, "retry": retry}).people(60)
    put_off = CATALOGUE["rcpt_4xx"](match=lambda _: not settled.is_set(), reply=b"450 4.2.1 Mailbox busy\r\n")
    with FaultServer(put_off) as server:
        campaign.load(server.port)
        run = launcher.warm("send", str(campaign.path), "--yes", "--processes", "2", log=tmp_path / "log")
        server.wait_until(lambda: bool(server.connections))
        with open_for_settling(campaign.ledger, campaign.name) as settling:
            while sum(row.smtp_code == 450 for row in settling.reader.result_rows()) < 60:
                assert run.poll() is None, run.said
                time.sleep(0.05)
            people = [(number, address) for some in settling.people() for number, address, _ in some]
            wishes = [proof(n, UNSUBSCRIBED, arrived=False) for n, address in people if number_of(address) % 3 == 1]
            assert all(one.feedback for one in settling.weigh(wishes)), "also those that are being tried just now"
            taken = [proof(number) for number, address in people if number_of(address) % 3 == 0]
            while taken:
                taken = [one.proof for one in settling.weigh(taken) if one.being_sent]
            settled.set()
            assert run.wait() == 0, run.said
        accepted = [one.recipients[0] for one in server.accepted]
    assert sorted(map(number_of, accepted)) == list(range(2, 60, 3))
    words = ("sent", "suppressed", "sent")
    assert campaign.statuses() == {f"p{number}@people.example": words[number % 3] for number in range(60)}
    with closing(connect(campaign.ledger)) as database:
        assert tally(database) == counted(database)
