"""Whoever a message is about is found by what identifies it, and nobody else is."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.message import MessageIds
from campaign.message.contact_key import ContactKeys
from campaign.settle import index
from campaign.settle.index import PeopleIndex
from campaign.settle.relay_ids import ids_in

IDS, KEYS = MessageIds("autumn", "acme.example"), ContactKeys(b"salt")
SES = "0100018f2b7c1a2b-11111111-2222-3333-4444-555555555555-000000"


def index_of(*people: tuple[int, str, str]) -> PeopleIndex:
    def everybody() -> Iterator[Sequence[tuple[int, str, str]]]:
        yield people[:1]
        yield people[1:]

    return PeopleIndex(everybody, message_id=IDS, key=KEYS)


def test_each_is_found_by_each_of_what_is_theirs_in_whatever_case() -> None:
    ours = index_of((7, "ada@engine.example", f"Ok {SES}"), (9, "bob@engine.example", "queued"))
    for number, email in ((7, "ada@engine.example"), (9, "bob@engine.example")):
        assert ours.by_message_id(IDS(email)) == number
        assert ours.by_message_id(IDS(email).strip("<>").upper()) == number
        assert ours.by_key(KEYS(email).upper()) == number
        assert ours.by_address(f" {email.title()} ") == number
        assert ours.has_address(number, email)
    assert ours.by_relay_id(SES.upper()) == 7
    assert not ours.has_address(7, "bob@engine.example")


def test_what_is_nobody_s_finds_nobody() -> None:
    ours = index_of((7, "ada@engine.example", f"Ok {SES}"))
    for ask in (ours.by_message_id, ours.by_key, ours.by_relay_id, ours.by_address):
        for name in ("", "<>", "x", IDS("zoe@engine.example"), KEYS("zoe@engine.example"), "\ud800", "ada"):
            assert ask(name) is None


def test_a_relay_s_id_that_several_rows_have_is_nobody_s() -> None:
    ours = index_of((7, "ada@engine.example", SES), (9, "bob@engine.example", SES), (9, "bob@engine.example", SES))
    assert ours.by_relay_id(SES) is None


def test_nothing_is_made_of_what_nobody_asks_for() -> None:
    asked: list[str] = []

    def key(email: str) -> str:
        asked.append(email)
        return KEYS(email)

    ours = PeopleIndex(lambda: iter([[(1, "ada@engine.example", "")]]), message_id=IDS, key=key)
    ours.by_message_id(IDS("ada@engine.example"))
    assert not asked
    assert ours.by_key(KEYS("ada@engine.example")) == 1


@given(st.sets(st.text("abcd", min_size=1, max_size=4), min_size=1), st.text("abcd", min_size=1, max_size=4))
def test_the_index_answers_as_a_dictionary_would_also_where_all_share_one_bucket(names: set[str], other: str) -> None:
    people = [(number, name, "") for number, name in enumerate(sorted(names), 1)]
    with pytest.MonkeyPatch.context() as patched:
        # Digests of which the first octets agree, and records that repeat within one another.
        patched.setattr(index, "_digest", lambda name: name.encode().rjust(16, b"\0"))
        ours = PeopleIndex(lambda: iter([people]), message_id=lambda email: email, key=KEYS)
        for number, name, _ in people:
            assert ours.by_address(name) == number
        assert ours.by_address(other) == {name: number for number, name, _ in people}.get(other)


@pytest.mark.parametrize(
    ("reply", "ids"),
    [
        (f"Ok {SES}", [SES]),
        ("Ok: queued as -8v2KzY5QkKLK4lhbxXjQA", ["-8v2KzY5QkKLK4lhbxXjQA"]),
        ("Ok: queued as 0a129aee-e1cd-480d-b08d-4f48548ff48d.", ["0a129aee-e1cd-480d-b08d-4f48548ff48d"]),
        ("Ok: queued as 4XyZ1r2T3uz9rZQ", []),
        ("Great success", []),
        ("congratulationsonthisverylongword", []),
        ("", []),
    ],
)
def test_an_id_is_what_is_long_enough_to_be_one_message_s_alone(reply: str, ids: list[str]) -> None:
    assert ids_in(reply) == ids
