"""The composer against the standard library's: for any contact and any content, both parse to the same message."""

import base64
import email
import email.header
import email.policy
import email.utils
import quopri
import re
from datetime import datetime
from email.message import EmailMessage

from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaign.message import Composer, ContactKeys
from campaign.model import Contact, Content, Message
from tests.message.contents import ADDRESSES, BALLAST, CAMPAIGN, CHUNKS, DISPLAY_NAMES, MOMENTS, SUBJECTS, URLS
from tests.message.readers import bodies, bodies_by_hand, hold_the_wire_to_its_rules, lines, read

SENDER = "Acme <hello@acme.example>"
KEYS = ContactKeys(b"s" * 32)


def compose(
    contact: Contact, content: Content, now: datetime, *, constants: tuple[str, ...] = (), sender: str = SENDER
) -> Message:
    composer = Composer(
        campaign=CAMPAIGN,
        sender=sender,
        return_path="bounces@acme.example",
        reply_to="Support <support@acme.example>",
        unsubscribe_mailto="stop@acme.example",
        key_of=KEYS,
        verp=True,
        constants=constants,
    )
    return composer.compose(contact, content, now=now)


def oracle(contact: Contact, content: Content, message: Message, now: datetime) -> EmailMessage:
    """The same message by the standard library."""
    composed = EmailMessage(policy=email.policy.SMTP)
    composed["Date"] = email.utils.format_datetime(now)
    composed["Message-ID"] = message.message_id
    composed["From"] = SENDER
    composed["Reply-To"] = "Support <support@acme.example>"
    composed["To"] = contact.email
    composed["Subject"] = content.subject.strip(" \t")
    text, html = "".join(content.text), "".join(content.html)
    composed.set_content(text or html, subtype="plain" if text else "html", cte="base64")
    if text and html:
        composed.add_alternative(html, subtype="html", cte="base64")
    return composed


@settings(max_examples=200)
@given(
    text=CHUNKS,
    html=CHUNKS | CHUNKS.map(lambda chunks: [BALLAST, *chunks]),
    which=st.sampled_from(["both", "text", "html"]),
)
@example(text=[("a ", True), ("", False), ("\nb", True)], html=[("é\r", True), ("\né", True)], which="both")
@example(text=[("é ", True), (" ", False), (" \n", True)], html=[("é" + "x" * 70, True), ("\t", True)], which="both")
def test_any_bodies_in_any_chunks_parse_to_what_the_standard_library_makes_of_them(
    text: list[tuple[str, bool]], html: list[tuple[str, bool]], which: str
) -> None:
    contact = Contact(number=1, email="ada@example.net", columns={})
    now = datetime.now().astimezone()
    content = Content(
        subject="Hello",
        text=tuple(chunk for chunk, _ in text) if which != "html" else (),
        html=tuple(chunk for chunk, _ in html) if which != "text" else (),
    )
    constants = tuple(chunk for chunk, recurs in text + html if recurs)

    message = compose(contact, content, now, constants=constants)

    hold_the_wire_to_its_rules(message.data)
    expected = [lines("".join(body)) for body in (content.text, content.html) if body]
    assert [body for _, body in bodies(read(message.data))] == expected
    assert bodies_by_hand(message.data) == expected
    if all("".join(body) for body in (content.text, content.html) if body):  # Its `oracle` drops an empty one.
        assert bodies(read(message.data)) == bodies(read(oracle(contact, content, message, now).as_bytes()))
    # Knowing chunks beforehand changes the cost, not the message's meaning.
    assert bodies(read(compose(contact, content, now).data)) == bodies(read(message.data))


@settings(max_examples=200)
@given(address=ADDRESSES, subject=SUBJECTS, url=st.none() | URLS, now=MOMENTS)
def test_any_header_fields_parse_to_what_the_standard_library_makes_of_them(
    address: str, subject: str, url: str | None, now: datetime
) -> None:
    contact = Contact(number=1, email=address, columns={})
    content = Content(subject=subject, text=("a",), html=("b",), unsubscribe_url=url)

    message = compose(contact, content, now)

    hold_the_wire_to_its_rules(message.data)
    head = message.data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(len(line) <= 78 or line.startswith((b"To: ", b"List-Unsubscribe: ")) for line in head)
    parsed, standard = read(message.data), oracle(contact, content, message, now)
    assert {field.lower() for field in parsed} == {field.lower() for field in standard} | (
        {"list-unsubscribe"} if url is None else {"list-unsubscribe", "list-unsubscribe-post"}
    )
    for field in ("Date", "Message-ID", "From", "Reply-To", "To", "MIME-Version"):
        assert parsed[field] == standard[field], field
    assert parsed["Subject"] == subject.strip(" \t")
    assert parsed["Subject"] == standard["Subject"] or "=?" in subject  # Which the standard library takes for encoded.
    assert parsed["Date"].datetime == now.replace(microsecond=0)
    mailto = f"<mailto:stop@acme.example?subject=unsubscribe%20{KEYS(address)}>"
    assert parsed["List-Unsubscribe"] == (mailto if url is None else f"<{url}>, {mailto}")
    # An encoded word by itself decodes: no character is in two of them (RFC 2047 section 5).
    for word in re.findall(rb"=\?utf-8\?([bq])\?([^?]*)\?=", b"\n".join(head)):
        octets = base64.b64decode(word[1]) if word[0] == b"b" else quopri.decodestring(word[1], header=True)
        assert octets.decode()
    for found in re.findall(rb"=\?\S*\?=", b"\n".join(head)):
        assert len(found) <= 75


@settings(max_examples=80)
@given(name=DISPLAY_NAMES)
def test_any_display_name_is_read_as_it_was_written(name: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    sender = f'"{quoted}" <hello@acme.example>'
    contact = Contact(number=1, email="ada@example.net", columns={})
    content = Content(subject="Hello", text=("a",), html=())

    message = compose(contact, content, datetime.now().astimezone(), sender=sender)

    hold_the_wire_to_its_rules(message.data)
    source = email.message_from_bytes(message.data, policy=email.policy.compat32)["From"]
    phrase, address = email.utils.parseaddr(source)
    assert address == "hello@acme.example"
    unfolded = re.sub("\r?\n", "", phrase)
    assert str(email.header.make_header(email.header.decode_header(unfolded))) == name
