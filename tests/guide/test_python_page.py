"""The page about Python: every example runs, as it stands there, and its lists have everything."""

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import campaign
from campaign import Campaign, Progress, RunSummary, StatusNow
from campaign.commands.guide import page
from campaign.testing import MISBEHAVIOURS, RecordedMessage, RecordingServer, SignIn
from tests.campaigns import SECRET, SmallCampaign
from tests.conftest import StartServer
from tests.guide.blocks import blocks
from tests.smtp_server import CATALOGUE, local_part

EXAMPLES = blocks("python", "python")
OF_PYTEST = next(one for one in EXAMPLES if "import pytest" in one)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, smtp_server: StartServer) -> Path:
    """A campaign under its usual name, in the working directory, with a server to send to."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)
    small = SmallCampaign(tmp_path / "autumn").people(5)
    small.load(smtp_server(CATALOGUE["rcpt_5xx"](match=local_part("p3"))).port)
    return tmp_path


def test_every_example_runs_in_its_order(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder / "autumn")
    names: dict[str, object] = {}
    for example in EXAMPLES:
        if example is OF_PYTEST:
            continue
        exec(compile(example, "python.md", "exec"), names)
    said = capsys.readouterr().out
    assert said.startswith("1 4 ") and "unsubscribe_missing" in said and "sent        4" in said
    refused = names["refused"]
    assert list(refused["email"]) == ["p3@people.example"]  # type: ignore[index]  # a frame


def test_the_test_with_pytest_passes(folder: Path) -> None:
    (folder / "test_autumn.py").write_text(OF_PYTEST, "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    del environment["CAMPAIGN_LINK__SECRET"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_autumn.py"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_it_has_every_misbehaviour_with_the_words_of_the_list() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page("python"), re.MULTILINE))
    assert rows == {name: one.meaning for name, one in MISBEHAVIOURS.items()}


@pytest.mark.parametrize("method", [Campaign.send, Campaign.resend, Campaign.report, Campaign.write_results])
def test_it_names_every_method_and_what_it_takes(method: Callable[..., object]) -> None:
    row = next(line for line in page("python").splitlines() if f"{method.__name__}(" in line and "|" in line)
    taken = [name for name in inspect.signature(method).parameters if name != "self"]
    assert "…" in row or all(name in row for name in taken if name not in ("output", "sandbox"))


def test_whatever_is_public_is_told_of() -> None:
    text = page("python")
    public = [name for name in vars(Campaign) if not name.startswith("_") and name not in ("run", "preview_folder")]
    assert [name for name in public if not re.search(rf"\b{name}\b", text)] == []
    assert [name for name in vars(RecordingServer) if not name.startswith("_") and name not in text] == []
    fields = [*RecordedMessage.__dataclass_fields__, *SignIn.__dataclass_fields__]
    assert [name for name in fields if name not in text and name not in ("secret", "claims")] == []


def test_the_values_have_the_fields_that_it_names() -> None:
    for value, names in (
        (RunSummary, ("exit_code", "counts", "sent_now", "results", "reason", "why")),
        (StatusNow, ("counts", "running", "being_sent")),
        (Progress, ("settled", "total", "connections")),
    ):
        assert all(hasattr(value, name) for name in names)
    assert {"Campaign", "LedgerBusyError", "UsageError", "StoppedError", "CampaignError"} <= set(campaign.__all__)
