"""Whether whole messages may follow each other on a server's connections: one probe, one trial, for all of a run."""

from collections.abc import Callable
from typing import Any

import pytest

from campaign.smtp.chunking.probe import ProbeResult
from campaign.smtp.chunking.trials import ChunkingTrial, ChunkingTrials
from campaign.smtp.chunking.unused import FAILED_BEFORE, UNSOUND
from campaign.smtp.pipelining.server_memory import PrivateMemory
from campaign.smtp.session.session import Session

OFFERS = {"pipelining": "", "chunking": ""}


class SharedMemory(PrivateMemory):
    """Several processes', of which one may try."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = False

    def begin_trial(self, server: str, ability: str) -> bool:
        first, self.begun = not self.begun, True
        return first


def trial(memory: PrivateMemory | None = None, told: Callable[[str], None] = print) -> ChunkingTrial:
    return ChunkingTrial("mx", memory or PrivateMemory(), iter(range(1000)).__next__, told=told)


def sound(memory: PrivateMemory | None = None) -> ChunkingTrial:
    one = trial(memory)
    assert one.allows() and one.wants_probe and one.begin()
    one.probed(ProbeResult.SOUND)
    return one


class TestTrial:
    def test_one_connection_probes_and_one_tries_and_then_all_may(self) -> None:
        one = trial()
        assert one.allows() and one.wants_probe and one.begin()
        assert not one.allows(), "while it is probed, the others don't"
        one.probed(ProbeResult.SOUND)
        assert one.allows() and not one.wants_probe and one.begin()
        assert not one.allows()
        one.passed()
        assert one.allows() and one.allows() and not one.begin()

    def test_it_is_for_one_process_to_find_out_and_the_others_hear_of_it(self) -> None:
        memory = SharedMemory()
        ours, theirs = sound(memory), trial(memory)
        assert not theirs.allows()
        ours.begin()
        ours.passed()
        assert theirs.allows() and not theirs.wants_probe and not theirs.begin()

    def test_an_unsound_server_is_never_asked_again(self) -> None:
        memory = PrivateMemory()
        one = trial(memory)
        one.allows()
        one.begin()
        one.probed(ProbeResult.UNSOUND)
        assert not one.allows() and not trial(memory).allows()

    def test_why_it_is_not_used_is_told_by_who_finds_it_out_and_by_a_later_run(self) -> None:
        memory, told = PrivateMemory(), list[str]()
        one = trial(memory, told.append)
        one.allows()
        one.begin()
        one.probed(ProbeResult.UNSOUND)
        later = trial(memory, told.append)
        assert not any(who.allows() for who in (one, later, one, later))
        assert told == [UNSOUND, FAILED_BEFORE]

    def test_what_comes_to_nothing_may_be_tried_again_but_not_for_ever(self) -> None:
        one = trial()
        for _ in range(3):
            assert one.allows() and one.begin()
            one.probed(ProbeResult.INCONCLUSIVE)
        assert not one.allows() and trial().allows()

    def test_a_trial_without_messages_is_to_be_had_again(self) -> None:
        one = sound()
        for _ in range(9):
            assert one.allows() and one.begin()
            one.abandoned()
        assert one.allows()

    def test_refused_behind_another_three_times_is_failed(self) -> None:
        one = sound()
        for _ in range(3):
            assert one.allows()
            one.begin()
            one.refused()
            one.abandoned()
        assert not one.allows()

    def test_sessions_that_were_ended_after_as_many_messages_set_a_limit_and_a_single_one_none(self) -> None:
        one = sound()
        for after in (3, 100, 0, 200, 0):
            one.session_ended(after=after, in_flight=8)
        assert one.most_messages > 1000
        one.session_ended(after=100, in_flight=8)
        assert one.most_messages == 99

    def test_sessions_that_end_with_several_in_flight_leave_fewer_until_many_are_taken(self) -> None:
        one = sound()
        for in_flight in (8, 8, 8, 5):  # those that end together were as deep as each other
            one.session_ended(after=0, in_flight=in_flight)
        assert one.most_in_flight == 2
        for _ in range(1000):
            one.message_taken()
        assert one.most_in_flight == 4
        one.session_ended(after=0, in_flight=2)
        assert one.most_in_flight == 1


class TestTrials:
    def of(self, features: dict[str, str], greeting: str = "mx ESMTP") -> ChunkingTrial | None:
        told: list[str] = []
        trials = ChunkingTrials(8, PrivateMemory(), lambda: 0.0, sender="b@acme.example", told=told.append)
        nobody: Any = None
        session = Session(sock=nobody, features=features, leftover=b"", greeting=greeting)
        found = trials.of(session)
        assert trials.of(session) is found
        assert len(told) == (found is None), "why not, and once"
        return found

    def test_there_is_one_for_each_kind_of_server(self) -> None:
        assert self.of(OFFERS) is not None

    @pytest.mark.parametrize("features", [{"pipelining": ""}, {"chunking": ""}])
    def test_there_is_none_where_one_of_the_two_is_not_offered(self, features: dict[str, str]) -> None:
        assert self.of(features) is None

    def test_there_is_none_where_it_is_known_that_nothing_may_stand_behind_a_body(self) -> None:
        assert self.of(OFFERS, "mx ESMTP Haraka ready") is None
