"""Test messages: a contact's own, but for what would do to the contact, or to the campaign, what a run does."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import InvalidContactError
from campaign.message.message_id import message_id
from campaign.model import Contact, Message, Row
from campaign.run.plan import open_window
from campaign.run.trial_messages import TrialMessages, contact_of, subject_mark
from campaign.worker.message_factory import MessageFactory
from tests.campaigns import SECRET, SmallCampaign
from tests.command_line import template

COLUMNS = ("email", "name", "token")
ANNA = Contact(
    number=5, email="anna@people.example", columns={"email": "anna@people.example", "name": "Anna", "token": "s3cret"}
)


@pytest.fixture
def small(tmp_path: Path) -> SmallCampaign:
    small = SmallCampaign(tmp_path / "small").contacts([], header=COLUMNS)
    template(small, body_txt="Hello {{ contact.name }},\n\n{{ link.url }}\n")
    return small


def maker(small: SmallCampaign, **options: str) -> TrialMessages:
    return TrialMessages(
        small.load(25),
        **{"to": "me@acme.example", "secret": SECRET} | options,
        signing_keys=(),
        columns=COLUMNS,
        email_column="email",
    )


def parsed(message: Message) -> EmailMessage:
    return message_from_bytes(message.data, policy=policy.default)


def test_it_goes_to_the_tester_and_says_whose_it_is(small: SmallCampaign) -> None:
    message = maker(small).make(ANNA).message
    assert message.envelope.recipient == "me@acme.example"
    mail = parsed(message)
    assert mail["To"] == "me@acme.example"
    assert mail["Subject"] == "[Test: row 5, anna@people.example] Hello Anna"
    assert "anna%40people.example" in str(mail.get_body(("plain",))), "the link is the contact's"


def test_but_for_that_it_is_the_message_of_a_run(small: SmallCampaign) -> None:
    """Header by header and body by body, but for moments and links."""
    small.settings = {
        "message": {
            "to_name": "{{ contact.name }}",
            "reply_to": "us@acme.example",
            "headers": {"X-Tag": "{{ contact.name }}"},
        }
    }
    plan = small.plan(25)
    factory = MessageFactory(plan.message_plan(open_window()))
    real = parsed(factory.make(ANNA, datetime.now(UTC))[2])
    test = parsed(maker(small).make(ANNA).message)
    assert test.keys() == real.keys()
    assert {name for name in real.keys() if real[name] != test[name]} <= {"Date", "Message-ID", "To", "Subject"}  # noqa: SIM118 - a header may come twice
    assert test["To"] == "Anna <me@acme.example>" and real["To"] == "Anna <anna@people.example>"


def test_every_message_has_a_message_id_of_its_own(small: SmallCampaign) -> None:
    """A mailbox, or a relay, that has had one may drop the next, which may be the real one."""
    trial = maker(small)
    real = small.plan(25)
    ids = {trial.make(ANNA).message.message_id for _ in range(3)} | {
        message_id(real.settings.name, ANNA.email, "acme.example")
    }
    assert len(ids) == 4
    assert all(one.endswith("@acme.example>") for one in ids)


@pytest.mark.parametrize(
    ("url", "made"),
    [
        ("https://acme.example/u?e={{ contact.email | urlencode }}", "https://acme.example/u?e=me%40acme.example"),
        ("https://acme.example/u?t={{ contact.token }}", "https://acme.example/u?t=test"),
        ("https://acme.example/u", "https://acme.example/u"),
        ("https://acme.example/u?n={{ contact.token[5] }}", "https://acme.example/u?n=x"),
    ],
)
def test_unsubscribing_takes_no_contact_out(small: SmallCampaign, url: str, made: str) -> None:
    small.settings = {"message": {"unsubscribe_url": url}}
    template(small, body_txt="{{ link.url }}\n{{ unsubscribe_url }}\n")
    mail = parsed(maker(small).make(ANNA).message)
    assert mail["List-Unsubscribe"] == f"<{made}>"
    assert made.replace("=", "=3D") in str(mail.get_body(("plain",))) or made in str(mail.get_body(("plain",)))
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "s3cret" not in mail.as_string()


def test_the_contacts_key_is_no_real_one(small: SmallCampaign) -> None:
    """What a provider tells of a message with it is not taken for news of the contact."""
    small.settings = {"message": {"headers": {"X-Key": "{{ contact.key }}"}}}
    assert parsed(maker(small).make(ANNA).message)["X-Key"] != parsed(maker(small).make(ANNA).message)["X-Key"]


def test_a_row_without_an_address_or_with_a_fault_is_no_contact() -> None:
    with pytest.raises(InvalidContactError):
        contact_of(Row(number=2, line=3, cells=("x",), email=None, fault="there is no @-sign"), ("email",))
    with pytest.raises(InvalidContactError):
        contact_of(Row(number=2, line=3, cells=("a@b.example",), email="a@b.example", fault="2 cells"), ("email",))


@given(number=st.integers(1, 10**9), local=st.from_regex(r"[a-z0-9.+-]{1,64}", fullmatch=True))
def test_the_mark_leaves_room_for_the_subject_and_needs_no_encoding(number: int, local: str) -> None:
    mark = subject_mark(Contact(number=number, email=f"{local}@people.example", columns={}))
    assert len(mark) <= 60 and mark.isascii() and mark.isprintable() and str(number) in mark


@pytest.mark.parametrize("name", ["Anna", "Zo\u00eb", "\U0001f389" * 40, "word " * 100, "x" * 900, "=?utf-8?q?no?="])
def test_the_mark_breaks_no_subject(small: SmallCampaign, name: str) -> None:
    contact = Contact(number=5, email=ANNA.email, columns={**ANNA.columns, "name": name})
    message = maker(small).make(contact).message
    assert parsed(message)["Subject"] == f"[Test: row 5, anna@people.example] Hello {name.strip()}"
    header = message.data.partition(b"\r\n\r\n")[0]
    assert all(len(line) <= 900 for line in header.split(b"\r\n"))
