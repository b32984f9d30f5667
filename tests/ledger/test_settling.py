"""Words moved by proof, as the ledger keeps them: what moves, what stays on record, and what nothing is lost of."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from campaign.contacts import contact_key
from campaign.ledger.interface import SettlingLedger
from campaign.ledger.opening import open_for_settling
from campaign.ledger.sql import queries
from campaign.ledger.sql.tally import counted, tally
from campaign.ledger_place import Place
from campaign.model import Status
from tests.ledgers import attempt, commit, enrolled, journal, people, row, rows, settle
from tests.proofs import ACCEPTED, BOUNCED, COMPLAINT, DELIVERED, PLACE, UNSUBSCRIBED, bounce, moved, proof, words
from tests.stores import looking, open_run

STANDING = [Status.SENT, Status.IN_DOUBT, Status.FAILED, Status.REJECTED]


@pytest.fixture
def place(store: Place) -> Place:
    """A ledger of six people: sent, in doubt, failed, rejected, and two who are due."""
    with open_run(store) as ledger:
        people(ledger, 6)
        settle(ledger, {f"p{number}@people.example": status for number, status in enumerate(STANDING, 1)})
    return store


@pytest.fixture
def settling(place: Place) -> Iterator[SettlingLedger]:
    with open_for_settling(place, "x") as ledger:
        yield ledger
    assert agrees(place)


def agrees(place: Place) -> bool:
    """Whether the kept numbers of rows are what there is."""
    with looking(place) as database:
        return tally(database) == counted(database)


def recorded(place: Place) -> list[tuple[object, ...]]:
    """What stands in the table of evidence."""
    with looking(place) as database:
        sql = (
            "SELECT contact, kind, id, word_before, word, code_before, detail_before FROM evidence ORDER BY recorded_at"
        )
        return [tuple(row) for row in database.execute(sql)]


def test_each_word_moves_as_far_as_it_is_proved(settling: SettlingLedger) -> None:
    weighed = settling.weigh([*map(proof, range(1, 6)), bounce(1), bounce(6)])
    assert moved(weighed) == [
        ("in_doubt", "sent"), ("failed", "sent"), ("rejected", "sent"), ("pending", "sent"), ("sent", "bounced"),
        ("pending", "bounced"),
    ]  # fmt: skip
    assert words(settling) == ["bounced", "sent", "sent", "sent", "sent", "bounced"]
    assert [one.proof.contact for one in weighed] == [1, 2, 3, 4, 5, 1, 6], "in order"


def test_a_second_time_nothing_is_news(settling: SettlingLedger, place: Place) -> None:
    proofs = [proof(2), bounce(1), proof(3, COMPLAINT), proof(5, UNSUBSCRIBED, arrived=False)]
    assert len(moved(settling.weigh(proofs))) == 4
    before, stood = recorded(place), list(settling.reader.result_rows())
    again = settling.weigh([*proofs, proof(1), proof(2, DELIVERED), proof(1, BOUNCED, name="another")])
    assert not any(one.news or one.feedback for one in again)
    assert recorded(place) == before, "what only confirms a word is not kept"
    assert list(settling.reader.result_rows()) == stood


def test_a_row_shows_its_bounce_and_the_relays_reply_stays_on_record(settling: SettlingLedger, place: Place) -> None:
    settling.weigh([bounce(1)])
    shown, *_ = settling.reader.result_rows()
    assert shown[2:8] == ("bounced", 1, 550, "5.1.1", "no such user", 1_700_000_100)
    assert (shown.feedback, shown.evidence) == (None, PLACE)
    assert recorded(place) == [(1, "bounced", "relay/4F2", "sent", "bounced", 250, "Ok: queued")]
    assert next(settling.people())[0] == (1, "p1@people.example", "Ok: queued"), "it has the relay's name for it"


def test_a_row_that_is_proved_to_be_sent_says_by_what(settling: SettlingLedger) -> None:
    settling.weigh(
        [proof(2, code=450, enhanced="4.2.1"), proof(3, DELIVERED, code=250, enhanced="2.0.0"), proof(4, COMPLAINT)]
    )
    _, two, three, four, *_ = settling.reader.result_rows()
    assert two[4:7] == (None, None, f"it was accepted: Postfix log, {PLACE}")
    assert three[4:7] == (250, "2.0.0", f"it was delivered: Postfix log, {PLACE}")
    assert four[6] == f"it arrived, and this came back: complaint 2023-11-14: Postfix log, {PLACE}"


def test_what_came_back_is_put_on_record_and_moves_no_bounce(settling: SettlingLedger) -> None:
    settling.weigh([bounce(1)])
    complaint, wish = settling.weigh([proof(1, COMPLAINT), proof(2, UNSUBSCRIBED, 1_700_100_000)])
    assert (complaint.before, complaint.after, complaint.feedback) == ("bounced", "bounced", True)
    assert (wish.before, wish.after, wish.feedback) == ("in_doubt", "sent", True)
    found = [(one.status, one.feedback) for one in settling.reader.result_rows()]
    assert found[:3] == [("bounced", "complaint 2023-11-14"), ("sent", "unsubscribed 2023-11-16"), ("failed", None)]


def test_whoever_is_found_by_address_alone_and_is_still_due_is_suppressed(settling: SettlingLedger) -> None:
    settling.weigh([proof(number, UNSUBSCRIBED, arrived=False) for number in (1, 2, 3, 5)])
    found = [(one.status, one.feedback) for one in settling.reader.result_rows()]
    wish = "unsubscribed 2023-11-14"
    assert found[:5] == [("sent", wish), ("in_doubt", wish), ("failed", wish), ("rejected", None), ("suppressed", wish)]
    assert list(settling.reader.result_rows())[4].detail == wish
    assert moved(settling.weigh([proof(5)])) == [("suppressed", "sent")], "an earlier copy was taken after all"


def test_there_are_later_words_once_anything_is_shown(settling: SettlingLedger) -> None:
    assert not settling.reader.has_later_words()
    settling.weigh([proof(1)])
    assert not settling.reader.has_later_words()
    settling.weigh([proof(2)])
    assert settling.reader.has_later_words()


def test_who_left_the_file_and_who_is_on_a_list_is_counted_right(place: Place) -> None:
    with open_run(place) as ledger:
        kept = rows("p1@people.example", "p3@people.example", "P3@people.example", "p5@people.example")
        enrolled(ledger, kept, suppressed=["p3@people.example", "p5@people.example"])
    with open_for_settling(place, "x") as settling:
        assert words(settling) == ["sent", "suppressed", "duplicate", "suppressed"]
        weighed = settling.weigh([bounce(2), bounce(3), proof(5), proof(6, UNSUBSCRIBED, arrived=False)])
        assert moved(weighed) == [
            ("in_doubt", "bounced"), ("suppressed", "bounced"), ("suppressed", "sent"), ("pending", "suppressed")
        ]  # fmt: skip
        assert words(settling) == ["sent", "bounced", "duplicate", "sent"]
        shown = list(settling.reader.result_rows())
        assert [one.evidence for one in shown] == [None, PLACE, None, PLACE], "a duplicate's is another row's"
    assert agrees(place)
    with open_run(place) as ledger:
        people(ledger, 6)
        assert ledger.count_due() == 0, "who asked to be left alone comes back with the file, and is not mailed"
        found = [one.status for one in queries.result_rows(ledger.database)]
        assert found == ["sent", "bounced", "bounced", "rejected", "sent", "suppressed"]


def test_rows_that_are_read_meanwhile_are_counted_as_what_they_are_by_then(
    settling: SettlingLedger, place: Place
) -> None:
    settling.weigh([proof(2)])
    with open_run(place) as ledger:
        listed = [("p3@people.example", "quiet.csv", 1)]
        ledger.enrol(("email",), [rows("p3@people.example", "new@people.example")], listed, contact_key)
    settling.weigh([bounce(1), bounce(3), bounce(4), proof(8), proof(99)])
    assert words(settling) == ["bounced", "sent"]


def test_people_come_in_parts_with_the_last_reply(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.ledger.sql.settling._AT_ONCE", 4)
    with open_for_settling(place, "x") as settling:
        first, second = map(sorted, settling.people())
        assert len(first) == 4 and [one[1] for one in second] == ["p5@people.example", "p6@people.example"]
        assert first[:2] == [(1, "p1@people.example", "Ok: queued"), (2, "p2@people.example", "Mailbox busy")]


def test_other_peoples_words_are_written_as_they_can_be_seen_and_cut(settling: SettlingLedger) -> None:
    hostile = "\x1b[2J\udcff\x00" + "x" * 5_000
    odd = proof(1, BOUNCED, -5, name=hostile, place=hostile, code=99_999, enhanced=hostile, detail=hostile)
    late = proof(2, BOUNCED, 10**30)
    assert moved(settling.weigh([odd, late])) == [("sent", "bounced"), ("in_doubt", "bounced")]
    shown, other, *_ = settling.reader.result_rows()
    assert shown.detail.startswith(r"\x1b[2J\udcff\x00xxx") and len(shown.detail) == 1_000
    assert (shown.smtp_code, shown.enhanced_status) == (None, None)
    assert shown.settled_at == other.settled_at and shown.settled_at is not None
    assert not any(one.news for one in settling.weigh([odd, late]))
    assert settling.weigh([]) == []


def test_when_the_first_run_began(place: Place) -> None:
    with open_run(place) as ledger, open_for_settling(place, "x") as settling:
        assert settling.begun is None and settling.contact_key_salt() is None
        ledger.announce_run(opened=None, templates="")
        begun = settling.begun
        assert begun is not None and begun.utcoffset() is not None
        ledger.announce_run(opened=None, templates="")
        assert settling.begun == begun
        assert ledger.keep_contact_key_salt() == settling.contact_key_salt()


def test_runs_count_what_they_found_themselves(settling: SettlingLedger) -> None:
    """What is proved while a run goes on is none of what it has sent."""
    before = settling.reader.deliveries()
    assert +before == {Status.SENT: 1, Status.IN_DOUBT: 1}
    settling.weigh([bounce(1), proof(2), bounce(3), proof(5, UNSUBSCRIBED, arrived=False)])
    assert settling.reader.deliveries() == before


def test_one_who_is_claimed_and_left_so_by_a_run_that_was_killed(place: Place) -> None:
    with closing(journal(place)) as pen:
        pen.claim(attempt(5))
        commit(pen)
    with open_for_settling(place, "x") as settling:
        assert words(settling)[4] == "in_doubt"
        assert moved(settling.weigh([proof(5)])) == [("in_doubt", "sent")]
        assert list(settling.reader.result_rows())[4].attempts == 1, "it was an attempt, as after recovery"
    assert agrees(place)


def test_an_address_that_can_be_mailed_and_nothing_of_it_was(store: Place) -> None:
    """Rows that can't be mailed have no contact: nothing is proved of them."""
    place = store
    with open_run(store) as ledger:
        enrolled(ledger, [row(1, None), row(2, "ann@x.example")])
    with open_for_settling(place, "x") as settling:
        assert [one for some in settling.people() for one in some] == [(2, "ann@x.example", "")]
        assert moved(settling.weigh([proof(1), proof(2, ACCEPTED, None)])) == [("pending", "sent")]
        assert words(settling) == ["invalid", "sent"]
