"""Somebody who knows nothing goes from `init` to a campaign that is sent and reported, by what is printed alone."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from campaign.cli import app
from tests.campaigns import SECRET
from tests.conftest import StartServer


class Walker:
    """Pastes commands, and keeps what was printed to be pasted next."""

    def __init__(self) -> None:
        self.printed: list[str] = []
        self.typed: list[str] = []

    def paste(self, line: str) -> str:
        """Type a line."""
        words = shlex.split(line)
        assert words[0] == "campaign"
        self.typed.append(line)
        result = CliRunner().invoke(app, words[1:])
        said = str(result.output)
        assert "Traceback" not in said
        self.printed = re.findall(r"^    (campaign .*)$", said, re.MULTILINE)
        return said

    def go_on(self, *wanted: str) -> str:
        """Take the printed command with these words in it, as somebody who looks for the way on would."""
        found = next((line for line in self.printed if all(word in line.split() for word in wanted)), None)
        assert found is not None, f"after {self.typed[-1]}, nothing leads to {wanted}: {self.printed}"
        return self.paste(found)


@pytest.fixture
def walker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walker:
    monkeypatch.chdir(tmp_path)
    for name in ("CAMPAIGN_LINK__SECRET", "CAMPAIGN_SMTP__PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return Walker()


def test_from_nothing_to_a_report_of_the_sandbox(walker: Walker, tmp_path: Path) -> None:
    assert "campaign init autumn" in walker.paste("campaign --help")
    walker.paste("campaign init autumn")
    assert "index.html" in walker.go_on("preview")
    said = walker.go_on("check")
    assert "CAMPAIGN_LINK__SECRET_FILE" in said, "what is missing is named, and how to give it"
    assert "what arrived: " in walker.go_on("send", "--sandbox")
    page = Path(walker.go_on("report", "--sandbox").splitlines()[0])
    assert page.is_file() and page.is_relative_to(tmp_path)
    walker.go_on("check")
    assert len(walker.typed) == 7


def test_from_the_check_to_a_real_run_and_its_report(
    walker: Walker, smtp_server: StartServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = smtp_server()
    walker.paste("campaign init autumn")
    settings = tmp_path / "autumn" / "campaign.toml"
    text = settings.read_text().replace('"smtp.acme.example"', '"127.0.0.1"').replace('"starttls"', '"none"')
    settings.write_text(re.sub(r"(?m)^username.*\n", "", text.replace("port = 587", f"port = {server.port}")))
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)
    walker.go_on("preview")
    walker.go_on("check")
    (test,) = [line for line in walker.printed if "--test-to" in line]
    walker.paste(test.replace("YOUR-ADDRESS", "me@acme.example"))
    assert [one.recipients for one in server.accepted] == [("me@acme.example",)] * 3
    walker.go_on("send", "--limit", "3")
    assert len(server.accepted) == 6
    walker.go_on("send")
    assert len(server.accepted) == 28
    assert Path(walker.go_on("report").splitlines()[0]).is_file()
