"""Exim: what its lines prove, and what no stranger can make them prove. The lines are those of Exim 4.96, and of 4.97
where the id is longer, with names of ours.
"""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.evidence import EvidenceKind
from campaign.settle.logs.exim import Exim
from tests.settle.logs.senders import key_of, return_path, short, told

_ID = "1xWhgB-0004XS-2g"
_TAKEN = f"{_ID} <= news@acme.example H=(mailer) [192.0.2.9] P=esmtp S=336 id=ours3@acme.example"


def _log(*lines: str) -> list[str]:
    return [f"2026-11-26 21:00:00 {line}" for line in lines]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-11-26 21:00:00 +0000 ", ""),
        ("2026-11-26 21:00:00.276 +0000 [1803] ", ""),
        ("Nov 26 21:00:00 mail exim[1803]: 2026-11-26 21:00:00 ", ""),
        ("Nov 26 21:00:00 mail exim4[1803]: ", ""),
        ("2026-11-26T21:00:00+00:00 mail exim[1803]: 2026-11-26 22:00:00.123 +0100 [1803] ", ""),
        ("2026-11-26 21:00:00 +0000 ", ' T="Hi"'),
        ("2026-11-26 21:00:00 +0000 ", r' T="id=ours9@acme.example \"quoted\" for you S=1 id=ours8@acme.example"'),
        ("2026-11-26 21:00:00 +0000 ", ' T="Hi" from <news@acme.example> for p3@people.example'),
        ("2026-11-26 21:00:00 +0000 ", " for p3@people.example"),
    ],
)
def test_a_message_is_taken(before: str, after: str) -> None:
    """With the selectors that Exim has for its log, in its own file and through syslog."""
    (found,) = told(Exim(), [before + _TAKEN + after])
    assert (found.kind, found.message_id, found.moment) == (
        EvidenceKind.ACCEPTED,
        "ours3@acme.example",
        int(datetime(2026, 11, 26, 21, tzinfo=UTC).timestamp()),
    )
    assert found.place == f"mail.log:1, queue id {_ID}"


def test_the_longer_ids_of_exim_4_97() -> None:
    lines = [line.replace(_ID, "1xWhgB-00000004XS2-0a1B") for line in (_TAKEN, f"{_ID} => p3@people.example R=r T=t")]
    assert short(told(Exim(), _log(*lines))) == ["accepted 3", "delivered 3"]


@pytest.mark.parametrize(
    "fields",
    [
        "H=mx.example [192.0.2.9]:41022 I=[192.0.2.1]:25 P=esmtpsa X=TLS1.3:ECDHE_SECP256R1:256 CV=no A=plain:news"
        " K S=336 M8S=8 DKIM=acme.example RT=0.012s Q=bulk",
        'H=mx.example [192.0.2.9] P=esmtps X=TLS1.3:ECDHE:256 CV=yes DN="CN=id=x" SNI=mail S=336',
        "U=news P=local S=336",
    ],
)
def test_whatever_fields_stand_before_the_message_id(fields: str) -> None:
    assert short(told(Exim(), _log(f"{_ID} <= a@b {fields} id=ours3@acme.example"))) == ["accepted 3"]


def test_the_key_in_the_return_path_is_proof_as_well() -> None:
    """Where `log_selector` has no msg_id, or a relay before this one has put another Message-ID in."""
    arrival = f"{_ID} <= {return_path(3)} H=(m) [192.0.2.9] P=esmtp S=336"
    for line in (arrival, f"{arrival} id=another@relay.example"):
        (found,) = told(Exim(), _log(line))
        assert (found.key, found.message_id) == (key_of(3), "")


def test_a_key_and_a_message_id_of_different_contacts_prove_nothing() -> None:
    assert not told(Exim(), _log(f"{_ID} <= {return_path(4)} H=(m) [192.0.2.9] P=esmtp S=336 id=ours3@acme.example"))


