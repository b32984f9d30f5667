"""Commands run in this process, as a person or a script meets them, and what they say."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from campaign.cli import app
from tests.campaigns import SECRET, SmallCampaign


@dataclass(frozen=True)
class Said:
    """What a command gave."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


def assert_three_parts(said: Said) -> None:
    """What is wrong, where, and what to do."""
    first, *more = said.err[said.err.index("error: ") :].splitlines()
    assert len(first) > len("error: ")
    assert any(line.startswith("  where: ") for line in more), said.err
    assert any(line.startswith("  to do: ") for line in more), said.err


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Runs a command in this process, in an empty folder, with a secret and without a password."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)

    def run(*words: object, stdin: str = "") -> Said:
        result = CliRunner().invoke(app, [str(word) for word in words], input=stdin)
        said = Said(code=result.exit_code, out=result.stdout, err=result.stderr)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in said.out + said.err
        assert SECRET not in said.out + said.err
        return said

    return run


@pytest.fixture
def small(tmp_path: Path) -> SmallCampaign:
    """A campaign of five contacts."""
    return SmallCampaign(tmp_path / "small").people(5)


def template(small: SmallCampaign, **files: str) -> None:
    """Write files of the campaign's template: `body_txt` is body.txt."""
    for name, text in files.items():
        (small.folder / "template" / name.replace("_", ".")).write_text(text, "utf-8")
