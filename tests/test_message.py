"""The composer, by example: what a message says, what never leaves, what is refused."""

import base64
import email
import email.charset
import email.header
import email.policy
import email.utils
import quopri
import re
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest

from campaign.errors import InvalidContactError, SettingsError
from campaign.message import Composer, message_id
from campaign.model import Contact, Content, Message

NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=ZoneInfo("America/New_York"))


def composer(
    *,
    campaign: str = "autumn-orders",
    sender: str = "Acme <hello@acme.example>",
    return_path: str = "bounces@acme.example",
    reply_to: str | None = None,
    unsubscribe_mailto: str | None = None,
    constants: tuple[str, ...] = (),
) -> Composer:
    return Composer(
        campaign=campaign,
        sender=sender,
        return_path=return_path,
        reply_to=reply_to,
        unsubscribe_mailto=unsubscribe_mailto,
        constants=constants,
    )


def contact(address: str = "ada@example.net") -> Contact:
    return Contact(number=7, email=address, columns={})


def content(
    subject: str = "Your order",
    text: tuple[str, ...] = ("Hello\n",),
    html: tuple[str, ...] = ("<p>Hello</p>\n",),
    unsubscribe_url: str | None = None,
) -> Content:
    return Content(subject=subject, text=text, html=html, unsubscribe_url=unsubscribe_url)


def compose(one: Content, *, by: Composer | None = None, to: str = "ada@example.net", now: datetime = NOW) -> Message:
    return (by or composer()).compose(contact(to), one, now=now)


def parsed(message: Message) -> EmailMessage:
    read = email.message_from_bytes(message.data, policy=email.policy.default.clone(raise_on_defect=True))
    assert isinstance(read, EmailMessage)
    return read


def head(message: Message) -> list[str]:
    return message.data.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")


def test_a_message_has_its_fields_its_two_parts_and_its_envelope() -> None:
    message = compose(
        content(unsubscribe_url="https://acme.example/u?e=ada%40example.net"),
        by=composer(reply_to="Support <support@acme.example>", unsubscribe_mailto="unsubscribe@acme.example"),
    )

    assert head(message)[:12] == [
        "Date: Mon, 23 Nov 2026 09:00:00 -0500",
        f"Message-ID: {message.message_id}",
        "From: Acme <hello@acme.example>",
        "Reply-To: Support <support@acme.example>",
        "To: ada@example.net",
        "Subject: Your order",
        "List-Unsubscribe: <https://acme.example/u?e=ada%40example.net>,",
        " <mailto:unsubscribe@acme.example>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "MIME-Version: 1.0",
        head(message)[10],
    ]
    read = parsed(message)
    assert read.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    assert read["Auto-Submitted"] is None
    assert message.envelope.return_path == "bounces@acme.example"
    assert message.envelope.recipient == "ada@example.net"
    assert not message.envelope.smtputf8
    assert message.message_id == message_id("autumn-orders", "ada@example.net", "acme.example")


@pytest.mark.parametrize(("text", "html", "kind"), [(("a\n",), (), "text/plain"), ((), ("<p>",), "text/html")])
def test_one_body_is_a_single_part(text: tuple[str, ...], html: tuple[str, ...], kind: str) -> None:
    read = parsed(compose(content(text=text, html=html)))

    assert read.get_content_type() == kind
    assert read.get_content().replace("\r\n", "\n").strip() == "".join(text + html).strip()


# Message-ID


def test_the_message_id_is_the_same_on_every_try_and_however_the_address_is_capitalised() -> None:
    first = composer().message_id("Ada@Example.net")

    assert first == composer(constants=("other",)).message_id("ada@example.NET")
    assert compose(content("one"), to="ADA@example.net").message_id == first
    local, _, domain = first.strip("<>").partition("@")
    assert len(local) == 32
    assert int(local, 16) >= 0
    assert domain == "acme.example"
    assert "ada" not in first


def test_the_message_id_differs_by_campaign_and_by_address_and_does_not_run_one_into_the_other() -> None:
    pairs = [("a", "b@x"), ("a", "c@x"), ("b", "b@x"), ("ab", "@x"), ("", "ab@x"), ("a\0", "b@x"), ("a", "\0b@x")]

    assert len({message_id(campaign, address, "acme.example") for campaign, address in pairs}) == len(pairs)


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


