"""Reasons, grouped: a thousand refusals that differ in what differs are one line, and every row is in a line."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.model import Status
from campaign.report import Reason, Reasons
from campaign.report.wording import without_names, without_what_differs

NAMES = [
    f"{first}{last}".lower()
    for first in ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "Niklaus", "Radia", "Vint")
    for last in ("Smith", "Jones", "Hansen", "Silva", "Kovacs", "Dubois", "Rossi", "Novak", "Santos", "Weber")
]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def lines(
    words: Callable[[int, str], str], count: int = 1000, *, code: int | None = 550, enhanced: str | None = "5.1.1"
) -> list[Reason]:
    found = Reasons()
    for number in range(count):
        email = f"{NAMES[number % 100]}.{LETTERS[number // 100 % 26]}@people{number}.example"
        found.add(Status.REJECTED, code, enhanced, words(number, email), email)
    told = list(found.lines())
    assert sum(reason.count for reason in told) == count, "a row is in no line"
    return told


@pytest.mark.parametrize(
    ("words", "alike"),
    [
        (lambda n, e: f"<{e}>: Recipient address rejected", "<…>: Recipient address rejected"),
        (lambda n, e: f"No such user: {e.upper()}", "No such user: …"),
        (lambda n, e: f"user {e.partition('@')[0]} is not known here", "user … is not known here"),
        (lambda n, e: f"we do not host {e.partition('@')[2]}", "we do not host …"),
        (lambda n, e: f"blocked by {n % 9}.dnsbl.example, see https://list.example/?ip={n}", "blocked by …, see …"),
        (lambda n, e: f"mx{n % 7}.big.example says no (id {n:010X}{n})", "… says no (id …)"),
        (lambda n, e: f"[192.0.2.{n % 256}] and [2001:db8::{n:x}] are listed", "[…] and […] are listed"),
        (lambda n, e: f"refused 1tG{n:03}-0000{n:02X}-Cd on 2026-11-26T10:{n % 60:02}:00Z", "refused … on …"),
        (lambda n, e: f"quota {n * 7} of {n * 6} bytes used", "quota … of … bytes used"),
        (lambda n, e: f"5.1.1 unknown - gsmtp {n:x}a-{n * 9:x}b.{n}", "5.1.1 unknown - gsmtp …"),
        (lambda n, e: f"Message-ID <{n:032x}@acme.example> refused", "Message-ID <…> refused"),
        (lambda n, e: f"case 0b3c1f0e-6f1d-4d26-9f3a-{n:012x} was opened", "case … was opened"),
        (lambda n, e: f"Mailbox of {NAMES[n % 100]} is closed", "Mailbox of … is closed"),  # a name of nobody's address
    ],
)  # fmt: skip
def test_a_thousand_that_differ_in_what_differs_are_one_line(words: Callable[[int, str], str], alike: str) -> None:
    (one,) = lines(words)
    assert (one.code, one.detail, one.count) == ("550 5.1.1", alike, 1000)
    assert one.example in {words(number, f"{NAMES[number % 100]}.{LETTERS[number // 100]}@people{number}.example")
                           for number in range(1000)}  # fmt: skip


def test_words_that_are_all_the_same_stand_as_they_are() -> None:
    (one,) = lines(lambda n, e: "Host mx1.big.example refuses 192.0.2.1, see https://big.example/550")
    assert (one.detail, one.example) == ("Host mx1.big.example refuses 192.0.2.1, see https://big.example/550", "")


def test_the_order_of_rows_does_not_matter() -> None:
    """No database has to give them in the file's."""
    told = [(550, "5.1.1", "b"), (550, "5.1.1", "a"), (550, None, "c"), (None, None, "d"), (None, None, "c")]
    lines = []
    for some in (told, told[::-1]):
        found = Reasons()
        for code, enhanced, words in some:
            found.add(Status.FAILED, code, enhanced, words)
        lines.append(found.lines())
    assert lines[0] == lines[1]


