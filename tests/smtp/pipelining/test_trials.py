"""The next envelope behind the end of a body: tried once, with one message, and never again where it is not taken."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from campaign.model import Status
from campaign.smtp.pipelining.server_memory import PrivateMemory
from campaign.smtp.pipelining.trials import Pipelining, PipeliningTrial, PipeliningTrials
from tests.campaigns import SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.dispatchers import session
from tests.smtp_server import CATALOGUE, FaultServer, Misbehaviour, nth_message
from tests.smtp_server.misbehaviours import Situation, behind_a_body

BEHIND_A_BODY = ("mail_behind_a_body_5xx", "body_envelope_behind_lost", "body_envelope_behind_kills")


class Memory(PrivateMemory):
    """A memory that several share, as a ledger is."""

    def __init__(self) -> None:
        super().__init__()
        self.trials: set[str] = set()

    def begin_trial(self, server: str, ability: str) -> bool:
        won = server not in self.trials and self.look_up(server, ability) is None
        self.trials.add(server)
        return won

    def forget(self, server: str, ability: str) -> None:
        super().forget(server, ability)
        self.trials.discard(server)


class Now:
    """A clock by hand."""

    def __init__(self) -> None:
        self.moment = 0.0

    def __call__(self) -> float:
        return self.moment


def trial(memory: PrivateMemory | None = None, clock: Callable[[], float] | None = None) -> PipeliningTrial:
    return PipeliningTrial("mx", memory or Memory(), clock or Now(), able=None)


class TestTrial:
    def test_one_envelope_goes_and_the_others_wait(self) -> None:
        one = trial()
        assert one.allows() and one.begin(5000)
        assert not one.allows()

    def test_a_trial_that_was_allowed_and_not_begun_is_still_to_be_had(self) -> None:
        one = trial()
        assert one.allows() and one.allows()

    def test_passed_all_may(self) -> None:
        one = trial()
        assert one.allows() and one.begin(5000)
        one.passed()
        assert one.allows() and not one.begin(5000) and one.allows()

    def test_a_long_write_proves_little_since_it_may_be_read_in_pieces(self) -> None:
        one, trials = trial(), 0
        while one.able is None:
            assert one.allows() and one.begin(50_000)
            assert not one.allows(), "still one at a time"
            one.passed()
            trials += 1
        assert one.able and trials == 8

    def test_failed_nobody_may_ever(self) -> None:
        memory = Memory()
        one = trial(memory)
        assert one.allows() and one.begin(5000)
        one.failed()
        assert not one.allows()
        assert not trial(memory).allows()

    def test_broken_off_by_ourselves_it_is_tried_again(self) -> None:
        one = trial()
        assert one.allows() and one.begin(5000)
        one.inconclusive()
        assert one.allows()

    def test_another_process_waits_for_the_verdict_and_asks_for_it_now_and_then(self) -> None:
        memory, now = Memory(), Now()
        ours, theirs = trial(memory, now), trial(memory, now)
        assert ours.allows() and ours.begin(5000)
        assert not theirs.allows()
        ours.passed()
        assert not theirs.allows(), "the ledger is not asked for each message"
        now.moment += 1.0
        assert theirs.allows()

    def test_a_lost_connection_ends_the_trial(self) -> None:
        one = trial()
        assert one.allows() and one.begin(5000)
        one.connection_lost()
        assert one.able is False

    def test_a_server_thought_able_is_tried_again_when_a_connection_dies_and_not_for_ever(self) -> None:
        one, trials = trial(), 0
        while one.able is not False:
            assert one.allows()
            trials += one.begin(5000)
            one.passed()
            one.connection_lost()
        assert trials == 4


class TestUntried:
    def test_a_server_known_to_be_unable_is_not_tried(self) -> None:
        with session({"pipelining": "", "burl": "imap"}) as here:
            assert not PipeliningTrials("auto", Memory(), Now()).of(here).allows()

    @pytest.mark.parametrize("mode", ["envelope", "off"])
    def test_no_server_is_tried_where_the_setting_says_so(self, mode: Pipelining) -> None:
        with session() as here:
            assert not PipeliningTrials(mode, Memory(), Now()).of(here).allows()


def joined(server: FaultServer) -> int:
    """How often an envelope arrived together with a body's end."""
    return sum(1 for one in server.connections for read in one.reads if b"." in read and read[-1] != b".")


def grouped(server: FaultServer) -> int:
    """How often MAIL arrived together with RCPT."""
    return sum(1 for one in server.connections for read in one.reads if len(read) >= 3)