@pytest.mark.parametrize(
    "line",
    [
        f"{_ID} (= news@acme.example H=(m) [192.0.2.9] P=esmtp S=336 id=ours3@acme.example",  # refused, for show
        f"{_ID} H=(m) [192.0.2.9] F=<news@acme.example> rejected after DATA: id=ours3@acme.example",
        f"{_ID} SMTP connection lost after final dot H=(m) [192.0.2.9] P=esmtp",
        f"{_ID} == p3@people.example R=r T=t defer (-44): 450 later",
        f"{_ID} Completed",
        f"{_ID} => p3@people.example R=r T=t",  # of a message whose arrival is not there
        f"{_ID} ** p3@people.example R=r T=t: 550 no",
        f"{_ID} <= <> R=1xWhgB-0004XS-2f U=Debian-exim P=local S=1807 id=E1xWhgB-0004XS-2g@mail",
        f"{_ID} <= someone@else.example H=(m) [192.0.2.9] P=esmtp S=336 id=theirs@else.example",
    ],
)
def test_what_proves_nothing(line: str) -> None:
    assert not told(Exim(), _log(line))


@pytest.mark.parametrize(
    "line",
    [
        # HELO, with helo_accept_junk_hosts
        f"{_ID} <= a@b H=(x S=1 id=ours3@acme.example) [192.0.2.9] P=smtp S=9",
        f"{_ID} <= a@b H=(x S=1 id=ours3@acme.example y) [192.0.2.9] P=smtp S=9 id=theirs@b",
        f"{_ID} <= a@b H=(x S=1 id=ours3@acme.example for y) [192.0.2.9] P=smtp S=9",
        f"{_ID} <= a@b H=(x S=1 id=ours3@acme.example from <a>) [192.0.2.9] P=smtp S=9",
        f'{_ID} <= a@b H=(x S=1 id=ours3@acme.example T="y) [192.0.2.9] P=smtp S=9',
        f'{_ID} <= a@b H=(x S=1 id=ours3@acme.example T="y) [192.0.2.9] P=smtp S=9 id=theirs@b T="z" for a@b',
        f'{_ID} <= a@b H=(x S=1 id=ours3@acme.example T="y) [192.0.2.9] P=smtp S=9 T=" from <a> for a@b" for a@b',
        # the quoted part of a sender
        f'{_ID} <= "x S=1 id=ours3@acme.example T="@b H=(m) [192.0.2.9] P=smtp S=9',
        f'{_ID} <= "x S=1 id=ours3@acme.example"@b H=(m) [192.0.2.9] P=smtp S=9 id=theirs@b',
        # a certificate's name
        f'{_ID} <= a@b H=(m) [192.0.2.9] P=esmtps X=T DN="CN=x S=1 id=ours3@acme.example" S=9 id=theirs@b',
        f'{_ID} <= a@b H=(m) [192.0.2.9] P=esmtps X=T DN="CN=x S=1 id=ours3@acme.example" S=9',
        # a Message-ID of two words, or of a quoted part
        f'{_ID} <= a@b H=(m) [192.0.2.9] P=smtp S=9 id="x S=1 id=ours3@acme.example"@b',
        f'{_ID} <= a@b H=(m) [192.0.2.9] P=smtp S=9 id="x S=1 id=ours3@acme.example T="@b',
        # a subject, and a sender that is like ours
        f'{_ID} <= a@b H=(m) [192.0.2.9] P=smtp S=9 T="x S=1 id=ours3@acme.example"',
        f'{_ID} <= a@b H=(m) [192.0.2.9] P=smtp S=9 T="x\\" S=1 id=ours3@acme.example"',
        f"{_ID} <= a@b H=({return_path(3)}) [192.0.2.9] P=smtp S=9",
        f'{_ID} <= "{return_path(3)}"@b H=(m) [192.0.2.9] P=smtp S=9',
    ],
)
def test_nobody_can_forge_an_arrival(line: str) -> None:
    """Not even who knows a Message-ID of ours; by words that a stranger may choose."""
    assert not told(Exim(), _log(line))


