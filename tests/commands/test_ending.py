"""When a run will end, in the question before it."""

import os
from pathlib import Path

from tests.campaigns import SECRET, SmallCampaign
from tests.conftest import StartServer
from tests.terminals import run_on_a_terminal


def answered(path: Path, *words: str, answer: bytes) -> tuple[int, str]:
    """What `campaign send` says on a terminal where somebody answers its question."""
    environment = os.environ | {"CAMPAIGN_LINK__SECRET": SECRET}
    code, said = run_on_a_terminal("send", str(path), *words, environment=environment, answer=answer)
    return code, said.decode()


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


def test_live_links_in_a_test_are_asked_about(tmp_path: Path, smtp_server: StartServer) -> None:
    small = SmallCampaign(tmp_path / "small").people(3)
    server = smtp_server()
    small.load(server.port)
    code, said = answered(small.path, "--test-to", "me@acme.example", "--live-links", answer=b"n\n")
    assert code == 3 and "LIVE LINKS" in said and "nothing was sent" in said and server.accepted == []
    code, _ = answered(small.path, "--test-to", "me@acme.example", "--live-links", answer=b"y\n")
    assert code == 0 and len(server.accepted) == 3