BREAKS = ["\n", "\r", "\r\n", "\0", "\x0b", "\x0c", "\x1b", "\x7f", "\x85", "\x9f", "\u2028", "\u2029", "\ud800"]


@pytest.mark.parametrize("mark", BREAKS)
@pytest.mark.parametrize("subject", ["{}", "a{}Bcc: eve@example.net", "é{}Bcc: eve@example.net", "a{}", "{}a"])
def test_no_line_break_or_control_character_gets_into_a_subject(subject: str, mark: str) -> None:
    with pytest.raises(InvalidContactError, match=r"the subject holds a (line break|control character)") as caught:
        compose(content(subject.format(mark)))

    assert caught.value.where == "row 7"
    assert caught.value.fix


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        "a@b",
        "o'brien+tag_{x}@sub.example-1.net",
        "!#$%&'*+-/=?^_`{|}~@example.net",
        "ada@xn--bcher-kva.example",
        "x" * 64 + "@" + ".".join(["d" * 59] * 3) + ".example",
    ],
)
def test_a_dot_atom_is_an_address(address: str) -> None:
    message = compose(content(), to=address)

    assert parsed(message)["To"].addresses[0].addr_spec == address
    assert message.data.isascii()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.net",
        "ada@",
        "ada@@example.net",
        "a.@example.net",
        ".a@example.net",
        "a..b@example.net",
        "ada@example..net",
        "ada@example.net.",
        "ada@bücher.example",
        '"ada b"@example.net',
        "ada@[127.0.0.1]",
        "ada b@example.net",
        "ada@example.net, eve@example.net",
        "Ada <ada@example.net>",
        "(x)ada@example.net",
        "ada@example.net\n",
        "ada\u2028@example.net",
        "zo\ud800@example.net",
        "é" * 125 + "@example.net",
        "a" * 250 + "@example.net",
        *(f"ada@example.net{mark}Bcc: eve@example.net" for mark in BREAKS),
        *(f"zoë{mark}@example.net" for mark in BREAKS),
    ],
)
def test_what_is_no_dot_atom_is_refused(address: str) -> None:
    with pytest.raises(InvalidContactError, match="address") as caught:
        compose(content(), to=address)

    assert caught.value.where == "row 7"


def test_a_local_part_in_another_script_makes_one_field_utf8_and_the_envelope_say_so() -> None:
    message = compose(content("Größe", ("é\n",), ("é\n",)), to="zoë.漢字@xn--bcher-kva.example")

    assert message.envelope.smtputf8
    assert [line for line in message.data.split(b"\r\n") if not line.isascii()] == [
        "To: zoë.漢字@xn--bcher-kva.example".encode()
    ]


def test_an_address_of_ours_in_another_script_needs_smtputf8_too() -> None:
    assert compose(content(), by=composer(return_path="rückläufer@acme.example")).envelope.smtputf8
    message = compose(content(), by=composer(sender="grüße@acme.example"))
    assert message.envelope.smtputf8
    assert "\r\nFrom: grüße@acme.example\r\n".encode() in message.data


# The sender


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("hello@acme.example", ""),
        ("<hello@acme.example>", ""),
        ("Acme <hello@acme.example>", "Acme"),
        ("Acme Inc. <hello@acme.example>", "Acme Inc."),
        ('"Acme, Inc." <hello@acme.example>', "Acme, Inc."),
        (r'"The \"Acme\" \\ Co" <hello@acme.example>', r'The "Acme" \ Co'),
        ("Café Zoë <hello@acme.example>", "Café Zoë"),
        ('"Café, Zoë" <hello@acme.example>', "Café, Zoë"),
        ("漢字の会社" * 9 + " <hello@acme.example>", "漢字の会社" * 9),
        ("Acme " * 30 + "<hello@acme.example>", ("Acme " * 30).strip()),
        ("x" * 62 + " <hello@acme.example>", "x" * 62),
    ],
)
def test_a_sender_is_read_as_it_was_written(sender: str, name: str) -> None:
    message = compose(content(), by=composer(sender=sender, reply_to=sender))

    for field in ("From", "Reply-To"):
        (address,) = parsed(message)[field].addresses
        assert address.addr_spec == "hello@acme.example"
        # Python 3.11's parser of addresses puts a space where encoded words meet; its older one reads them by the rule.
        written = email.message_from_bytes(message.data, policy=email.policy.compat32)[field]
        phrase = email.utils.parseaddr(written)[0]
        assert str(email.header.make_header(email.header.decode_header(phrase))) == name
        assert address.display_name == name or "?=\r\n =?" in written
    assert max(map(len, head(message))) <= 78


