"""Secrets from files: what wraps them is no part of them, and who else may read them is said."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from campaign.cli import app
from tests.campaigns import SECRET, SmallCampaign
from tests.conftest import StartServer

Write = Callable[[bytes], Path]


def campaign(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert "Traceback" not in result.stdout + result.stderr
    assert SECRET not in result.stdout + result.stderr
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def small(tmp_path: Path) -> SmallCampaign:
    made = SmallCampaign(tmp_path / "small").people(2)
    made.load(25)
    return made


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the file of the link secret, for its owner only."""
    monkeypatch.delenv("CAMPAIGN_LINK__SECRET", raising=False)
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET_FILE", "~/key")
    monkeypatch.setenv("HOME", str(tmp_path))

    def write(content: bytes) -> Path:
        path = tmp_path / "key"
        path.write_bytes(content)
        path.chmod(0o600)
        return path

    return write


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_links_are_signed_with_the_secret_and_not_with_its_wrapping(
    small: SmallCampaign, key_file: Write, monkeypatch: pytest.MonkeyPatch, mark: bytes, end: bytes
) -> None:
    key_file(mark + SECRET.encode() + end)
    code, link, _ = campaign("link", "mint", small.path, "p1@people.example")
    assert code == 0
    monkeypatch.delenv("CAMPAIGN_LINK__SECRET_FILE")
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)
    assert campaign("link", "inspect", link.strip(), "--campaign", small.path)[0] == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f'"{SECRET}"\n'.encode(), "quotes around"),
        (f"{SECRET}\n{SECRET}\n".encode(), "more than one line"),
        (SECRET.encode("utf-16"), "UTF-16"),
        (f"{SECRET}\x00".encode(), "UTF-16"),
        (b"", "is empty"),
        (SECRET[:20].encode(), "20 bytes"),
        (f"{SECRET} \n".encode(), "white space"),
    ],
)
@pytest.mark.parametrize("command", ["check", "mint", "inspect", "send"])
def test_what_no_link_can_be_signed_with_is_refused_by_every_command(
    small: SmallCampaign, key_file: Write, command: str, content: bytes, words: str
) -> None:
    path = key_file(content)
    line = {
        "check": ("check", small.path, "--offline"),
        "mint": ("link", "mint", small.path, "p1@people.example"),
        "inspect": ("link", "inspect", "https://x.example/sso?token=x", "--campaign", small.path),
        "send": ("send", small.path),
    }[command]
    code, out, err = campaign(*line)
    if command == "inspect" and words in ("20 bytes", "white space"):
        assert code == 1  # it says so among its findings
        return
    assert code == 2
    assert words in out + err
    assert str(path) in out + err
    assert "CAMPAIGN_LINK__SECRET_FILE" in out + err


@pytest.mark.parametrize(("mode", "who"), [(0o600, None), (0o400, None), (0o640, "its group"), (0o644, "everybody")])
def test_check_names_a_file_that_others_may_read(
    small: SmallCampaign, key_file: Write, mode: int, who: str | None
) -> None:
    path = key_file(SECRET.encode())
    path.chmod(mode)
    code, out, _ = campaign("check", small.path, "--offline")
    assert code == 0
    if who is None:
        assert str(path) not in out
    else:
        assert f"note   {path} (CAMPAIGN_LINK__SECRET_FILE) can be read by {who}" in out


def test_a_password_with_a_byte_order_mark_signs_in(
    small: SmallCampaign, smtp_server: StartServer, tmp_path: Path, key_file: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file(SECRET.encode())
    (tmp_path / "password").write_bytes(b"\xef\xbb\xbfright\r\n")
    monkeypatch.setenv("CAMPAIGN_SMTP__PASSWORD_FILE", str(tmp_path / "password"))
    small.settings = {"smtp": {"username": "us"}}
    server = smtp_server(logins={"us": "right"})
    small.load(server.port)
    assert campaign("send", small.path)[0] == 0
    assert len(server.accepted) == 2
    (tmp_path / "password").write_bytes(b" right")
    assert "begins or ends with a space" in campaign("check", small.path, "--offline")[1]
