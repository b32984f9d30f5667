"""The rule by which proof moves a word: how far each kind goes, and that nothing goes back, whatever the order."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.evidence import EvidenceKind
from campaign.ledger.standing import Standing
from campaign.model import Status
from tests.proofs import ACCEPTED, BOUNCED, COMPLAINT, DELIVERED, UNSUBSCRIBED, proof

BEFORE_SENT = ["pending", "failed", "rejected", "invalid", "in_doubt", "suppressed", "sending"]
NOW = 1_704_067_200
"""The first of January 2024."""
RANK = dict.fromkeys(BEFORE_SENT, 0) | {"sent": 1, "bounced": 2}


def after(word: str, kind: EvidenceKind, *, arrived: bool = True, on_record: bool = False, **values: int) -> str:
    standing = Standing(word=word, **values)  # type: ignore[arg-type]
    return standing.word_after(proof(1, kind, arrived=arrived), on_record=on_record)


@pytest.mark.parametrize("word", BEFORE_SENT)
@pytest.mark.parametrize("kind", [ACCEPTED, DELIVERED, COMPLAINT, UNSUBSCRIBED])
def test_whatever_shows_that_it_was_taken_makes_it_sent(word: str, kind: EvidenceKind) -> None:
    assert after(word, kind) == "sent"
    assert after("sent", kind) == "sent" and after("bounced", kind) == "bounced"


@pytest.mark.parametrize("word", [*BEFORE_SENT, "sent", "bounced"])
def test_a_permanent_failure_goes_before_all(word: str) -> None:
    assert after(word, BOUNCED) == "bounced"


@pytest.mark.parametrize("word", [*BEFORE_SENT, "sent", "bounced"])
def test_an_address_alone_proves_nothing_that_was_sent(word: str) -> None:
    assert after(word, UNSUBSCRIBED, arrived=False) == ("suppressed" if word == "pending" else word)


@pytest.mark.parametrize("kind", EvidenceKind)
def test_what_a_run_is_sending_just_now_is_that_runs(kind: EvidenceKind) -> None:
    standing = Standing(word="sending", being_sent=True)
    assert standing.word_after(proof(1, kind), on_record=False) == "sending"


@pytest.mark.parametrize("word", ["pending", "in_doubt", "sent"])
def test_after_a_resend_a_bounce_of_before_proves_nothing(word: str) -> None:
    assert after(word, BOUNCED, reopened_at=1_700_000_101) == word
    assert after(word, BOUNCED, reopened_at=1_700_000_100) == "bounced", "not before: it is of what was sent since"
    assert after(word, BOUNCED, reopened_at=1_700_000_000, on_record=True) == word
    standing = Standing(word=word, reopened_at=1)
    assert standing.word_after(proof(1, BOUNCED, None), on_record=False) == word, "who knows when that was"
    late = proof(1, BOUNCED, 1_700_000_200)
    late = late._replace(evidence=late.evidence._replace(taken_at=1_700_000_100))
    standing = Standing(word=word, reopened_at=1_700_000_101)
    assert standing.word_after(late, on_record=False) == word, "it came back after, and is the copy of before"


def test_acceptance_of_before_counts_but_for_a_copy_that_came_back() -> None:
    assert after("pending", ACCEPTED, reopened_at=1_700_000_101) == "sent"
    assert after("pending", ACCEPTED, reopened_at=1_700_000_101, came_back_at=1_700_000_101) == "pending"
    assert after("in_doubt", DELIVERED, reopened_at=1_700_000_101, came_back_at=1_700_000_099) == "sent"
    assert after("pending", COMPLAINT, reopened_at=1_700_000_101, came_back_at=1_700_000_101) == "sent"


def test_a_complaint_goes_before_the_wish_to_get_no_more_and_the_first_of_each_stands() -> None:
    days = {UNSUBSCRIBED: 1_700_000_000, COMPLAINT: 1_700_100_000}
    for order in permutations(days):
        standing = Standing()
        for kind in order:
            standing.feedback = standing.feedback_after(proof(1, kind, days[kind]).evidence, now=NOW)
        assert standing.feedback == "complaint 2023-11-16"
    assert standing.feedback_after(proof(1, COMPLAINT, 1_600_000_000).evidence, now=NOW) == "complaint 2023-11-16"
    assert Standing().feedback_after(proof(1, COMPLAINT, None).evidence, now=NOW) == "complaint 2024-01-01"
    assert Standing().feedback_after(proof(1, COMPLAINT, 2 * NOW).evidence, now=NOW) == "complaint 2024-01-01"
    assert Standing(feedback=None).feedback_after(proof(1, BOUNCED).evidence, now=NOW) is None


@given(
    word=st.sampled_from(BEFORE_SENT),
    kinds=st.lists(st.tuples(st.sampled_from(EvidenceKind), st.booleans()), min_size=1, max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_no_word_moves_back_and_the_order_does_not_count(word: str, kinds: list[tuple[EvidenceKind, bool]]) -> None:
    ends = set()
    for order in permutations(kinds):
        standing = Standing(word=word)
        for kind, arrived in order:
            now = standing.word_after(proof(1, kind, arrived=arrived or kind is not UNSUBSCRIBED), on_record=False)
            assert RANK[now] >= RANK[standing.word]
            standing.word = now
            assert standing.word_after(proof(1, kind), on_record=False) in (now, Status.SENT)
        ends.add(standing.word)
    assert len(ends) == 1
