"""Server bytes → replies: the same whatever the packets, and never anything but ReplyError."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.model import Reply
from campaign.smtp.reply.parser import MAX_REPLY, MAX_TEXT, ReplyError, ReplyParser, parse_reply, readable

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"


def replies_to(*pieces: bytes) -> list[Reply]:
    parser = ReplyParser()
    return [reply for piece in pieces for reply in parser.feed(piece)]


@pytest.mark.parametrize(
    ("wire", "code", "enhanced", "text"),
    [
        (b"250 2.1.0 Sender ok\r\n", 250, "2.1.0", "Sender ok"),
        (b"250 Ok\r\n", 250, None, "Ok"),
        (b"250\r\n", 250, None, ""),
        (b"250 \r\n", 250, None, ""),
        (b"250 2.0.0\r\n", 250, "2.0.0", ""),
        (b"354 Go\n", 354, None, "Go"),  # a bare LF: sloppy, and plain enough
        (b"550 5.1.1 No\r\n", 550, "5.1.1", "No"),
        (b"550-5.1.1 No\r\n550-5.1.1\r\n550 5.1.1 such user\r\n", 550, "5.1.1", "No such user"),
        (b"550-First\r\n550 5.7.1 second\r\n", 550, "5.7.1", "First second"),
        (b"250-\r\n250 x\r\n", 250, None, "x"),
        # An enhanced code of another class is text: it must not decide anything.
        (b"550 4.7.1 Later\r\n", 550, None, "4.7.1 Later"),
        (b"450 5.1.1 Never\r\n", 450, None, "5.1.1 Never"),
        (b"250 5.0.0 Odd\r\n", 250, None, "5.0.0 Odd"),
        (b"550 3.1.1 No class\r\n", 550, None, "3.1.1 No class"),
        (b"550 5.1 short\r\n", 550, None, "5.1 short"),
        (b"550 5.1.1.1 long\r\n", 550, None, "5.1.1.1 long"),
        (b"550 5.1.1234 long\r\n", 550, None, "5.1.1234 long"),
        (b"550 5.7.705 tenant\r\n", 550, "5.7.705", "tenant"),
        (b"550 Empf\xe4nger unbekannt\r\n", 550, None, "Empf\ufffdnger unbekannt"),
        ("550 Empfänger\r\n".encode(), 550, None, "Empfänger"),
        (b"550 red \x1b[31m bell \x07\x00 end\r\n", 550, None, r"red \x1b[31m bell \x07\x00 end"),
        (b"550 a\rb\r\n", 550, None, "a b"),
    ],
)
def test_one_reply(wire: bytes, code: int, enhanced: str | None, text: str) -> None:
    (reply,) = replies_to(wire)
    assert (reply.code, reply.enhanced) == (code, enhanced)
    assert reply.text.split() == text.split()


@pytest.mark.parametrize(
    "wire",
    [
        b"\r\n",
        b"all is well\r\n",
        b"25 short\r\n",
        b"2500 long\r\n",
        b"250is well\r\n",
        b"-250 negative\r\n",
        b"000 zero\r\n",
        b"150 no such class\r\n",
        b"650 no such class\r\n",
        b"999 no such class\r\n",
        b" 250 indented\r\n",
        b"250\tx\r\n",
        "\u0662\u0665\u0660 arabic digits\r\n".encode(),
        b"250-is\r\n550 it\r\n",
        b"250-is\r\n250-it\r\n450 well\r\n",
        b"\xff\xfe\r\n",
    ],
)
def test_no_reply(wire: bytes) -> None:
    with pytest.raises(ReplyError) as caught:
        replies_to(wire)
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


def test_a_reply_of_two_codes_is_refused_in_whatever_packets_it_comes() -> None:
    parser = ReplyParser()
    assert parser.feed(b"250-is\r\n") == []
    with pytest.raises(ReplyError, match="two codes"):
        parser.feed(b"550 it\r\n")


@pytest.mark.parametrize("wire", [b"250 " + b"a" * (MAX_REPLY + 1), b"250-more\r\n" * (MAX_REPLY // 8)])
def test_a_reply_without_an_end_is_not_waited_for(wire: bytes) -> None:
    with pytest.raises(ReplyError, match="bytes"):
        replies_to(*(wire[start : start + 1000] for start in range(0, len(wire), 1000)))


def test_many_short_replies_are_no_long_one() -> None:
    parser = ReplyParser()
    for number in range(MAX_REPLY // 5):
        assert len(parser.feed(b"250 %d\r\n" % number)) == 1


def test_it_says_whether_a_reply_has_begun() -> None:
    parser = ReplyParser()
    assert not parser.incomplete
    parser.feed(b"25")
    assert parser.incomplete
    parser.feed(b"0-a\r\n")
    assert parser.incomplete
    parser.feed(b"250 b\r\n")
    assert not parser.incomplete


codes = st.sampled_from([b"250", b"251", b"354", b"421", b"450", b"550", b"554"])
line_text = st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b" "))


@st.composite
def whole_replies(draw: st.DrawFn) -> bytes:
    code = draw(codes)
    lines = draw(st.lists(line_text, min_size=1, max_size=4))
    end = draw(st.sampled_from([b"\r\n", b"\n"]))
    return b"".join(code + b"-" + line + end for line in lines[:-1]) + code + b" " + lines[-1] + end


@settings(max_examples=150)
@given(st.lists(whole_replies(), min_size=1, max_size=5), st.data())
def test_packets_do_not_matter(wires: list[bytes], data: st.DataObject) -> None:
    wire = b"".join(wires)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    pieces = [wire[start:end] for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    together = replies_to(wire)
    assert replies_to(*pieces) == together
    assert replies_to(*(bytes([byte]) for byte in wire)) == together
    assert [reply.code for reply in together] == [int(one[:3]) for one in wires]


@settings(max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            whole_replies(),
            st.from_regex(rb"[0-9]{1,4}[ -]?[^\n]{0,10}\r?\n", fullmatch=True),
        ),
        max_size=6,
    )
)
def test_any_bytes_give_replies_or_reply_error(pieces: list[bytes]) -> None:
    parser = ReplyParser()
    try:
        for piece in pieces:
            for reply in parser.feed(piece):
                assert 200 <= reply.code <= 599
                assert len(reply.text) <= MAX_TEXT
                assert reply.enhanced is None or int(reply.enhanced[0]) == reply.code // 100
    except ReplyError:
        pass


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_text_is_one_harmless_line(raw: bytes) -> None:
    text = readable(raw)
    assert re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", text) is None
    assert len(text.splitlines()) <= 1
    text.encode()


@pytest.mark.parametrize(
    "said",
    [
        f"Blocked: https://acme.myclickfunnels.com/sso?token={TOKEN}",
        f"content contains {TOKEN} which we dislike",
        f"url <https://x.example/{'0123456789abcdef' * 5}>",
    ],
)
def test_a_link_that_a_filter_quotes_is_not_kept(said: str) -> None:
    reply = parse_reply([b"554 5.7.1 " + said.encode()])
    assert "eyJ" not in reply.text and "0123456789abcdef" not in reply.text
    assert "[link]" in reply.text


def test_the_same_reply_is_read_once_and_other_replies_do_not_pile_up() -> None:
    parser = ReplyParser()
    first, second = parser.feed(b"250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n")
    assert first is second
    for number in range(2000):  # queue ids: every reply is another
        (reply,) = parser.feed(b"250 2.0.0 queued as %d\r\n" % number)
        assert reply.text == f"queued as {number}"
    assert parser.feed(b"250-2.0.0 Ok\r\n250 2.0.0 Ok\r\n")[0].text == "Ok Ok"