@pytest.mark.parametrize(
    ("line", "code", "enhanced", "detail"),
    [
        ("** p3@people.example: Unrouteable address", None, "", "Unrouteable address"),
        ("** p3@people.example: retry timeout exceeded", None, "", "retry timeout exceeded"),
        (
            "** p3@people.example F=<a@b> P=<a@b> R=r T=t H=127.0.0.1 [127.0.0.1] X=T1:E:256 CV=no: SMTP error from "
            "remote mail server after RCPT TO:<p3@people.example>: 550 5.1.1 No such user DT=0.000s",
            550,
            "5.1.1",
            "SMTP error from remote mail server after RCPT TO:<(address)>: 550 5.1.1 No such user DT=0.000s",
        ),
        ("** P3@People.Example R=r T=t: 552-5.2.2 full", 552, "5.2.2", "552-5.2.2 full"),
        ("** p3@people.example R=r T=t: message has 553 lines", None, "", "message has 553 lines"),
    ],
)
def test_given_up_for_good(line: str, code: int | None, enhanced: str, detail: str) -> None:
    found = told(Exim(), _log(_TAKEN, f"{_ID} {line}"))
    assert short(found) == ["accepted 3", "bounced 3"]
    assert (found[1].code, found[1].enhanced, found[1].detail) == (code, enhanced, detail)


def test_of_an_alias_only_the_end_without_any_delivery_is_a_bounce() -> None:
    """An archive's copy may fail, and the message arrives all the same."""
    failed = f"{_ID} ** archive@acme.example <p3@people.example> R=archive T=t: 550 full"
    arrived = f"{_ID} => p3@people.example R=r T=t"
    done = f"{_ID} Completed"
    assert short(told(Exim(), _log(_TAKEN, failed))) == ["accepted 3"]
    assert short(told(Exim(), _log(_TAKEN, failed, done))) == ["accepted 3", "bounced 3"]
    assert short(told(Exim(), _log(_TAKEN, failed, arrived, done))) == ["accepted 3", "delivered 3"]
    assert short(told(Exim(), _log(_TAKEN, arrived, failed, done))) == ["accepted 3", "delivered 3"]


def test_of_an_alias_nothing_is_said_where_a_part_of_the_story_is_missing() -> None:
    """The delivery may stand there."""
    failed = f"{_ID} ** archive@acme.example <p3@people.example> F=<{return_path(3)}> R=archive T=t: 550 full"
    done = f"{_ID} Completed"
    assert not told(Exim(), _log(failed, done))
    for seconds, bounces in ((601, []), (600, ["bounced 3"])):
        server = Exim()
        assert short(told(server, _log(_TAKEN))) == ["accepted 3"]
        server.file_ends(1_000_000)
        server.file_begins(1_000_000 + seconds)
        assert short(told(server, _log(failed, done))) == bounces


@pytest.mark.parametrize(
    "line", ['=> "a b"@where.example <p3@people.example> R=r', "=> :blackhole: <p3@people.example> R=r", "=> x@y R=r"]
)
def test_any_delivery_speaks_against_a_bounce_of_an_alias(line: str) -> None:
    failed = f"{_ID} ** archive@acme.example <p3@people.example> R=archive T=t: 550 full"
    assert short(told(Exim(), _log(_TAKEN, failed, f"{_ID} {line}", f"{_ID} Completed"))) == ["accepted 3"]


@pytest.mark.parametrize(
    ("line", "is_delivery"),
    [
        ('=> p3@people.example F=<a@b> R=r T=t H=mx [192.0.2.1] C="250 ** p4@people.example" QT=0.0s', True),
        ("=> p3 <p3@people.example> R=r T=t", True),
        ("-> else@where.example <p3@people.example> R=r T=t", True),
        ("=> else@where.example (all@acme.example, more@acme.example) <p3@people.example> R=r T=t", True),
        ("=> /var/mail/p3 <p3@people.example> R=r T=t", True),
        ("=> |/usr/bin/sort -x (p@x) <p3@people.example> R=r T=t", True),
        (">> p3@people.example R=r T=t", True),
        ("=> archive@acme.example R=r T=t", False),
        ("=> :blackhole: <p3@people.example> R=r", False),
        ("=> blackhole (DATA ACL discarded recipients)", False),
        ("*> p3@people.example R=r T=t", False),
        ('=> x@y.example R=r T=t C="250 <p3@people.example> R=x"', False),
    ],
)
def test_delivered(line: str, is_delivery: bool) -> None:
    found = told(Exim(), _log(_TAKEN, f"{_ID} {line}"))
    assert short(found) == ["accepted 3", *(["delivered 3"] if is_delivery else [])]


