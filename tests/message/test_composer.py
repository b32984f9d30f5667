"""Messages: their fields, their parts and their envelope; what of them is kept, and what is shown."""

import tracemalloc

import pytest

from campaign.message import ContactKeys, message_id
from tests.message.messages import compose, composer, content, head, parsed


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


# What a bounce is known by


def test_the_envelope_has_the_contacts_key_and_the_return_path_only_if_asked() -> None:
    keys = ContactKeys(b"s" * 32)
    key = keys("ada@example.net")
    one = compose(content(), by=composer(key_of=keys)).envelope
    assert (one.envelope_id, one.return_path) == (key, "bounces@acme.example")
    own = compose(content(), by=composer(key_of=keys, verp=True)).envelope
    assert (own.envelope_id, own.return_path) == (key, f"bounces+{key}@acme.example")


def test_a_return_path_of_the_contacts_own_changes_nothing_that_is_read() -> None:
    keys = ContactKeys(b"s" * 32)
    assert compose(content(), by=composer(key_of=keys, verp=True)).data == compose(content()).data


# What is kept and what is shown


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