def test_codes_and_words_tell_reasons_apart() -> None:
    found = Reasons()
    for code, enhanced, words in (
        (550, "5.1.1", "User unknown"),
        (550, "5.7.1", "User unknown"),
        (550, None, "User unknown"),
        (551, "5.1.1", "User unknown"),
        (550, "5.1.1", "Mailbox is full"),
        (550, "5.1.1", "Mailbox is closed"),
    ):
        for number in range(3):
            found.add(Status.REJECTED, code, enhanced, words, f"p{number}@x.example")
    found.add(Status.FAILED, 550, "5.1.1", "User unknown", "p@x.example")
    assert [(one.status, one.code, one.detail, one.count) for one in found.lines()] == [
        (Status.REJECTED, "550", "User unknown", 3),
        (Status.REJECTED, "550 5.1.1", "Mailbox is closed", 3),
        (Status.REJECTED, "550 5.1.1", "Mailbox is full", 3),
        (Status.REJECTED, "550 5.1.1", "User unknown", 3),
        (Status.REJECTED, "550 5.7.1", "User unknown", 3),
        (Status.REJECTED, "551 5.1.1", "User unknown", 3),
        (Status.FAILED, "550 5.1.1", "User unknown", 1),
    ]


def test_our_own_words_keep_the_names_of_settings_and_columns() -> None:
    (one,) = lines(
        lambda n, e: f"link.redirect_to gives 'https://x.example/{n}', and contact.first_name is empty in line {n}",
        code=None,
        enhanced=None,
    )
    assert one.detail == "link.redirect_to gives '…', and contact.first_name is empty in line …"


def test_an_address_whose_name_is_a_word_of_the_reason_makes_no_line_of_its_own() -> None:
    found = Reasons()
    for name in ("user", "unknown", "ann", "bob", "mailbox", "full", "is"):
        found.add(Status.REJECTED, 550, None, f"user {name} unknown: mailbox is gone", f"{name}@x.example")
        found.add(Status.FAILED, 452, None, "mailbox is full", f"{name}@x.example")
    told = found.lines()
    assert [(one.status, one.count) for one in told if one.status is Status.FAILED] == [(Status.FAILED, 7)]
    assert len(told) <= 5


def test_a_flood_of_words_stays_a_few_lines_and_loses_nobody() -> None:
    chance = random.Random(8)
    told = lines(lambda n, e: " ".join("".join(chance.choices(LETTERS, k=6)) for _ in range(7)), 5000)
    assert len(told) <= 13
    assert told[0].detail == "in other words"
    assert told[0].example


def test_a_flood_of_codes_stays_a_few_lines_and_loses_nobody() -> None:
    found = Reasons()
    for number in range(3000):
        found.add(
            Status.REJECTED, 500 + number % 90, f"5.{number % 1000}.{number % 7}", f"no {number % 2}", "a@x.example"
        )
    told = found.lines(most=40)
    assert sum(one.count for one in told) == 3000
    assert len(told) <= 41


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([Status.REJECTED, Status.FAILED, Status.INVALID]),
            st.none() | st.integers(400, 420),
            st.none() | st.sampled_from(["5.1.1", "4.2.2"]),
            st.text() | st.sampled_from(["a b c", "a b d", "…", "in other words", ""]),
            st.emails() | st.text(),
        ),
        max_size=60,
    ),
    most=st.integers(1, 40),
)
def test_whatever_the_words_every_row_is_in_one_line(
    rows: list[tuple[Status, int | None, str | None, str, str]], most: int
) -> None:
    found = Reasons()
    for row in rows:
        found.add(*row)
    told = found.lines(most=most)
    assert sum(one.count for one in told) == len(rows)
    for status in Status:
        assert sum(one.count for one in told if one.status is status) == sum(row[0] is status for row in rows)


@pytest.mark.parametrize(
    "words",
    ["x" * 200_000, "1-" * 100_000, "a@" * 100_000, "a." * 100_000, ":" * 100_000, "https://" * 30_000, "…" * 100_000],
)
def test_no_words_take_long(words: str) -> None:
    """Regular expressions can run away: these would show it, since a test has its time limit."""
    assert len(without_what_differs(words, of_server=True)) < 3000
    assert without_names(words, "a@x.example")
