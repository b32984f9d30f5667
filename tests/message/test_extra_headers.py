"""The fields of [message.headers]: programs read them as they stand, people decoded, and none gets a second field."""

import email
import email.policy
import json
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaign.errors import InvalidContactError, SettingsError
from campaign.message import Composer
from campaign.message.extra_headers import UnfitHeaderError, header_field
from campaign.model import Content
from tests.message.messages import BREAKS, compose, head, parsed

STRUCTURED = [
    ("Feedback-ID", "autumn-orders:acme:mailer:42"),
    ("X-SES-CONFIGURATION-SET", "bulk"),
    ("X-SES-MESSAGE-TAGS", "campaign=autumn-orders, key=abcd efgh"),
    ("X-PM-KeepID", "true"),
    ("Resend-Idempotency-Key", "autumn-orders/4711"),
    ("Auto-Submitted", "auto-generated"),
    ("Precedence", "bulk"),
    ("List-ID", "Acme <news.acme.example>"),
    ("X-Mailgun-Tag", "autumn"),
]


def composer(**headers: str | None) -> Composer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Composer(
        campaign="c",
        sender="Acme <hello@acme.example>",
        return_path="b@acme.example",
        reply_to=None,
        unsubscribe_mailto=None,
        headers=names,
    )


def content(*values: str, to_name: str = "") -> Content:
    return Content(subject="s", text=("Hello\n",), html=(), headers=values, to_name=to_name)


@pytest.mark.parametrize(("name", "value"), STRUCTURED)
def test_what_programs_read_stays_as_it_is_on_one_line(name: str, value: str) -> None:
    assert header_field(name, value) == f"{name}: {value}\r\n"
    long = value + "x" * 400 + " y"
    assert header_field(name.upper(), long) == f"{name.upper()}: {long}\r\n"


@pytest.mark.parametrize(("name", "value"), STRUCTURED)
def test_what_programs_read_is_never_encoded(name: str, value: str) -> None:
    with pytest.raises(UnfitHeaderError, match=r"'ü'.*ASCII"):
        header_field(name, value + "ü")


@pytest.mark.parametrize("name", ["X-SMTPAPI", "X-Mailgun-Variables", "X-MSYS-API"])
def test_long_json_is_folded_at_its_blanks_and_read_back_whole(name: str) -> None:
    value = json.dumps({f"key{number}": "v" * 20 for number in range(100)})
    lines = header_field(name, value).removesuffix("\r\n").split("\r\n")
    assert len(lines) > 1 and max(map(len, lines)) <= 900
    assert json.loads("".join(lines).partition(":")[2]) == json.loads(value)


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("name", ["X-Anything", "Feedback-ID", "Comments"])
def test_no_value_gets_a_line_of_its_own(name: str, broken: str) -> None:
    with pytest.raises(UnfitHeaderError):
        header_field(name, f"a{broken}Bcc: everybody@example.net")


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_for_people_is_read_back(text: str) -> None:
    try:
        field = header_field("X-Customer", text)
    except UnfitHeaderError:
        return
    if not field:
        assert not text.strip(" \t")
        return
    assert all(line.isascii() and len(line) <= 900 for line in field.split("\r\n"))
    read = email.message_from_string(field + "\r\n", policy=email.policy.default)
    assert list(read.keys()) == ["X-Customer"]
    assert " ".join(str(read["X-Customer"]).split()) == " ".join(text.strip(" \t").split())


def test_an_encoded_look_alike_in_a_cell_is_read_as_it_stands() -> None:
    look_alike = "=?utf-8?q?=0D=0ABcc:_x?="
    read = email.message_from_string(header_field("X-Note", look_alike) + "\r\n", policy=email.policy.default)
    assert str(read["X-Note"]) == look_alike


def test_an_empty_value_leaves_the_field_away() -> None:
    by = composer(X_A=None, X_B=None)
    assert parsed(compose(content("", "b"), by=by)).keys()[-5:] == [
        "Subject",
        "X-B",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ]


def test_a_value_for_everybody_is_judged_once_and_is_a_fault_of_the_setting() -> None:
    with pytest.raises(SettingsError, match="ASCII") as raised:
        composer(Feedback_ID="ü")
    assert raised.value.where == "message.headers.Feedback-ID"


def test_a_contacts_value_is_a_fault_of_its_row() -> None:
    with pytest.raises(InvalidContactError, match="the header Feedback-ID holds 'ü'") as raised:
        compose(content("ü"), by=composer(Feedback_ID=None))
    assert raised.value.where == "row 7, message.headers.Feedback-ID"


def test_a_line_that_servers_would_break_is_refused() -> None:
    with pytest.raises(UnfitHeaderError, match="a line of 1008 characters"):
        header_field("X-Long", "x" * 1000)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Ada Lovelace", "To: Ada Lovelace <ada@example.net>"),
        ("Lovelace, Ada", 'To: "Lovelace, Ada" <ada@example.net>'),
        ("ada@example.net", 'To: "ada@example.net" <ada@example.net>'),
        ("Zoë", "To: =?utf-8?q?Zo=C3=AB?= <ada@example.net>"),
    ],
)
def test_the_display_name_stands_beside_the_address(name: str, written: str) -> None:
    message = compose(content(to_name=name), by=composer())
    assert written in head(message)
    (address,) = parsed(message)["To"].addresses
    assert (address.display_name, address.addr_spec) == (name, "ada@example.net")


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=120))
@example("0" * 19 + "\xa0" * 9 + "\u0800" * 3)
def test_any_display_name_is_read_back_or_refused(name: str) -> None:
    try:
        message = compose(content(to_name=name), by=composer())
    except InvalidContactError:
        assert not name.isprintable()
        return
    fields = parsed(message)
    assert len(fields.get_all("To", [])) == 1
    (address,) = fields["To"].addresses
    assert address.addr_spec == "ada@example.net"
    read = address.display_name
    if not name.isascii():  # the parser of addresses reads a blank between two encoded words: RFC 2047 section 6.2
        raw = email.message_from_bytes(message.data)["To"].partition(" <ada@")[0]
        read = str(make_header(decode_header(raw)))
    assert read.split() == name.split()


def test_a_display_name_with_a_line_break_is_a_fault_of_its_row() -> None:
    with pytest.raises(InvalidContactError, match="the display name holds a line break"):
        compose(content(to_name="Ada\r\nBcc: x@example.net"), by=composer())
