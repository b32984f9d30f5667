"""Files of mails: recognised, cut into mails, and read whatever stands in them."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.evidence import EvidenceKind, Unread
from campaign.settle.evidence_file import EvidenceFile
from campaign.settle.mail import mbox
from campaign.settle.mail.hints import beginning
from campaign.settle.mail.parse import parse
from campaign.settle.mail.reader import Mails
from tests.settle.mail.mails import ANNA, BEN, IDS, KEYS, Campaign, complaint, dsn, letter, returned

FROM = b"From MAILER-DAEMON Fri Nov 27 09:05:00 2026\n"


def _mbox(*mails: bytes) -> bytes:
    return b"".join(FROM + one.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ") + b"\n\n" for one in mails)


def _file(folder: Path, octets: bytes, name: str = "b.mbox") -> tuple[EvidenceFile, list[Unread]]:
    told: list[Unread] = []
    (folder / name).write_bytes(octets)
    return EvidenceFile(folder / name, tell=told.append), told


@pytest.mark.parametrize(
    "sample",
    [
        dsn(),
        letter("x"),
        letter("x").replace(b"\r\n", b"\n"),
        b"\xef\xbb\xbf" + complaint(),
        _mbox(dsn()),
        mbox.BOM + _mbox(dsn()),
        b"From - Fri Nov 27 09:05:00 2026\r\nX-Mozilla-Status: 0001\r\nFrom: a@b.example\r\n\r\n",
        b"From 18@xxx Fri Nov 27 09:05:00 +0000 2026\nDelivered-To: a@b.example\n\n",
    ],
)
def test_mails_and_mbox_files_are_recognised(sample: bytes) -> None:
    assert Mails.recognises("whatever", sample)


@pytest.mark.parametrize(
    "sample",
    [
        b"",
        b"\n" + dsn(),
        b"From now on, we write letters.\nFrom: us\n",
        b"Nov 27 09:05:00 mx postfix/qmgr[1]: 4F2: from=<a@b.example>, size=1\n",
        b"2026-11-27T09:05:00+00:00 mx postfix/qmgr[1]: 4F2: removed\n",
        b"2026-11-27 09:05:00 1vOabc-0000 <= a@b.example H=x id=1@x\n",
        b'{"event": "bounce", "From": 1}\n',
        b"email,Date:,From:\n",
        b"From: anna\nDear all\n",
        b"date: 2026\nname: x\nvalue: y\n",
    ],
)
def test_other_files_are_not(sample: bytes) -> None:
    assert not Mails.recognises("x.eml", sample)


@pytest.mark.parametrize("packed", [False, True])
def test_an_mbox_is_read_mail_by_mail_with_the_line_of_each(tmp_path: Path, packed: bool) -> None:
    octets = _mbox(dsn(), letter("hello"), complaint(message=returned(IDS[BEN])))
    file, told = _file(tmp_path, gzip.compress(octets) if packed else octets)
    found = list(Mails().read(file, Campaign()))
    assert [one.kind for one in found] == [EvidenceKind.BOUNCED, EvidenceKind.COMPLAINT]
    lines = octets.split(b"\n")
    first, _, third = (f"b.mbox:{number}" for number, line in enumerate(lines, start=1) if line == FROM[:-1])
    assert ([one.place for one in found], told) == ([first, third], [])


def test_a_file_of_one_mail_is_one(tmp_path: Path) -> None:
    file, told = _file(tmp_path, dsn(), "b.eml")
    (found,) = Mails().read(file, Campaign())
    assert (found.place, told) == ("b.eml", [])


def test_a_line_of_a_letter_that_begins_with_from_divides_nothing(tmp_path: Path) -> None:
    letters = [letter("x", body="Hello\n\nFrom here on\n\n>From the sea\n"), dsn()]
    file, _ = _file(tmp_path, _mbox(*letters))
    first, second = (octets for _, octets in mbox.messages(file))
    assert b"\n\nFrom here on\n\n" in first and second.startswith(b"Return-Path: <>")


def test_a_mail_that_is_too_large_is_told_and_those_behind_it_are_read(tmp_path: Path) -> None:
    huge = b"Subject: x\n\n" + (b"x" * 999 + b"\n") * (mbox.LARGEST // 1000 + 1)
    file, told = _file(tmp_path, _mbox(huge, dsn()))
    assert len(list(Mails().read(file, Campaign()))) == 1
    assert [one.where for one in told] == ["b.mbox:1"]
    file, told = _file(tmp_path, huge, "b.eml")
    assert list(Mails().read(file, Campaign())) == [] and "too large" in told[0].what


def test_a_packed_file_that_is_cut_gives_what_stands_before(tmp_path: Path) -> None:
    packed = gzip.compress(_mbox(dsn(), *[letter(hex(n**40)) for n in range(2, 400)]))
    file, told = _file(tmp_path, packed[: len(packed) // 2])
    assert len(list(Mails().read(file, Campaign()))) == 1 and len(told) == 1


_PIECES = st.sampled_from(
    [
        *("From: <>", "To: bounces+", f"{KEYS[ANNA]}@acme.example", "Subject: unsubscribe ", "Content-Type: "),
        *("multipart/report", "; report-type=delivery-status", "; boundary=", '"', "B", "--B", "--B--", "\n", "\r\n"),
        *("message/delivery-status", "message/rfc822", "Action: failed", "Status: 5", "Final-Recipient: rfc822;", ": "),
        *("Date: Fri, 99 Nov 20266", "Content-Transfer-Encoding: base64", "=?utf-8?b?", "?=", "\0", "\x80", "; a*0*="),
        *(
            "Feedback-Type: abuse",
            "multipart/mixed",
            "=?x?q?=zz?=",
            "Message-ID: <",
            ">",
            " ",
            "\t",
            "From x Fri 1234567890",
        ),
    ]
)


@settings(max_examples=25, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=5), max_size=60).map("".join))
def test_no_mail_raises_and_none_without_key_or_message_id_names_anybody(text: str) -> None:
    """A property: the pieces that reports are made of, in any order."""
    for octets in (text.encode("utf-8", "surrogatepass"), dsn(fields=[f"X: {text}"]).replace(IDS[ANNA].encode(), b"")):
        for one in Mails("unsubscribe@acme.example").read_message(octets, "p", Campaign()):
            if one.kind is not EvidenceKind.UNSUBSCRIBED and KEYS[ANNA] not in text.lower():
                assert Campaign().by_key(one.key) is None and Campaign().by_message_id(one.message_id) is None


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_report_that_is_damaged_anywhere_raises_nothing(data: st.DataObject) -> None:
    octets = bytearray(data.draw(st.sampled_from([dsn(), complaint(), letter(f"unsubscribe {KEYS[ANNA]}")])))
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        octets = octets or bytearray(b"x")
    for one in Mails("unsubscribe@acme.example").read_message(bytes(octets), "p", Campaign()):
        contact = Campaign().by_key(one.key) if one.key else Campaign().by_message_id(one.message_id)
        assert contact in (ANNA, None)


def test_a_byte_order_mark_hides_neither_a_mail_nor_those_behind_it(tmp_path: Path) -> None:
    for octets, shown in ((mbox.BOM + dsn(), 1), (mbox.BOM + _mbox(dsn(), complaint(message=returned(IDS[BEN]))), 2)):
        file, _ = _file(tmp_path, octets)
        assert len(list(Mails().read(file, Campaign()))) == shown


def test_a_content_type_is_read_no_further_than_one_can_be_long() -> None:
    """The standard library looks at its quotation marks again at each semicolon: one mail could take minutes."""
    marks = b'\\";' * 300
    line = b'From: a@b\nContent-Type: multipart/report; a="' + marks * 100 + b"\n\nx"
    assert len(parse(line)._head["Content-Type"]) < 3_000
    folded = (
        b"From: a@b\nSubject: x\nContent-Type: multipart/report;"
        + (b"\n " + marks) * 60
        + b"\n\n<ada@engine.example>:\n x"
    )
    assert b"ada@" in beginning(folded) and len(beginning(folded)) < 2_000
    assert beginning(dsn()) == dsn()
