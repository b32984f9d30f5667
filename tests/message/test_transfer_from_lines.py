"""No line that leaves begins with `From `: whoever stores mail in an mbox would write it as `>From `."""

import email
import email.policy
import mailbox
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaign.message import Composer
from campaign.model import Contact, Content, Message

NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
ANN = Contact(number=7, email="ann@people.example", columns={})


def compose(*, text: tuple[str, ...] = (), html: tuple[str, ...] = (), constants: tuple[str, ...] = ()) -> Message:
    composer = Composer(
        campaign="autumn",
        sender="Acme <hello@acme.example>",
        return_path="bounces@acme.example",
        reply_to=None,
        unsubscribe_mailto=None,
        constants=constants,
    )
    return composer.compose(ANN, Content(subject="Your order", text=text, html=html), now=NOW)


def parsed(message: Message) -> EmailMessage:
    found = email.message_from_bytes(message.data, policy=email.policy.default.clone(raise_on_defect=True))
    assert isinstance(found, EmailMessage)
    return found


def sent(*text: str, constants: tuple[str, ...] = ()) -> tuple[str, str]:
    """The encoding of a message that is this text alone, and its body on the wire; no rule broken, nothing altered."""
    message = compose(text=text, constants=constants)
    body = message.data.partition(b"\r\n\r\n")[2].decode("ascii")
    assert not any(line.startswith("From ") for line in body.split("\r\n")), body
    assert max(map(len, body.split("\r\n"))) <= 900
    read = parsed(message)
    if read["Content-Transfer-Encoding"] == "quoted-printable":
        assert max(map(len, body.split("\r\n"))) <= 76
        assert not re.search(r"[ \t]\r\n", body)
    assert read.get_content().replace("\r\n", "\n") == ended("".join(text))
    return str(read["Content-Transfer-Encoding"]), body


def ended(text: str) -> str:
    """With line breaks as LF, one at the end."""
    text = re.sub("\r\n|\r", "\n", text)
    return text if text.endswith("\n") else text + "\n"


@pytest.mark.parametrize(
    ("text", "encoding", "body"),
    [
        ("From me\n", "quoted-printable", "=46rom me\r\n"),
        ("Hello,\nFrom me\n", "quoted-printable", "Hello,\r\n=46rom me\r\n"),
        ("Hello,\rFrom me\r", "quoted-printable", "Hello,\r\n=46rom me\r\n"),
        ("Hello,\r\nFrom me", "quoted-printable", "Hello,\r\n=46rom me\r\n"),
        ("Zoë\nFrom me\n", "quoted-printable", "Zo=C3=AB\r\n=46rom me\r\n"),
        ("\n\nFrom \n", "quoted-printable", "\r\n\r\n=46rom=20\r\n"),
        ("From 100%=all\n", "quoted-printable", "=46rom 100%=3Dall\r\n"),
        # These no mbox writer touches (RFC 4155 knows the five characters `From ` alone).
        ("A mail From me\n", "7bit", "A mail From me\r\n"),
        ("from me\nFROM me\n From me\n>From me\n", "7bit", "from me\r\nFROM me\r\n From me\r\n>From me\r\n"),
        ("From\nFrom: me\nFrom\tme\n", "7bit", "From\r\nFrom: me\r\nFrom\tme\r\n"),
        (".\n..\nF\nFr\nFro\nFrom", "7bit", ".\r\n..\r\nF\r\nFr\r\nFro\r\nFrom\r\n"),
    ],
)
def test_a_line_that_begins_with_from_is_encoded_and_no_other(text: str, encoding: str, body: str) -> None:
    assert sent(text) == (encoding, body)
    assert sent(text, constants=(text,)) == (encoding, body)


@pytest.mark.parametrize("before", ["", "Hello,\n", "Hello,\r", "é\n", "é" + "x" * 73, "x" * 76 + "é"])
@pytest.mark.parametrize("after", ["", "me", "\n", "me, é\n", "x" * 100 + "="])
def test_wherever_chunks_meet_within_it_and_whichever_of_them_are_known(before: str, after: str) -> None:
    whole = f"{before}From {after}"
    places = range(len(before), len(before) + len("From ") + 1)
    for cuts in [*combinations(places, 1), *combinations(places, 2), tuple(places)]:
        edges = [0, *cuts, len(whole)]
        chunks = tuple(whole[start:end] for start, end in pairwise(edges))
        for constants in ((), chunks, chunks[::2], chunks[1::2]):
            sent(*chunks, constants=constants)


