"""Date and Subject: read as they were written, on lines that nothing breaks."""

import base64
import email.charset
import email.header
import quopri
import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from campaign.errors import InvalidContactError
from tests.message.messages import BREAKS, NOW, compose, composer, content, head, parsed

# Date


def test_the_date_follows_the_clock_and_the_zone() -> None:
    by = composer()
    zone = ZoneInfo("America/New_York")
    before = datetime(2026, 11, 1, 1, 30, 0, 5, tzinfo=zone)
    moments = [
        NOW,
        NOW + timedelta(microseconds=999_999),
        NOW + timedelta(seconds=1),
        NOW,
        NOW.astimezone(UTC),
        NOW.astimezone(timezone(timedelta(hours=5, minutes=30))),
        before,
        before.replace(fold=1),  # The same time on the wall, an hour later.
    ]

    dates = [str(parsed(compose(content(), by=by, now=moment))["Date"]) for moment in moments]

    assert dates == [
        "Mon, 23 Nov 2026 09:00:00 -0500",
        "Mon, 23 Nov 2026 09:00:00 -0500",
        "Mon, 23 Nov 2026 09:00:01 -0500",
        "Mon, 23 Nov 2026 09:00:00 -0500",
        "Mon, 23 Nov 2026 14:00:00 +0000",
        "Mon, 23 Nov 2026 19:30:00 +0530",
        "Sun, 01 Nov 2026 01:30:00 -0400",
        "Sun, 01 Nov 2026 01:30:00 -0500",
    ]


def test_a_naive_time_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="aware"):
        compose(content(), now=datetime(2026, 1, 1))


# Subject


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "a",
        "  blanks around it go\t",
        "x" * 69,
        "x" * 70,
        "x" * 2000,
        "word " * 40,
        "two  blanks   and\ta tab " * 6,
        "Zoë, your order",
        "Größe " * 60,
        "Привет, мир " * 20,
        "a" + "漢字" * 60,
        "漢字" * 100,
        "👩\u200d👩\u200d👧" * 30,
        "=?utf-8?q?not_encoded?=",
        "really =?",
        "50% off? (today) <only> \"you\", _me_ = 'x'",
        "é?_= \t" * 30,
        "\N{RIGHT-TO-LEFT MARK}שלום",
    ],
)
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    message = compose(content(subject))

    assert parsed(message)["Subject"] == subject.strip(" \t")
    fields = head(message)
    assert max(map(len, fields)) <= 78
    assert all(len(line) <= 76 for line in fields if "=?utf-8" in line)
    assert all(line.strip() for line in fields)
    for kind, word in re.findall(r"=\?utf-8\?([bq])\?([^? ]*)\?=", "\n".join(fields)):
        octets = base64.b64decode(word) if kind == "b" else quopri.decodestring(word, header=True)
        assert octets.decode()  # By itself: no character is in two words.


def test_an_ordinary_subject_is_not_encoded_and_folds_at_white_space() -> None:
    subject = "Your order of three very fine tea cups is ready to be looked at, paid and collected"

    assert b"\r\nSubject: " + subject[:64].encode() in compose(content(subject)).data
    assert b"=?" not in compose(content(subject)).data.partition(b"MIME-Version")[0]
    assert b"\r\nSubject: short\r\n" in compose(content("short")).data


@pytest.mark.parametrize("subject", ["Zoë is here", "漢字漢字漢字 a"])
def test_an_encoded_subject_takes_the_shorter_encoding(subject: str) -> None:
    line = next(line for line in head(compose(content(subject))) if line.startswith("Subject: "))

    assert len(line) == 9 + min(
        len(email.header.Header(subject, charset).encode(maxlinelen=998)) for charset in (_charset("q"), _charset("b"))
    )


def _charset(encoding: str) -> email.charset.Charset:
    charset = email.charset.Charset("utf-8")
    charset.header_encoding = email.charset.QP if encoding == "q" else email.charset.BASE64
    return charset


@pytest.mark.parametrize("mark", BREAKS)
@pytest.mark.parametrize("subject", ["{}", "a{}Bcc: eve@example.net", "é{}Bcc: eve@example.net", "a{}", "{}a"])
def test_no_line_break_or_control_character_gets_into_a_subject(subject: str, mark: str) -> None:
    with pytest.raises(InvalidContactError, match=r"the subject holds a (line break|control character)") as caught:
        compose(content(subject.format(mark)))

    assert caught.value.where == "row 7"
    assert caught.value.fix
