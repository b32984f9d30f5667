"""Sendmail: what its lines prove. They are those of Sendmail 8.17, with names of ours."""

import pytest

from campaign.settle.logs.sendmail import Sendmail
from tests.settle.logs.senders import return_path, short, told

_ID = "6AQMI2t9006034"
_FROM = (
    f"{_ID}: from=<news@acme.example>, size=134, class=0, nrcpts=1, msgid=<ours3@acme.example>, proto=ESMTP, "
    "daemon=MTA, relay=localhost [127.0.0.1]"
)
_TO = f"{_ID}: to=<p3@people.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30134, "
_AT = "relay=mx.people.example. [192.0.2.9], "
_SENT = f"{_TO}{_AT}dsn=2.0.0, stat=Sent (Ok: queued)"
_FAILED = f"{_TO}{_AT}dsn=5.1.1, reply=550 5.1.1 No, really, stat=User unknown"
_PUT_OFF = f"{_TO}{_AT}dsn=4.2.1, reply=450 4.2.1 Busy, stat=Deferred: 450 4.2.1 Busy"
_NOT_SENT = f"{_ID}: to=<p3@people.example>, delay=00:00:00, pri=0, "
_TIMEOUT = f"{_ID}: 6AQMI6tA006191: DSN: Cannot send message for 5 days"


def _log(*lines: str, tag: str = "sendmail") -> list[str]:
    """`pid text`: the process that says so."""
    split = [line.partition(" ") for line in lines]
    return [f"Nov 26 21:00:00 mail {tag}[{process}]: {text}" for process, _, text in split]


@pytest.mark.parametrize(
    ("lines", "proved"),
    [
        ([f"1 {_FROM}"], []),
        ([f"1 {_FROM}", f"2 {_SENT}"], ["delivered 3"]),
        ([f"1 {_FROM}", f"1 {_SENT}"], ["delivered 3"]),  # DeliveryMode=interactive
        ([f"1 {_FROM}", f"2 {_TO}dsn=2.0.0, stat=Sent"], ["delivered 3"]),
        ([f"1 {_FROM}", f"2 {_FAILED}"], ["bounced 3"]),
        ([f"1 {_FROM}", f"1 {_FAILED}"], []),  # it may have been the reply
        ([f"1 {_FROM}", f"2 {_PUT_OFF}"], ["accepted 3"]),
        ([f"1 {_FROM}", f"1 {_PUT_OFF}"], []),
        ([f"1 {_FROM}", f"1 {_PUT_OFF}", f"2 {_PUT_OFF}"], ["accepted 3"]),
        ([f"1 {_FROM}", f"2 {_PUT_OFF}", f"3 {_TIMEOUT}"], ["accepted 3", "bounced 3"]),
        ([f"1 {_FROM}", f"3 {_TIMEOUT}"], []),
        ([f"1 {_FROM}", f"2 {_PUT_OFF}", f"2 {_ID}: 6AQMI6tA006191: DSN: Return receipt"], ["accepted 3"]),
        ([f"1 {_FROM}", f"2 {_SENT}", f"2 {_FAILED}"], ["delivered 3"]),
        ([f"2 {_SENT}"], []),
        # none of these is a delivery
        ([f"1 {_FROM}", f"2 {_NOT_SENT}stat=queued"], []),
        ([f"1 {_FROM}", f"2 {_NOT_SENT}stat=rset"], []),
        ([f"1 {_FROM}", f"2 {_NOT_SENT}dsn=5.7.1, stat=Command rejected"], []),
        ([f"1 {_FROM}", f"1 {_ID}: Milter: data, reject=554 5.7.1 Command rejected"], []),
        # what an alias has made of it
        ([f"1 {_FROM}", f"2 {_SENT.replace('p3@', 'else@')}"], ["accepted 3"]),
        ([f"1 {_FROM}", f"2 {_FAILED.replace('p3@', 'else@')}"], ["accepted 3"]),
        ([f"1 {_FROM}", f"2 {_SENT.replace('>, delay', '>, ctladdr=<p3@b> (8/0), delay')}"], ["delivered 3"]),
    ],
)  # fmt: skip
def test_what_proves_what(lines: list[str], proved: list[str]) -> None:
    """`from=` nothing; `Sent` everything; the rest if another process than the one that took it in says so."""
    assert short(told(Sendmail(), _log(*lines))) == proved
    assert short(told(Sendmail(), _log(*lines, tag="sm-mta"))) == proved


def test_what_the_bounce_says() -> None:
    found = told(Sendmail(), _log(f"1 {_FROM}", f"2 {_FAILED}"))[0]
    assert (found.code, found.enhanced, found.detail) == (None, "5.1.1", "User unknown")
    assert found.place == f"mail.log:2, queue id {_ID}"


def test_another_server_cannot_make_sent_of_its_refusal() -> None:
    forged = f"2 {_TO}{_AT}dsn=5.1.1, reply=550 5.1.1 x, stat=Sent (ok), stat=User unknown"
    assert short(told(Sendmail(), _log(f"1 {_FROM}", forged))) == ["bounced 3"]


@pytest.mark.parametrize(
    ("sender", "known"),
    [
        (f"{_ID}: from=<{return_path(3)}>, size=1, class=0, nrcpts=1, proto=ESMTP, relay=x [::1]", True),
        (f"{_ID}: from={return_path(3)}, size=1, class=0, nrcpts=1, msgid=<theirs@x>, relay=x [::1]", True),
        (f"{_ID}: from=<{return_path(4)}>, size=1, class=0, nrcpts=1, msgid=<ours3@acme.example>, relay=x", False),
        (f'{_ID}: from=<"x>, size=1, class=0, nrcpts=1, msgid=<ours3@acme.example>, "@b>, size=1, class=0, x', False),
        (f"{_ID}: from=<a@b>, size=1, class=0, nrcpts=1, msgid=<x, msgid=<ours3@acme.example>, relay=x", False),
        (f"{_ID}: from=<a@b>, size=1, class=0, nrcpts=1, proto=x, msgid=<ours3@acme.example>, relay=x", False),
        (f"{_ID}: from=<a@b>, size=1, class=0, nrcpts=1, relay={return_path(3)}", False),
    ],
)
def test_whose_it_is(sender: str, known: bool) -> None:
    """By the Message-ID or the return path, at their places."""
    assert bool(told(Sendmail(), _log(f"1 {sender}", f"2 {_SENT}"))) is known


def test_postfix_has_a_sendmail_too() -> None:
    assert not told(Sendmail(), _log(f"1 {_FROM}", f"2 {_SENT}", tag="postfix/sendmail"))
