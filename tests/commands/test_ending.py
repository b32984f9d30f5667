"""When a run will end, in the question before it."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.campaigns import SECRET, SmallCampaign
from tests.conftest import StartServer


def answered(path: Path, *words: str, answer: bytes) -> tuple[int, str]:
    """What `campaign send` says on a terminal where somebody answers its question."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "campaign", "send", str(path), *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"CAMPAIGN_LINK__SECRET": SECRET},
    )
    os.close(theirs)
    said = b""
    try:
        while data := os.read(ours, 65536):
            said += data
            if b"[y/N]" in said and answer:
                os.write(ours, answer)
                answer = b""
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    return process.wait(60), said.decode()


def test_whoever_is_asked_is_told_when_it_ends(tmp_path: Path, smtp_server: StartServer) -> None:
    small = SmallCampaign(tmp_path / "small", {"smtp": {"rate": 0.1}, "window": {"lasts": "8h"}}).people(30)
    server = smtp_server()
    small.load(server.port)
    code, said = answered(small.path, answer=b"n\n")
    assert code == 3
    assert said.index("ends about ") < said.index("Send?")
    assert "(5.6 a minute), inside the window; links live until " in said
    assert server.accepted == []


def test_and_where_it_does_not_fit_what_would_do(tmp_path: Path, smtp_server: StartServer) -> None:
    small = SmallCampaign(tmp_path / "small", {"smtp": {"rate": 0.1}, "window": {"lasts": "1m"}}).people(30)
    small.load(smtp_server().port)
    _, said = answered(small.path, answer=b"n\n")
    assert "longer than the window is open" in said and "would do (smtp.rate)" in said


def test_nobody_who_is_not_asked_has_the_server_measured(tmp_path: Path, smtp_server: StartServer) -> None:
    small = SmallCampaign(tmp_path / "small", {"smtp": {"rate": 50}}).people(3)
    server = smtp_server()
    small.load(server.port)
    code, said = answered(small.path, "--yes", answer=b"")
    assert code == 0 and "ends about" not in said
    assert b"NOOP" not in [command for one in server.connections for command in one.commands]