def test_without_an_arrival_the_key_of_a_delivery_is_proof() -> None:
    """Exim was killed before it wrote the line, or the log begins later; with +sender_on_delivery."""
    sender = f"F=<{return_path(3)}>"
    done = f"{_ID} Completed"
    assert short(told(Exim(), _log(f"{_ID} => p3 <p3@people.example> {sender} R=r T=t", done))) == ["delivered 3"]
    assert short(told(Exim(), _log(f"{_ID} ** p3@people.example {sender} R=r T=t: 550 no", done))) == ["bounced 3"]
    for line in (
        f"{_ID} => p4@people.example {sender} R=r T=t",
        f"{_ID} => p3@people.example F=<> R=r T=t",
        f'{_ID} => p3@people.example R=r T=t C="250 {sender}"',
        f"{_ID} == p3@people.example {sender} R=r defer (-1): later",
    ):
        assert not told(Exim(), _log(line, done))


def test_another_host_with_the_same_id_is_another_message() -> None:
    host = "Nov 26 21:00:00 {} exim[1]: {}"
    lines = [host.format("one", _TAKEN), host.format("two", f"{_ID} ** p3@people.example: no")]
    assert short(told(Exim(), lines)) == ["accepted 3"]


_FATES = {
    "arrived": (["=> p{n}@people.example R=r T=t", "Completed"], ["accepted", "delivered"]),
    "bounced": (["== p{n}@people.example R=r defer (-1): x", "** p{n}@people.example R=r: 550 no", "Completed"],
                ["accepted", "bounced"]),
    "waiting": (["== p{n}@people.example R=r defer (-1): x"], ["accepted"]),
    "other": (["=> p{n}@people.example R=r T=t", "Completed"], []),
}  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(sorted(_FATES)), max_size=6), st.randoms(use_true_random=False), st.booleans())
def test_stories_that_go_on_side_by_side(fates: list[str], chance, again: bool) -> None:  # type: ignore[no-untyped-def]
    """Whatever order they stand in, and where a file is read twice, each contact gets its own fate and no other."""
    stories = []
    for number, fate in enumerate(fates):
        owner = "theirs" if fate == "other" else "ours"
        message = f"1xWhgB-0004XS-{number:02}"
        start = f"<= a@b H=(m) [::1] P=esmtp S=1 id={owner}{number}@acme.example"
        stories.append([f"{message} {line.format(n=number)}" for line in (start, *_FATES[fate][0])])
    lines = []
    while any(stories):
        lines.append(chance.choice([story for story in stories if story]).pop(0))
    server = Exim()
    found = told(server, _log(*lines, *(lines if again else ())))
    told_of = {(one.id, one.kind): word for one, word in zip(found, short(found), strict=True)}
    expected = sorted(f"{kind} {number}" for number, fate in enumerate(fates) for kind in _FATES[fate][1])
    assert sorted(told_of.values()) == expected


_PIECES = st.sampled_from(
    [" <= ", " => ", " ** ", "a@b", " H=(", ")", " S=9", " id=", "ours3@acme.example", ' T="', '"', " for ", "\\", " "]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=4), max_size=12))
def test_no_line_stops_it(pieces: list[str]) -> None:
    text = "".join(pieces).replace("\n", " ").replace("\r", " ")
    lines = _log(f"{_ID} {text}", _TAKEN, f"{_ID} {text}", f"{_ID} ** {text}", f"{_ID} => {text}")
    assert "accepted 3" in short(told(Exim(), lines))
