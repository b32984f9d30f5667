"""The probe: a chunk that is refused is thrown away, or is read as commands."""

import pytest

from campaign.smtp.chunking.probe import ChunkingProbe, ProbeResult

NO, OK, BYE = b"503 5.5.1 Not now\r\n", b"250 2.0.0 Ok\r\n", b"221 2.0.0 Bye\r\n"
LATER = b"451 4.7.1 Later\r\n"
BEGIN = NO + NO + OK + OK
"""What is said up to MAIL."""


def found(*pieces: bytes) -> ProbeResult | None:
    probe = ChunkingProbe("b@acme.example")
    result = None
    for piece in pieces:
        assert result is None
        result = probe.feed(piece)
    return result


def test_it_holds_nothing_that_could_do_harm() -> None:
    commands = ChunkingProbe("b@acme.example").commands
    assert {line[:4] for line in commands.splitlines()} == {b"BDAT", b"MAIL", b"NOOP", b"QUIT", b"RCPT", b"RSET"}
    assert commands.count(b"RCPT") == commands.count(b"RCPT TO:<>\r\n") == 1
    assert commands.startswith(b"MAIL FROM:<\r\nBDAT 6 LAST\r\nNOOP\r\nRSET\r\n")  # ... nor is this one a sender
    assert b"LAST" not in commands.partition(b"RCPT")[2]  # so that it is no message where even that is taken


def test_the_chunk_behind_the_refused_recipient_is_longer_than_the_buffer_of_a_server() -> None:
    behind = ChunkingProbe("b@acme.example").commands.partition(b"RCPT TO:<>\r\nBDAT ")[2]
    size, _, octets = behind.partition(b"\r\n")
    assert int(size) > 1 << 16
    assert octets == int(size) // 6 * b"NOOP\r\n" + b"QUIT\r\n"


def test_each_chunk_refused_once_and_nothing_else_is_sound() -> None:
    assert found(BEGIN + NO + NO + BYE) is ProbeResult.SOUND
    assert found(*[bytes([one]) for one in BEGIN + NO + NO + BYE]) is ProbeResult.SOUND


@pytest.mark.parametrize("said", [OK + OK, OK + NO, LATER + LATER, LATER + NO])
def test_a_recipient_that_is_none_may_be_taken_or_put_off_and_its_chunk_as_well(said: bytes) -> None:
    assert found(BEGIN + said + BYE) is ProbeResult.SOUND


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(NO + NO + 3 * OK + NO + NO, id="the chunk behind the refused sender is read as NOOP"),
        pytest.param(NO + NO + 3 * OK + OK + OK, id="it is, and what is no recipient is taken"),
        pytest.param(BEGIN + NO + NO + OK, id="the chunk behind the refused recipient is read as NOOP"),
        pytest.param(BEGIN + NO + OK, id="it is taken"),
        pytest.param(BEGIN + NO + LATER, id="it is put off"),
        pytest.param(NO + OK, id="the chunk behind the refused sender is taken"),
        pytest.param(BEGIN + NO + NO + NO, id="QUIT is refused"),
        pytest.param(BEGIN + NO + NO + BYE + OK, id="a reply too many"),
        pytest.param(NO + LATER, id="a refusal that is none for good"),
        pytest.param(b"hello\r\n", id="no reply"),
    ],
)
def test_whatever_else_is_said_is_unsound(said: bytes) -> None:
    assert found(said) is ProbeResult.UNSOUND


@pytest.mark.parametrize(
    "said", [b"421 4.3.2 Closing\r\n", NO + NO + OK + b"550 5.7.1 Sender\r\n", NO + NO + OK + b"451 4.3.0 Later\r\n"]
)
def test_a_session_that_ends_and_a_refused_sender_show_nothing(said: bytes) -> None:
    assert found(said) is ProbeResult.INCONCLUSIVE


def test_as_long_as_replies_are_due_nothing_is_known() -> None:
    assert found(BEGIN + NO + NO) is None