def campaign_of(folder: Path, count: int, **smtp: Any) -> SmallCampaign:
    return SmallCampaign(folder / "c", {"smtp": {"timeout": "1m", "connections": 4} | smtp}).people(count)


def tried(server: FaultServer) -> int:
    """How often an envelope behind a body was refused, lost, or the connection with it."""
    return joined(server) + sum(one.action in ("reset", "client") for one in server.connections)


def accepted(server: FaultServer) -> list[str]:
    return [one.recipients[0] for one in server.accepted]


@pytest.mark.parametrize("processes", [pytest.param(1, marks=pytest.mark.siege), 2])
@pytest.mark.parametrize("name", BEHIND_A_BODY)
def test_at_most_one_message_comes_into_doubt_and_no_row_suffers(
    tmp_path: Path, name: str, processes: int, smtp_server: StartServer
) -> None:
    campaign = campaign_of(tmp_path, 60)
    server = smtp_server(CATALOGUE[name]())
    summary = campaign.send(server.port, processes=processes)
    assert summary.trouble is None
    counts = assert_agreement(campaign, accepted(server))
    assert counts[Status.IN_DOUBT] <= 1 and counts[Status.SENT] + counts[Status.IN_DOUBT] == 60
    assert {row["attempts"] for row in campaign.results()} == {"1"}
    assert tried(server) <= 1, [(one.action, joined(server), one.reads) for one in server.connections]
    assert campaign.observer.notices == []


@pytest.mark.parametrize("name", BEHIND_A_BODY)
def test_what_was_learned_holds_for_the_next_run(tmp_path: Path, name: str, smtp_server: StartServer) -> None:
    campaign = campaign_of(tmp_path, 20)
    server = smtp_server(CATALOGUE[name]())
    campaign.send(server.port)
    doubtful = campaign.send(server.port).counts[Status.IN_DOUBT]
    campaign.people(60)
    summary = campaign.send(server.port)
    assert summary.counts[Status.IN_DOUBT] == doubtful and not summary.counts[Status.PENDING]
    assert tried(server) == 1


def test_a_server_that_refuses_it_keeps_its_connections(tmp_path: Path, smtp_server: StartServer) -> None:
    campaign = campaign_of(tmp_path, 60, connections=3)
    server = smtp_server(CATALOGUE["mail_behind_a_body_5xx"]())
    assert campaign.send(server.port).exit_code == 0
    assert len(server.connections) <= 3


@pytest.mark.parametrize("extra", [b"250 2.0.0 Nobody asked\r\n", b"503 5.5.1 One more\r\n"])
def test_a_reply_too_many_is_never_again(tmp_path: Path, extra: bytes, smtp_server: StartServer) -> None:
    campaign = campaign_of(tmp_path, 40, connections=2)
    server = smtp_server(
        Misbehaviour(name="too many", phase=CATALOGUE["body_cut"]().phase, after=extra, match=behind_a_body)
    )
    assert campaign.send(server.port).trouble is None
    counts = assert_agreement(campaign, accepted(server))
    assert counts[Status.IN_DOUBT] <= 1 and counts[Status.SENT] + counts[Status.IN_DOUBT] == 40
    assert joined(server) == 1


@pytest.mark.parametrize(
    ("mode", "behind", "together"), [("auto", True, True), ("envelope", False, True), ("off", False, False)]
)
def test_the_setting(tmp_path: Path, mode: str, behind: bool, together: bool, smtp_server: StartServer) -> None:
    campaign = campaign_of(tmp_path, 30, connections=2, pipelining=mode)
    server = smtp_server()
    assert campaign.send(server.port).exit_code == 0
    assert (joined(server) > 15) is behind and (grouped(server) > 15) is together


def test_a_server_that_changes_its_mind_is_believed(tmp_path: Path, smtp_server: StartServer) -> None:
    """It has passed its trial, and refuses an envelope behind a body all the same: that ends it."""

    def later(now: Situation) -> bool:
        return now.behind and now.message > 20

    campaign = campaign_of(tmp_path, 60, connections=1)
    server = smtp_server(CATALOGUE["mail_behind_a_body_5xx"](match=later))
    assert campaign.send(server.port).exit_code == 0
    assert 15 <= joined(server) <= 21


def test_a_421_in_the_trial_is_no_verdict(tmp_path: Path, smtp_server: StartServer) -> None:
    """A server that ends its session says nothing of where the envelope stood."""
    campaign = campaign_of(tmp_path, 40, connections=1)
    server = smtp_server(CATALOGUE["mail_421"](match=nth_message(2), reply=b"421 4.4.2 Enough for one session\r\n"))
    assert campaign.send(server.port).exit_code == 0
    assert joined(server) > 20
