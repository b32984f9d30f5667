"""The probe: a chunk that is refused is thrown away, or is read as commands."""

import pytest

from campaign.smtp.chunking.probe import ChunkingProbe, ProbeResult

NO, OK = b"503 5.5.1 Not now\r\n", b"250 2.0.0 Ok\r\n"


def found(*pieces: bytes) -> ProbeResult | None:
    probe = ChunkingProbe("b@acme.example")
    result = None
    for piece in pieces:
        assert result is None
        result = probe.feed(piece)
    return result


def test_it_holds_nothing_that_could_do_harm() -> None:
    commands = ChunkingProbe("b@acme.example").commands
    assert {line[:4] for line in commands.splitlines()} == {b"BDAT", b"NOOP", b"MAIL", b"RSET"}


def test_each_chunk_refused_once_and_nothing_else_is_sound() -> None:
    assert found(NO + OK + NO + NO + OK) is ProbeResult.SOUND
    assert found(*[bytes([one]) for one in NO + OK + NO + NO + OK]) is ProbeResult.SOUND


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(NO + OK + OK, id="a chunk outside a transaction is read as NOOP"),
        pytest.param(NO + OK + NO + OK, id="a chunk within one is"),
        pytest.param(OK, id="a chunk is taken"),
        pytest.param(NO + OK + NO + NO + NO, id="RSET is refused"),
        pytest.param(NO + OK + NO + NO + OK + OK, id="a reply too many"),
        pytest.param(b"450 4.3.0 Later\r\n", id="a refusal that is none for good"),
        pytest.param(b"hello\r\n", id="no reply"),
    ],
)
def test_whatever_else_is_said_is_unsound(said: bytes) -> None:
    assert found(said) is ProbeResult.UNSOUND


@pytest.mark.parametrize("said", [b"421 4.3.2 Closing\r\n", NO + b"550 5.7.1 Sender\r\n", NO + b"451 4.3.0 Later\r\n"])
def test_a_session_that_ends_and_a_refused_sender_show_nothing(said: bytes) -> None:
    assert found(said) is ProbeResult.INCONCLUSIVE


def test_as_long_as_replies_are_due_nothing_is_known() -> None:
    assert found(NO + OK + NO + NO) is None