def test_a_personal_chunk_is_encoded_at_the_start_of_a_line_only() -> None:
    before, after = "Hello,\n", " wrote to you.\n"

    assert sent(before, "From Acme", after, constants=(before, after))[1] == ("Hello,\r\n=46rom Acme wrote to you.\r\n")
    assert sent("Hello, ", "From Acme", after)[0] == "7bit"
    assert sent("é, ", "From Acme", after)[1] == "=C3=A9, From Acme wrote to you.\r\n"
    # What a column often holds, and what looks like the start of it.
    assert sent(before, "F", after)[0] == "7bit"
    assert sent(before, "F", "rom me\n")[0] == "quoted-printable"
    assert sent("Hello, ", "F", "rom me\n")[0] == "7bit"
    assert sent(before, "Fatima", after)[0] == "7bit"
    assert sent("é\n", "Fatima", after)[1] == "=C3=A9\r\nFatima wrote to you.\r\n"


@pytest.mark.parametrize("column", range(60, 80))
@pytest.mark.parametrize("word", ["From ", "From  ", "From \n", "From the", "From here on, = it is another line " * 3])
def test_a_soft_line_break_makes_no_such_line(column: int, word: str) -> None:
    before = "é" + "x" * (column - 6)
    for chunks in ((before + word + "z",), (before, word, "z"), (before, word[:2], word[2:] + "z")):
        for constants in ((), chunks, chunks[:1], chunks[1:]):
            assert sent(*chunks, constants=constants)[0] == "quoted-printable"


@pytest.mark.parametrize("size", range(215, 235))
def test_a_link_whose_last_letters_begin_it_is_whole(size: int) -> None:
    for end in ("F", "Fr", "Fro", "From"):
        link = "https://acme.example/" + "x" * size + end
        for after in (" here", "\n", "rom ", "om ", "m ", ""):
            for constants in ((), (link,), (after,)):
                sent("é\n", link, after, constants=constants)


PIECES = st.sampled_from(
    ["From ", "F", "Fr", "Fro", "From", "rom ", "om ", "m ", " ", "o", "\n", "\r", "\r\n", "é", "=", "漢字" * 9, "."]
) | st.builds(lambda size, letter: letter * size, st.integers(1, 160) | st.integers(890, 910), st.sampled_from("xé= F"))
CHUNKS = st.lists(
    st.tuples(st.lists(PIECES, min_size=1, max_size=5).map("".join), st.booleans()), min_size=1, max_size=12
)


@settings(max_examples=400)
@given(chunks=CHUNKS)
@example(chunks=[("x\r", True), ("\nFrom ", False)])
@example(chunks=[("é\r", True), ("From ", True), ("y", False)])
@example(chunks=[("é" + "x" * 66, False), ("From ", False)])
def test_no_chunks_make_a_line_over_900_or_a_from_line_and_none_is_altered(chunks: list[tuple[str, bool]]) -> None:
    text = tuple(chunk for chunk, _ in chunks)
    known = tuple(chunk for chunk, recurs in chunks if recurs)

    encoding, _ = sent(*text, constants=known)

    # Knowing chunks beforehand changes the cost, not what can be sent as it is.
    assert (encoding == "7bit") == (sent(*text)[0] == "7bit")
    if encoding == "7bit":
        assert sent(*text, constants=known) == sent("".join(text))


def test_an_mbox_gives_back_what_was_put_in(tmp_path: Path) -> None:
    # The standard library's writes `>From ` for a line that begins with `From `, and never takes it back.
    text = ("Dear Ann,\n", "From ", "Acme\n", "From now on\n", ".\n")
    html = ("<p>é</p>\n", "F", "rom us", "<p>" + "x" * 68, "From here</p>\nFrom me\n")
    message = compose(text=text, html=html)
    folder = mailbox.mbox(tmp_path / "folder")

    key = folder.add(message.data)
    folder.flush()
    stored = folder.get_bytes(key)
    folder.close()

    assert stored.splitlines() == message.data.splitlines()
    plain, rich = (part for part in parsed(message).iter_parts() if isinstance(part, EmailMessage))
    assert plain.get_content().replace("\r\n", "\n") == "".join(text)
    assert rich.get_content().replace("\r\n", "\n") == "".join(html)
