"""The page about starting by machine: each example is taken from it, and tried as far as that can be done here."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import typer.main
import yaml
from cronsim import CronSim

from campaign import Campaign, LedgerBusyError, Status, UsageError
from campaign.cli import app
from campaign.ledger.opening import open_for_run
from campaign.settings import SETTING_HELP
from campaign.testing import RecordingServer
from tests.campaigns import SECRET, SmallCampaign
from tests.guide.blocks import blocks

CRONTAB = blocks("schedule", "text")[0]
UNITS = dict(zip(("autumn.service", "autumn.timer"), blocks("schedule", "ini"), strict=True))
YAML = blocks("schedule", "yaml")
MANIFEST = next(one for one in YAML if "apiVersion" in one)
WORKFLOWS = [one for one in YAML if "runs-on" in one]
(DAG,) = blocks("schedule", "python")

FOLDER, PROGRAM = "/srv/campaigns/autumn", "/srv/campaigns/bin/campaign"


@pytest.fixture
def autumn(tmp_path: Path) -> SmallCampaign:
    return SmallCampaign(tmp_path / "autumn").people(3)


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with RecordingServer() as started:
        yield started


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join(filter(None, sys.path))
    return {"PATH": os.environ["PATH"], "PYTHONPATH": path, "CAMPAIGN_LINK__SECRET": SECRET, **more}


# The commands


def _commands() -> list[str]:
    """Every command that the examples have a machine run."""
    containers = [document for document in yaml.safe_load_all(MANIFEST) if document["kind"] == "CronJob"]
    (container,) = containers[0]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    steps = [step for text in WORKFLOWS for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    return [
        shlex.join(container["command"]),
        *(step["run"] for step in steps if step.get("run", "").startswith("campaign ")),
        re.findall(r"ExecStart=(.*)", UNITS["autumn.service"])[0].replace(PROGRAM, "campaign"),
        re.findall(rf"{PROGRAM} (.*?) >", CRONTAB)[0].join(["campaign ", ""]),
    ]


@pytest.mark.parametrize("line", _commands())
def test_every_command_can_be_typed(line: str) -> None:
    _, name, *words = shlex.split(line)
    command: Any = typer.main.get_command(app)
    options = {option for one in command.commands[name].params for option in (*one.opts, *one.secondary_opts)}
    assert [word for word in words if word.startswith("-") and word not in options] == []
    assert name != "send" or ("--no-wait" in words and "--yes" not in words)


def test_every_variable_names_a_setting() -> None:
    texts = (CRONTAB, *UNITS.values(), MANIFEST, *WORKFLOWS)
    named = {name for text in texts for name in re.findall(r"CAMPAIGN_\w+", text)}
    settings = {f"CAMPAIGN_{key.replace('.', '__').upper()}" for key in SETTING_HELP}
    assert named and {name.removesuffix("_FILE") for name in named} <= settings


# What the page says of all of them


def test_a_second_run_is_refused_and_sends_nothing(autumn: SmallCampaign, server: RecordingServer) -> None:
    autumn.load(server.port)
    with open_for_run(autumn.ledger, "small"):
        words = [sys.executable, "-m", "campaign", "send", str(autumn.path), "--no-wait"]
        done = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 2 and "another run is using this campaign's ledger" in done.stderr
    assert server.messages == []


@pytest.mark.parametrize(("misbehaviour", "code"), [(None, 0), ("refuse_recipient", 1), ("refuse_sender", 3)])
def test_to_call_it_again_is_harmless_whatever_the_exit_code_was(
    autumn: SmallCampaign, server: RecordingServer, misbehaviour: str | None, code: int
) -> None:
    autumn.load(server.port)
    if misbehaviour is not None:
        server.misbehave(misbehaviour)
    campaign = Campaign.load(autumn.path, settings=server.settings)
    assert [campaign.send(wait=False).exit_code for _ in range(2)] == [code, code]
    before = len(server.messages)
    server.behave()
    campaign.send(wait=False)
    assert len({one.to for one in server.messages}) == len(server.messages) >= before


def test_outside_the_window_a_run_ends_at_once_with_3(autumn: SmallCampaign, server: RecordingServer) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    autumn.settings["window"] = {"opens": tomorrow.isoformat(timespec="seconds")}
    autumn.load(server.port)
    ended = Campaign.load(autumn.path, settings=server.settings).send(wait=False)
    assert (ended.exit_code, ended.reason) == (3, "not_open")


# cron


def test_the_line_of_cron_says_something_only_where_not_all_was_sent(
    autumn: SmallCampaign, server: RecordingServer
) -> None:
    autumn.load(server.port)
    (line,) = (one for one in CRONTAB.splitlines() if one[0].isdigit())
    minute, hour, day, month, weekday, command = line.split(maxsplit=5)
    times = CronSim(" ".join((minute, hour, day, month, weekday)), datetime(2026, 11, 27, 12, tzinfo=UTC))
    assert [f"{next(times):%a %H:%M}" for _ in range(6)] == [
        *("Fri 12:05", "Fri 13:05", "Fri 14:05", "Fri 15:05", "Fri 16:05"),
        "Mon 09:05",
    ]
    assert "%" not in command
    command = command.replace(FOLDER, str(autumn.folder)).replace(PROGRAM, f"{sys.executable} -m campaign")
    server.misbehave("refuse_recipient", for_="p1@people.example")

    def run() -> str:
        done = subprocess.run(
            ["/bin/sh", "-c", command], env=environment(), capture_output=True, text=True, timeout=300
        )
        assert done.stderr == "" and done.returncode == 0
        return done.stdout

    assert "sent 2" in run() and len(server.messages) == 2
    assert "nothing was sent: nobody was left" in run(), "the rejected row is told of once more"
    autumn.contacts([("p0@people.example", "P"), ("p2@people.example", "P")])
    assert run() == ""


# systemd


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze, of systemd")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    """The program is one that is there, and the unit that tells somebody is the reader's own."""
    for name, text in UNITS.items():
        unit = text.replace(PROGRAM, "/bin/true").replace(FOLDER, str(tmp_path))
        assert "OnFailure=tell-ops@%n.service\n" in unit or name == "autumn.timer"
        (tmp_path / name).write_text(unit.replace("OnFailure=tell-ops@%n.service\n", ""), "utf-8")
    words = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no"]
    done = subprocess.run([*words, *(tmp_path / name for name in UNITS)], capture_output=True, text=True, timeout=120)
    said = [line for line in done.stderr.splitlines() if "autumn" in line]
    assert done.returncode == 0 and said == [], done.stderr
    broken = (tmp_path / "autumn.service").read_text("utf-8").replace("Type=oneshot", "Type=onceonly")
    (tmp_path / "autumn.service").write_text(broken, "utf-8")
    done = subprocess.run([*words, tmp_path / "autumn.service"], capture_output=True, text=True, timeout=120)
    assert "onceonly" in done.stderr, "it would have been found"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze, of systemd")