BAD_MAILBOXES = [
    "",
    "Acme",
    "Acme, Inc. <hello@acme.example>",
    "a@acme.example, b@acme.example",
    "Acme <hello@acme.example> x",
    "Acme <hello>",
    "Acme <@acme.example>",
    "Acme <hello@bücher.example>",
    '"a b"@acme.example',
    "friends: a@acme.example;",
    "Acme <hello@acme.example>\r\nBcc: eve@example.net",
    "Ac\nme <hello@acme.example>",
    "=?utf-8?q?a=0Ab?= <hello@acme.example>",
    "=?utf-8?q?a=07b?= <hello@acme.example>",
    "\ud800 <hello@acme.example>",
    "<<>>",
    '"',
    "(",
]


@pytest.mark.parametrize("text", BAD_MAILBOXES)
def test_what_is_not_one_sender_is_refused_as_a_setting(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        composer(sender=text)
    assert caught.value.where == "[message] from"
    with pytest.raises(SettingsError) as caught:
        composer(reply_to=text)
    assert caught.value.where == "[message] reply_to"


@pytest.mark.parametrize("text", ["", "x", "Acme <a@acme.example>", "a@acme.example\r\nDATA", "a@bücher.example"])
def test_a_bad_return_path_is_refused_as_a_setting(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        composer(return_path=text)
    assert caught.value.where == "[message] return_path"


# Unsubscribe


def test_a_long_unsubscribe_url_is_neither_encoded_nor_broken() -> None:
    url = "https://acme.example/unsubscribe?e=ada%40example.net&c=" + "x1-" * 250
    message = compose(
        content(unsubscribe_url=url), by=composer(unsubscribe_mailto="mailto:u@acme.example?subject=stop")
    )

    assert f"\r\nList-Unsubscribe: <{url}>,\r\n <mailto:u@acme.example?subject=stop>\r\n".encode() in message.data
    assert parsed(message)["List-Unsubscribe"] == f"<{url}>, <mailto:u@acme.example?subject=stop>"


@pytest.mark.parametrize(
    ("url", "mailto", "field", "one_click"),
    [
        (None, None, None, None),
        (None, "u@acme.example", "<mailto:u@acme.example>", None),
        ("https://acme.example/", None, "<https://acme.example/>", "List-Unsubscribe=One-Click"),
        ("HTTPS://acme.example/", None, "<HTTPS://acme.example/>", "List-Unsubscribe=One-Click"),
        ("http://acme.example/", None, "<http://acme.example/>", None),
        (
            "http://acme.example/",
            "a/b&c%d@acme.example",
            "<http://acme.example/>, <mailto:a%2Fb%26c%25d@acme.example>",
            None,
        ),
        (None, "zoë@acme.example", "<mailto:zo%C3%AB@acme.example>", None),
    ],
)
def test_one_click_is_offered_where_there_is_an_https_url(
    url: str | None, mailto: str | None, field: str | None, one_click: str | None
) -> None:
    read = parsed(compose(content(unsubscribe_url=url), by=composer(unsubscribe_mailto=mailto)))

    assert read["List-Unsubscribe"] == field
    assert read["List-Unsubscribe-Post"] == one_click


def test_an_unsubscribe_url_fills_a_line_and_no_more() -> None:
    longest = "https://acme.example/" + "x" * (900 - len("List-Unsubscribe: <https://acme.example/>,"))
    by = composer(unsubscribe_mailto="u@acme.example")

    assert max(map(len, head(compose(content(unsubscribe_url=longest), by=by)))) == 900
    with pytest.raises(InvalidContactError, match="880"):
        compose(content(unsubscribe_url=longest + "x"), by=by)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "acme.example/u",
        "mailto:u@acme.example",
        "javascript:alert(1)",
        "https://acme.example/u?e=zoë",
        "https://acme.example/u?e=a b",
        "https://acme.example/u?e=<a>",
        "https://acme.example/>, <mailto:eve@example.net",
        " https://acme.example/",
        *(f"https://acme.example/u{mark}Bcc: eve@example.net" for mark in ["\t", *BREAKS]),
        *(f"https://acme.example/u{mark}" for mark in ["\t", *BREAKS]),
    ],
)
def test_an_unsubscribe_url_that_would_need_encoding_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(InvalidContactError, match="unsubscribe URL") as caught:
        compose(content(unsubscribe_url=url))

    assert "unsubscribe_url" in caught.value.where
    assert "urlencode" in caught.value.fix
    assert len(url) < 10 or url not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "x", "u@acme.example?subject=x", "mailto:zoë@x", "mailto:a b@x", "u@x\r\nBcc: e@x"]
)
def test_a_bad_unsubscribe_address_is_refused_as_a_setting(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        composer(unsubscribe_mailto=text)
    assert caught.value.where == "[message] unsubscribe_mailto"


# Transfer encodings


def encoding(body: str, *constants: str) -> str:
    """The encoding of a body of one chunk; the same whether it is known before or not."""
    known = parsed(compose(content(html=(), text=(body,)), by=composer(constants=(body, *constants))))
    new = parsed(compose(content(html=(), text=(body,))))
    assert known.get_content() == new.get_content()
    assert known["Content-Transfer-Encoding"] == new["Content-Transfer-Encoding"]
    return str(new["Content-Transfer-Encoding"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", "7bit"),
        ("plain\ttext \n", "7bit"),
        (".\n..\n", "7bit"),
        (".\nFrom me\n", "quoted-printable"),
        ("x" * 900, "7bit"),
        ("x" * 901, "quoted-printable"),
        ("a\0b and more of it", "quoted-printable"),
        ("bell \a and more of it", "quoted-printable"),
        ("form feed \f and more of it", "quoted-printable"),
        ("delete \x7f and more of it", "quoted-printable"),
        ("mostly ASCII, é", "quoted-printable"),
        ("漢字かな交じり文\n" * 5, "base64"),
        ("Привет, мир\n" * 5, "base64"),
        ("\0" * 90, "base64"),
        ("a\rb\r\nc\n", "7bit"),
    ],
)
def test_each_body_gets_the_encoding_that_suits_it(body: str, expected: str) -> None:
    assert encoding(body) == expected


@pytest.mark.parametrize(
    "text",
    [
        ("x" * 500, "y" * 401),
        ("x" * 900 + "\n", "y" * 500, "", "z" * 401 + "\n", "a"),
        ("a\n" + "x" * 901,),
        ("a\n" + "x" * 901 + "\nb",),
    ],
)
@pytest.mark.parametrize("known", [0, 1, 9])
def test_a_line_too_long_for_7bit_may_come_of_many_chunks(text: tuple[str, ...], known: int) -> None:
    read = parsed(compose(content(text=text, html=()), by=composer(constants=text[:known])))

    assert read["Content-Transfer-Encoding"] == "quoted-printable"
    assert read.get_content().replace("\r\n", "\n") == "".join(text) + "\n"


def test_a_body_that_holds_the_boundary_does_not_leave_as_7bit() -> None:
    boundary = parsed(compose(content())).get_boundary()
    assert boundary is not None
    assert "=_" in boundary  # Neither quoted-printable nor base64 can say this.
    body = f"before\n--{boundary}\nContent-Type: text/html\n\n<p>forged\n--{boundary}--\n"

    read = parsed(compose(content(text=("a\n", body, body[:9], body[9:]))))

    text, html = read.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert text["Content-Transfer-Encoding"] == "quoted-printable"
    assert text.get_content().replace("\r\n", "\n") == "a\n" + body + body
    assert html.get_content().replace("\r\n", "\n") == "<p>Hello</p>\n"


@pytest.mark.parametrize("blank", [" ", "\t"])
@pytest.mark.parametrize("length", range(70, 80))
@pytest.mark.parametrize("split", [0, 5, -1])
def test_white_space_before_a_line_break_survives_and_no_line_grows_too_long(
    blank: str, length: int, split: int
) -> None:
    line = "é" + "x" * (length - 7) + blank
    text = (line[:split], line[split:], "\n", "next", blank, "", "\r\n", blank)
    whole = "".join(text)

    for chunks, constants in [(text, ()), (text, text), (text, text[:1]), (text, text[2:]), ((whole,), ())]:
        message = compose(content(text=chunks, html=()), by=composer(constants=constants))

        assert all(len(row) <= 76 for row in message.data.partition(b"\r\n\r\n")[2].split(b"\r\n"))
        assert not any(row.endswith((b" ", b"\t")) for row in message.data.split(b"\r\n"))
        assert parsed(message).get_content() == f"{line}\r\nnext{blank}\r\n{blank}\r\n"


@pytest.mark.parametrize("column", range(65, 80))
@pytest.mark.parametrize("sign", ["=", "==", "==="])
def test_a_long_link_is_not_cut_within_an_encoded_octet(column: int, sign: str) -> None:
    link = "x" * column + sign + "y" * 200
    message = compose(content(html=("é", link, "\n", link, "x" * 75, link)))

    html = message.data.partition(b"text/html")[2].partition(b"\r\n\r\n")[2]
    assert all(len(row) <= 76 for row in html.split(b"\r\n"))
    assert not re.search(rb"=(?!3D|C3|A9|\r\n|_)", html)
    (_, part) = parsed(message).iter_parts()
    assert isinstance(part, EmailMessage)
    assert part.get_content() == f"é{link}\r\n{link}{'x' * 75}{link}\r\n"


@pytest.mark.parametrize("length", range(64, 82))
def test_a_body_without_a_last_line_break_gets_one(length: int) -> None:
    for body in ("x" * length, "é" + "x" * length, "é" + "x" * length + " "):
        for text in ((body,), (body[:1], body[1:])):
            assert parsed(compose(content(text=text, html=()))).get_content() == body + "\r\n"


@pytest.mark.parametrize("encoded", ["a", "é" + "plain" * 20, "漢字" * 20])
@pytest.mark.parametrize("known", [0, 1, 2, 3])
def test_a_line_break_in_two_chunks_is_one(encoded: str, known: int) -> None:
    text = (f"{encoded}\r", f"\n{encoded}\r", f"\r{encoded}\r")
    read = parsed(compose(content(text=text, html=()), by=composer(constants=text[:known])))

    assert read.get_content().replace("\r\n", "\n") == f"{encoded}\n{encoded}\n\n{encoded}\n"


@pytest.mark.parametrize("bad", ["\ud800", "a\udfffb"])
def test_half_a_character_is_refused_and_nothing_of_the_body_is_told(bad: str) -> None:
    link = "https://acme.example/sso?token=secret"
    for body in ((link, bad), (bad, link), (f"{link}{bad}",)):
        for constants in ((), (bad,)):
            with pytest.raises(InvalidContactError, match="half of a character") as caught:
                compose(content(html=body), by=composer(constants=constants))
            assert "secret" not in str(caught.value)
            assert caught.value.where == "row 7"
            assert caught.value.__suppress_context__


def test_what_recurs_is_encoded_once_and_what_is_personal_is_not_kept() -> None:
    constant = "<p>Größe</p>\n" * 10
    by = composer(constants=(constant,))
    compose(content(html=(constant,)), by=by)

    tracemalloc.start()
    try:
        for number in range(200):
            personal = f"é{number}" * 2_000
            compose(
                content(subject=personal[:50], html=(constant, personal, constant)), by=by, to=f"a{number}@b.example"
            )
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 100_000  # Two million characters went through.


def test_nothing_of_a_body_shows_in_a_repr() -> None:
    assert "secret" not in repr(compose(content(text=("token=secret",))))
