"""The composer against the standard library's: for any contact and any content, both parse to the same message.

Two readers take what leaves apart: the standard library's parser, which must find no defect, and one of a few lines
here, which shares nothing with it but the decoders of quoted-printable and base64.
"""

import base64
import email
import email.header
import email.policy
import email.utils
import quopri
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from campaign.message import Composer
from campaign.model import Contact, Content, Message

SENDER = "Acme <hello@acme.example>"
BOUNDARY = re.search(
    rb'boundary="([^"]+)"',
    Composer(campaign="c", sender=SENDER, return_path="b@acme.example", reply_to=None, unsubscribe_mailto=None)
    .compose(
        Contact(number=1, email="a@b.example", columns={}),
        Content(subject="", text=("a",), html=("a",)),
        now=datetime.now().astimezone(),
    )
    .data,
)
assert BOUNDARY is not None

# What goes wrong, goes wrong at line ends, at seams, and at lengths near 76 and 900.
ODD = [
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    " ",
    "\t",
    "  ",
    "=",
    "=\n",
    "=20",
    ".",
    "\n.\n",
    "From ",
    "\nFrom ",
    "--",
    "=_",
    "|",
]
ODD += ["é", "—", "漢字", "😀", "\0", "\x0b", "\x0c", "\x1c", "\x7f", "\x85", "\u2028", "\ufeff", "<p>", "&amp;"]
ODD += ["a" * 60 + "=" * 30, "https://a.example/?t=" + "x" * 400]
ODD += [BOUNDARY[1].decode(), "\n--" + BOUNDARY[1].decode() + "\n"]
FRAGMENTS = st.one_of(
    st.sampled_from(ODD),
    st.builds(
        lambda size, letter: letter * size, st.integers(0, 160) | st.integers(892, 904), st.sampled_from("xé= .漢")
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=100),
)
CHUNKS = st.lists(
    st.tuples(st.lists(FRAGMENTS, min_size=1, max_size=4).map("".join), st.booleans()), min_size=1, max_size=10
)
BALLAST = ("é, and much that is plain. " * 4 + "\n") * 20, True
"""What other chunks are little beside, so that quoted-printable is the right encoding."""

LINE = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])
SUBJECTS = st.one_of(
    st.text(LINE, max_size=90),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200),
    st.lists(st.sampled_from(["word", "é", "漢字", "=?", "?=", "=?utf-8?q?x?=", "_", "x" * 80, "  ", "(a)", ","])).map(
        " ".join
    ),
)
ATEXT = st.sampled_from("abcxyzABC0189!#$%&'*+-/=?^_`{|}~")
ATOM = st.text(ATEXT, min_size=1, max_size=12)
ADDRESSES = st.builds(
    lambda local, domain: ".".join(local) + "@" + ".".join(domain),
    st.lists(ATOM, min_size=1, max_size=3),
    st.lists(st.text(st.sampled_from("abcXYZ019-"), min_size=1, max_size=20), min_size=1, max_size=4),
)
URLS = st.text(st.sampled_from("abcXYZ019-._~:/?#[]@!$&'()*+,;=%"), min_size=1, max_size=300).map("https://".__add__)
MOMENTS = st.builds(
    lambda moment, minutes: moment.replace(tzinfo=timezone(timedelta(minutes=minutes))),
    st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)),
    st.integers(-12 * 60, 14 * 60),
)


def compose(
    contact: Contact, content: Content, now: datetime, *, constants: tuple[str, ...] = (), sender: str = SENDER
) -> Message:
    composer = Composer(
        campaign="c",
        sender=sender,
        return_path="bounces@acme.example",
        reply_to="Support <support@acme.example>",
        unsubscribe_mailto="stop@acme.example",
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


def read(octets: bytes) -> EmailMessage:
    """Strictly: any defect raises."""
    parsed = email.message_from_bytes(octets, policy=email.policy.default.clone(raise_on_defect=True))
    assert isinstance(parsed, EmailMessage)
    return parsed


def bodies(message: EmailMessage) -> list[tuple[str, str]]:
    leaves = [part for part in message.walk() if not part.is_multipart()]
    assert all(isinstance(part, EmailMessage) and not part.defects for part in leaves)
    found = [(part.get_content_type(), part.get_content().replace("\r\n", "\n")) for part in leaves]
    assert all(body.endswith("\n") for _, body in found)
    return found


def lines(text: str) -> str:
    """Line breaks as LF, one at the end."""
    text = re.sub("\r\n|\r", "\n", text)
    return text if text.endswith("\n") else text + "\n"


DECODERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"7bit": bytes,
    b"quoted-printable": quopri.decodestring,
    b"base64": base64.b64decode,
}


def bodies_by_hand(octets: bytes) -> list[str]:
    """The bodies, cut out of the octets by RFC 2046 section 5.1.1."""
    head, _, rest = octets.partition(b"\r\n\r\n")
    boundary = re.search(rb'boundary="([^"]+)"', head)
    if boundary is None:
        parts = [octets[head.rindex(b"Content-Type") :]]
    else:
        preamble, *parts, epilogue = (b"\r\n" + rest).split(b"\r\n--" + boundary[1])
        assert preamble == b""
        assert epilogue == b"--\r\n"
        assert octets.count(boundary[1]) == 1 + len(parts) + 1
        parts = [part.removeprefix(b"\r\n") for part in parts]
    found = []
    for part in parts:
        fields, _, body = part.partition(b"\r\n\r\n")
        assert b"charset=utf-8" in fields
        encoding = fields.partition(b"Content-Transfer-Encoding: ")[2]
        if encoding != b"7bit":
            assert max(map(len, body.split(b"\r\n"))) <= 76
            assert not re.search(rb"[ \t]\r\n", body)
        found.append(lines(DECODERS[encoding](body).decode()))
    return found


def hold_the_wire_to_its_rules(octets: bytes) -> None:
    assert octets.isascii()
    assert octets.endswith(b"\r\n")
    assert b"\0" not in octets
    without_breaks = octets.replace(b"\r\n", b"")
    assert b"\r" not in without_breaks
    assert b"\n" not in without_breaks
    assert max(map(len, octets.split(b"\r\n"))) <= 900
    assert not any(line.startswith(b"From ") for line in octets.split(b"\r\n"))


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
    mailto = "<mailto:stop@acme.example>"
    assert parsed["List-Unsubscribe"] == (mailto if url is None else f"<{url}>, {mailto}")
    # An encoded word by itself decodes: no character is in two of them (RFC 2047 section 5).
    for word in re.findall(rb"=\?utf-8\?([bq])\?([^?]*)\?=", b"\n".join(head)):
        octets = base64.b64decode(word[1]) if word[0] == b"b" else quopri.decodestring(word[1], header=True)
        assert octets.decode()
    for found in re.findall(rb"=\?\S*\?=", b"\n".join(head)):
        assert len(found) <= 75


@settings(max_examples=80)
@given(name=st.text(LINE, min_size=1, max_size=60).map(str.strip).filter(str.isprintable).filter(bool))
def test_any_display_name_is_read_as_it_was_written(name: str) -> None:
    assume("=?" not in name)  # In a setting, as in a From field, that begins an encoded word.
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