def test_the_timer_elapses_as_the_page_says() -> None:
    (moment,) = re.findall(r"OnCalendar=(.*)", UNITS["autumn.timer"])
    words = ["systemd-analyze", "calendar", "--base-time=2026-11-27 14:30:00 UTC", "--iterations=3", moment]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, env=environment(TZ="Europe/Prague"))
    assert done.returncode == 0, done.stderr
    elapses = re.findall(r"(?:Next elapse|Iter. #\d): (\w+ [\d-]+ [\d:]+)", done.stdout)
    assert elapses == ["Fri 2026-11-27 16:05:00", "Mon 2026-11-30 09:05:00", "Mon 2026-11-30 10:05:00"]


def test_the_unit_gives_the_run_time_to_stop() -> None:
    service = UNITS["autumn.service"]
    assert "TimeoutStopSec=2min" in service and "SuccessExitStatus=1\n" in service
    assert "KillMode" not in service, "the workers hear SIGTERM, too, and drain"


# Kubernetes


def test_kubernetes_would_take_the_manifest() -> None:
    for document in yaml.safe_load_all(MANIFEST):
        kubernetes_validate.validate(document, "1.33", strict=True)
    claim = MANIFEST.replace("accessModes: [ReadWriteOncePod]", "accessMode: ReadWriteOncePod")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(next(iter(yaml.safe_load_all(claim))), "1.33", strict=True)


