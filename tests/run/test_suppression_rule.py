"""Whose address is no good is suppressed; whose mailbox was full, or whose server disliked our mail, is not."""

from datetime import date

import pytest

from campaign.ledger.values import CameBack
from campaign.run.suppression_rule import additions, is_no_good

MOMENT = 1_795_000_000


@pytest.mark.parametrize(
    ("code", "enhanced", "words", "expected"),
    [
        (550, "5.1.1", "blocked by me", True),
        (550, "5.1.10", "", True),
        (None, "5.1.2", "", True),
        (550, "5.2.1", "", True),
        (None, "5.4.4", "", True),
        (550, "5.0.0", "no such user here", True),
        (550, "5.1.0", "address rejected: spam", False),
        (550, None, "no such user", True),
        (550, None, "message blocked: listed at zen", False),
        (550, None, "administrative prohibition", False),
        (550, "", "rejected for policy reasons", False),
        (551, "", "", True),
        (552, "5.2.2", "", False),
        (552, None, "", False),
        (554, None, "no such user", False),
        (550, "5.7.1", "", False),
        (550, "5.7.26", "", False),
        (550, "5.1.8", "", False),
        (550, "5.6.0", "", False),
        (None, "5.4.7", "", False),
        (None, "4.4.1", "", False),
        (None, "4.1.1", "", False),
        (None, None, "no such user", False),
        (550, "5.1.11", "", False),
        (550, "5.1.1 5.7.1", "", False),
    ],
)
def test_what_a_bounce_says_of_the_address(code: int | None, enhanced: str | None, words: str, expected: bool) -> None:
    assert is_no_good(code, enhanced, words) is expected


def record(**known: object) -> CameBack:
    found: dict[str, object] = {
        "bounced": False,
        "code": None,
        "enhanced": None,
        "detail": "",
        "feedback": None,
        "moment": MOMENT,
    }
    return CameBack(email="ada@engine.example", **{**found, **known})  # type: ignore[arg-type]


def test_who_is_suppressed_why_and_since_when() -> None:
    day = date(2026, 11, 18)
    (bounced,) = additions([record(bounced=True, code=550, enhanced="5.1.1")])
    assert (bounced.email, bounced.reason, bounced.day) == ("ada@engine.example", "bounced 5.1.1", day)
    (unnamed,) = additions([record(bounced=True, code=550)])
    assert unnamed.reason == "bounced 550"
    (complaint,) = additions([record(bounced=True, enhanced="5.2.2", feedback="complaint 2026-11-27")])
    assert (complaint.reason, complaint.day) == ("complaint", date(2026, 11, 27))
    (wish,) = additions([record(feedback="unsubscribed on a day")])
    assert (wish.reason, wish.day) == ("unsubscribed", day)
    assert list(additions([record(bounced=True, enhanced="5.7.1"), record(enhanced="5.1.1")])) == []
