"""BDAT at the tests' SMTP server: chunks are read by their length, refused ones too, unless it is wrong on purpose."""

import pytest

from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, address, nth_message
from tests.smtp_server.raw_client import MAIL, MESSAGE, RCPT, RawClient

OTHER = RCPT.replace(b"anna", b"bert")
PROBE = b"BDAT 6 LAST\r\nNOOP\r\n"


def bdat(data: bytes = MESSAGE, *, last: bool = True) -> bytes:
    return b"BDAT %d%b\r\n%b" % (len(data), b" LAST" if last else b"", data)


WHOLE = MAIL + RCPT + bdat()
NEXT = b"RSET\r\n" + MAIL + OTHER + bdat()


def codes(client: RawClient, wire: bytes, count: int) -> list[int]:
    """Sends it all at once, and hears so many replies and nothing more."""
    client.send(wire)
    heard = [int(client.reply()[:3]) for _ in range(count)]
    assert client.is_silent()
    return heard


def test_it_is_offered_only_where_asked_for(smtp_server: StartServer) -> None:
    for chunking in (False, True):
        server = smtp_server(chunking=chunking)
        assert (b"CHUNKING\r\n" in server.features.ehlo(encrypted=False)) == chunking
    server = smtp_server(allow_defects=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert client.say(b"BDAT 0 LAST\r\n").startswith(b"502 ")
    assert [defect.what for defect in server.defects] == ["BDAT, which was not offered"]


def test_whole_messages_follow_each_other(smtp_server: StartServer) -> None:
    server = smtp_server(chunking=True)
    tricky = b"Subject: x\r\n\r\n.\r\n.dot\r\nQUIT\r\n"
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        wire = WHOLE + MAIL + OTHER + bdat(MESSAGE[:10], last=False) + bdat(MESSAGE[10:]) + MAIL + RCPT + bdat(tricky)
        assert codes(client, wire, 10) == [250] * 10
        assert client.say(b"QUIT\r\n").startswith(b"221 ")
    assert [message.data for message in server.accepted] == [MESSAGE, MESSAGE, tricky]
    assert all(message.chunked for message in server.accepted)
    assert server.count_by_recipient() == {"anna@example.com": 2, "bert@example.com": 1}
    assert server.connections[0].commands.count(b".") == server.record.commands["BDAT"] == 4


@pytest.mark.parametrize("size", [1, 2, 7])
def test_input_cut_anywhere(smtp_server: StartServer, size: int) -> None:
    server = smtp_server(chunking=True, pipelining=False)  # octets need no PIPELINING to follow their BDAT
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        for part in (MAIL, RCPT):
            assert client.say(part).startswith(b"250 ")
        wire = bdat()
        for start in range(0, len(wire), size):
            client.send(wire[start : start + size])
        assert client.reply().startswith(b"250 ")
    assert [message.data for message in server.accepted] == [MESSAGE]


def test_a_refused_chunk_is_discarded(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["rcpt_5xx"](match=address("anna@example.com")), chunking=True, size=1000)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert codes(client, PROBE + PROBE + b"RSET\r\n", 3) == [503, 503, 250]
        assert codes(client, WHOLE + NEXT, 7) == [250, 550, 554, 250, 250, 250, 250]
        assert codes(client, MAIL + OTHER + bdat(b"x" * 998 + b"\r\n" + b"y\r\n"), 3) == [250, 250, 552]
        assert codes(client, MAIL + b"BDAT 0 LAST\r\n", 2) == [250, 503]
    assert server.count_by_recipient() == {"bert@example.com": 1}
    assert server.connections[0].spilled == []


@pytest.mark.parametrize(
    ("name", "probe", "refused"),
    [
        ("body_chunk_spilled", [503, 250], [250, 550, 554, 500]),
        ("body_chunk_spilled_outside", [503, 250], [250, 550, 554]),
        ("body_chunk_spilled_in_transaction", [503], [250, 550, 554, 500]),
        ("body_chunk_spilled_behind_recipient", [503], [250, 550, 554, 500]),
    ],
)
def test_an_unsound_server_reads_a_refused_chunk_as_commands(
    smtp_server: StartServer, name: str, probe: list[int], refused: list[int]
) -> None:
    server = smtp_server(CATALOGUE[name](), CATALOGUE["rcpt_5xx"](match=address("anna@example.com")), chunking=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert codes(client, PROBE + b"RSET\r\n", len(probe) + 1) == [*probe, 250]
        wire = MAIL + RCPT + bdat(b"Hello\r\n") + b"RSET\r\n"
        assert codes(client, wire, len(refused) + 1) == [*refused, 250]
        assert codes(client, MAIL + OTHER + bdat(), 3) == [250, 250, 250]
    spilled = [b"NOOP"] * (len(probe) - 1) + [b"Hello"] * (len(refused) - 3)
    assert server.connections[0].spilled == spilled
    assert server.count_by_recipient() == {"bert@example.com": 1}


def test_smuggling_works_where_the_server_is_unsound(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["body_chunk_spilled"](), CATALOGUE["rcpt_5xx"](times=1), chunking=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert codes(client, MAIL + RCPT + bdat(OTHER + bdat()), 5) == [250, 550, 554, 250, 250]
    assert server.count_by_recipient() == {"bert@example.com": 1}


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("body_chunk_refused_421", [421]),
        ("body_chunk_refused_cut", [554]),
        ("body_chunk_refused_reset", []),
        ("body_chunk_refused_hang", []),
    ],
)
def test_a_probe_may_end_the_connection(smtp_server: StartServer, name: str, heard: list[int]) -> None:
    server = smtp_server(CATALOGUE[name](), chunking=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        client.send(PROBE)
        assert [int(client.reply()[:3]) for _ in heard] == heard
        if name.endswith("hang"):
            server.wait_until(lambda: server.connections[0].silent)
            assert client.is_silent()
        else:
            assert client.end() == ("RST" if name.endswith("reset") else "FIN")


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("body_chunk_for_nobody_250", [250, 550, 250]),
        ("body_chunk_for_nobody_4xx", [250, 550, 451]),
        ("body_chunk_for_nobody_unanswered", [250, 550]),
        ("body_chunk_for_nobody_twice", [250, 550, 554, 503]),
    ],
)
def test_a_chunk_for_nobody_may_be_answered_wrongly(smtp_server: StartServer, name: str, heard: list[int]) -> None:
    server = smtp_server(CATALOGUE[name](), CATALOGUE["rcpt_5xx"](), chunking=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert codes(client, WHOLE, len(heard)) == heard
        assert client.say(b"RSET\r\n").startswith(b"250 ")
    assert server.accepted == []


@pytest.mark.parametrize(
    ("ends", "refusal", "behind"),
    [
        (None, "rcpt_5xx", [503, 250, 503]),
        (None, "body_5xx", [250, 250, 250]),
        (True, "rcpt_5xx", [250, 250, 250]),
        (True, "body_5xx", [250, 250, 250]),
        (False, "rcpt_5xx", [503, 250, 503]),
        (False, "body_5xx", [503, 250, 503]),
    ],
)
def test_what_becomes_of_a_transaction_whose_chunk_was_refused(
    smtp_server: StartServer, ends: bool | None, refusal: str, behind: list[int]
) -> None:
    server = smtp_server(CATALOGUE[refusal](times=1), chunking=True, refused_chunk_ends=ends)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        codes(client, WHOLE, 3)
        assert codes(client, MAIL + OTHER + bdat(), 3) == behind
        assert codes(client, NEXT, 4) == [250] * 4


def test_resets_may_be_refused(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["rcpt_5xx"](times=1), chunking=True, resets_until_refused=1)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert codes(client, b"RSET\r\n" + WHOLE + NEXT, 8) == [250, 250, 550, 554, 502, 503, 250, 503]
    assert server.accepted == []


def test_a_chunk_may_be_cut_inside(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["body_cut_inside"](after_bytes=5, match=nth_message(2)), chunking=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert codes(client, WHOLE, 3) == [250] * 3
        client.send(WHOLE + WHOLE)
        assert [client.reply()[:3] for _ in range(2)] == [b"250", b"250"]
        assert client.end() == "FIN"
    assert (len(server.accepted), server.record.unfinished) == (1, 1)


def test_a_421_may_be_followed_by_more(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["mail_421_open"](match=nth_message(2)), chunking=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert codes(client, WHOLE + MAIL + OTHER + bdat() + NEXT, 10) == [250] * 3 + [421, 503, 503] + [250] * 4
    assert server.count_by_recipient() == {"anna@example.com": 1, "bert@example.com": 1}


def test_a_reply_may_be_missing(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["body_unanswered"](times=1), chunking=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert codes(client, WHOLE + NEXT, 6) == [250] * 6
    assert len(server.accepted) == 2


@pytest.mark.parametrize(
    ("wire", "replies", "what"),
    [
        (b"BDAT\r\n", 1, "malformed BDAT"),
        (b"BDAT x LAST\r\n", 1, "malformed BDAT"),
        (b"BDAT 3 FIRST\r\n", 1, "malformed BDAT"),
        (MAIL + RCPT + bdat(b"a\nb\r\n"), 3, "bare LF in the message"),
        (MAIL + RCPT + bdat(b"x" * 999 + b"\r\n"), 3, "line of 999 bytes in the message"),
        (MAIL + RCPT + bdat(b"no end"), 3, "a message that does not end in CRLF"),
    ],
)
def test_defects(smtp_server: StartServer, wire: bytes, replies: int, what: str) -> None:
    server = smtp_server(allow_defects=True, chunking=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        codes(client, wire, replies)
    assert [defect.what for defect in server.defects] == [what]