def test_the_manifest_holds_together() -> None:
    claim, job = yaml.safe_load_all(MANIFEST)
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
    assert job["spec"]["concurrencyPolicy"] == "Forbid" and claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert {one["name"] for one in pod["volumes"]} == set(mounts)
    assert container["command"][2].startswith(mounts["campaign"] + "/")
    assert all(one["value"].startswith(mounts["secrets"] + "/") for one in container["env"])
    (rule,) = job["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"] == {"containerName": container["name"], "operator": "In", "values": [1, 2]}
    assert pod["terminationGracePeriodSeconds"] > 60 and pod["restartPolicy"] == "Never"
    assert (
        len(list(zip(range(2), CronSim(job["spec"]["schedule"], datetime(2026, 1, 1, tzinfo=UTC)), strict=False))) == 2
    )


# Airflow


class FailError(Exception):
    """What the example raises where no retry will help."""


def the_task() -> Any:
    """The function of the example's one task, without what Airflow makes of it."""
    functions = [node for node in ast.walk(ast.parse(DAG)) if isinstance(node, ast.FunctionDef)]
    (task,) = (node for node in functions if node.name == "send")
    source = textwrap.dedent(ast.unparse(ast.Module(body=task.body, type_ignores=[])))
    names: dict[str, Any] = {"AirflowFailException": FailError}
    exec(f"def send():\n{textwrap.indent(source, '    ')}", names)
    return names["send"]


def test_the_task_of_airflow_gives_numbers_and_raises_what_is_to_be_tried_again(
    autumn: SmallCampaign, server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    autumn.load(server.port)
    load, task = Campaign.load, the_task()

    def loaded(path: str, **settings: Any) -> Campaign:
        assert path == f"{FOLDER}/campaign.toml"
        return load(autumn.path, settings=server.settings)

    monkeypatch.setattr(Campaign, "load", loaded)
    server.misbehave("refuse_sign_in")
    with pytest.raises(RuntimeError, match="sign"):
        task()
    server.behave()
    with open_for_run(autumn.ledger, "small"), pytest.raises(LedgerBusyError):
        task()
    assert task() == {status.value: 3 if status is Status.SENT else 0 for status in Status}
    assert task()["sent"] == 3 == len(server.messages)
    (autumn.folder / "contacts.csv").unlink()
    with pytest.raises(FailError):
        task()
    assert issubclass(LedgerBusyError, UsageError), "so it must be caught first"


@pytest.mark.skipif("AIRFLOW_PYTHON" not in os.environ, reason="AIRFLOW_PYTHON is the Python of an Airflow 3, if any")
def test_airflow_takes_the_dag(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "autumn.py").write_text(DAG, "utf-8")
    script = (
        "from airflow.dag_processing.dagbag import DagBag\n"
        f"bag = DagBag({str(tmp_path / 'dags')!r})\n"
        "print(bag.import_errors, [(dag.dag_id, dag.task_ids, dag.max_active_runs) for dag in bag.dags.values()])\n"
    )
    more = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "HOME": str(tmp_path)}
    words = [os.environ["AIRFLOW_PYTHON"], "-c", script]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, env={"PATH": os.environ["PATH"], **more})
    assert done.stdout.splitlines()[-1] == "{} [('autumn', ['send'], 1)]", done.stdout + done.stderr


# GitHub Actions


@pytest.mark.parametrize("number", [0, 1])
def test_the_workflows_are_what_github_takes(tmp_path: Path, number: int) -> None:
    file = tmp_path / "workflow.yml"
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(file)]
    file.write_text(WORKFLOWS[number], "utf-8")
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    file.write_text(WORKFLOWS[number].replace("runs-on", "run-on"), "utf-8")
    assert subprocess.run(words, capture_output=True, text=True, timeout=120).returncode == 1


def test_the_check_of_the_workflow_runs_with_its_secrets(autumn: SmallCampaign) -> None:
    autumn.settings |= {"smtp": {"username": "x"}, "message": {"unsubscribe_url": "https://acme.example/u"}}
    autumn.load(9)
    (job,) = yaml.safe_load(WORKFLOWS[0])["jobs"].values()
    for step in job["steps"]:
        if step.get("run", "").startswith("campaign "):
            words = shlex.split(step["run"].replace("--strict ", ""))[1:]
            done = subprocess.run(
                [sys.executable, "-m", "campaign", *words],
                cwd=autumn.folder.parent, env=environment(**job["env"]), capture_output=True, text=True, timeout=300,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
    assert (autumn.folder.parent / "preview" / "index.html").exists()
