"""The page about several machines: its database, its manifest and its commands, tried as far as that can be done here.

The quick half reads the manifest; the other half runs what it says, in the environment that it gives, against
PostgreSQL over TLS.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import psycopg
import pytest
import trustme
import typer.main
import yaml

from campaign.cli import app
from campaign.commands.guide import page
from campaign.ledger_place import DatabasePlace
from campaign.settings import SETTING_HELP, output_paths
from tests.campaigns import SECRET, SmallCampaign
from tests.guide.blocks import blocks
from tests.postgres.cluster import MISSING, Cluster, cluster, is_installed
from tests.smtp_server import ServerProcess

(MANIFEST,) = blocks("machines", "yaml")
(GRANTS,) = blocks("machines", "sql")
SHELL = blocks("machines", "sh")
CONFIG, OWNER, WORKERS = yaml.safe_load_all(MANIFEST)
ROOT = Path(__file__).parents[2]


def container(job: Any) -> Any:
    (only,) = job["spec"]["template"]["spec"]["containers"]
    return only


COMMANDS = [
    *(shlex.join(container(job)["command"]) for job in (OWNER, WORKERS)),
    *(line for text in SHELL for line in text.splitlines() if line.startswith("campaign ")),
]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_can_be_typed(line: str) -> None:
    _, name, *words = shlex.split(line)
    command: Any = typer.main.get_command(app)
    options = {option for one in command.commands[name].params for option in (*one.opts, *one.secondary_opts)}
    assert [word for word in words if word.startswith("--") and word not in options] == []


def test_every_variable_names_a_setting() -> None:
    named = {name for text in (MANIFEST, *SHELL) for name in re.findall(r"\bCAMPAIGN_\w+", text)}
    settings = {f"CAMPAIGN_{key.replace('.', '__').upper()}" for key in SETTING_HELP}
    assert named and {name.removesuffix("_FILE") for name in named} <= settings


def test_kubernetes_would_take_the_manifest() -> None:
    for document in (CONFIG, OWNER, WORKERS):
        kubernetes_validate.validate(document, "1.33", strict=True)
    wrong = yaml.safe_load(yaml.safe_dump(WORKERS).replace("completionMode", "completionsMode"))
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.33", strict=True)


def test_the_manifest_holds_together() -> None:
    for job in (OWNER, WORKERS):
        spec = job["spec"]
        pod = spec["template"]["spec"]
        mounts = {one["name"]: one["mountPath"] for one in container(job)["volumeMounts"]}
        assert {one["name"] for one in pod["volumes"]} == set(mounts)
        assert container(job)["envFrom"] == [{"configMapRef": {"name": CONFIG["metadata"]["name"]}}]
        assert pod["terminationGracePeriodSeconds"] > 60 and pod["restartPolicy"] == "Never"
        secret = [value for name, value in CONFIG["data"].items() if name.endswith("_FILE")]
        assert secret and all(value.startswith(mounts["secrets"] + "/") for value in secret)
    assert "sslmode=verify-full&sslrootcert=/secrets/" in CONFIG["data"]["CAMPAIGN_LEDGER__URL"]
    (rule,) = OWNER["spec"]["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["containerName"] == container(OWNER)["name"]
    assert rule["onExitCodes"]["values"] == [1], "2 is a database, too, that was not there when the pod began"
    spec = WORKERS["spec"]
    assert "podFailurePolicy" not in spec
    assert spec["completionMode"] == "Indexed" and spec["completions"] == spec["parallelism"] == 4
    assert "backoffLimit" not in spec, "each index has its own"
    (patch,) = re.findall(r"kubectl patch job autumn-workers -p '(.*?)'", page("machines"))
    assert set(json.loads(patch)["spec"]) == {"parallelism", "completions"}


def test_the_settings_of_the_page_load(tmp_path: Path) -> None:
    (settings,) = blocks("machines", "toml")
    small = SmallCampaign(tmp_path, tomllib.loads(settings), name="autumn").people(1)
    ledger = output_paths(small.load(25), None, False).ledger
    assert isinstance(ledger, DatabasePlace) and ledger.url == tomllib.loads(settings)["ledger"]["url"]


# What it says, run here


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Cluster]:
    """A server that speaks TLS, by an authority of its own, and has what the page would have an operator make."""
    if not is_installed():
        pytest.skip(MISSING)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "database-ca.pem")
    with cluster("fsync=off") as made:
        issued = authority.issue_cert("localhost")
        key, certificate = made.folder / "data" / "server.key", made.folder / "data" / "server.crt"
        issued.private_key_pem.write_to_path(key)
        issued.cert_chain_pems[0].write_to_path(certificate)
        key.chmod(0o600)
        if os.geteuid() == 0:
            owner = (made.folder / "data").stat()
            for path in (key, certificate):
                os.chown(path, owner.st_uid, owner.st_gid)
        made.stop()
        made.start("fsync=off", "ssl=on")
        with psycopg.connect(made.url(), autocommit=True) as connection:
            for statement in GRANTS.split(";\n"):
                if statement.strip():
                    connection.execute(statement.encode())
        yield made


@pytest.mark.postgres
def test_the_commands_of_the_manifest_run_with_its_environment_and_a_worker_drains_at_sigterm(
    tmp_path: Path, secured: Cluster
) -> None:
    secrets, folder = tmp_path / "secrets", tmp_path / "campaign"
    secrets.mkdir()
    (tmp_path / "database-ca.pem").rename(secrets / "database-ca.pem")
    for name, text in (("link-secret", SECRET), ("smtp-password", "secret"), ("ledger-password", "set another")):
        (secrets / name).write_text(text)
        (secrets / name).chmod(0o440)  # the mode of the manifest
    environment = {
        name: value.replace("/secrets/", f"{secrets}/").replace("db.acme.example", f"localhost:{secured.port}")
        for name, value in CONFIG["data"].items()
    } | {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    started: list[subprocess.Popen[str]] = []

    def start(job: Any, **more: str) -> "subprocess.Popen[str]":
        words = [re.sub(r"\$\((\w+)\)", lambda found: more[found[1]], word) for word in container(job)["command"]]
        assert words[0] == "campaign"
        words = [word.replace("/campaign/campaign.toml", str(folder / "campaign.toml")) for word in words[1:]]
        with (tmp_path / f"{len(started)}.log").open("w") as log:
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "campaign", *words],
                    env=environment | more, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True,
                )
            )  # fmt: skip
        return started[-1]

    def said(number: int) -> str:
        return (tmp_path / f"{number}.log").read_text()

    with ServerProcess(tmp_path / "record.jsonl") as server:
        smtp = {"host": server.host, "rate": 60, "connections": 6}
        small = SmallCampaign(folder, {"smtp": smtp}, name="autumn").people(600)
        small.load(server.port)
        try:
            workers = [start(WORKERS, POD_NAME=f"autumn-workers-{index}") for index in range(2)]
            owner = start(OWNER)
            deadline = time.monotonic() + 120
            while "worker autumn-workers-1" not in said(2) or "worker autumn-workers-0" not in said(2):
                assert time.monotonic() < deadline and owner.poll() is None, [said(number) for number in range(3)]
                time.sleep(0.1)
            workers[0].send_signal(signal.SIGTERM)
            grace = WORKERS["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
            assert workers[0].wait(timeout=grace) == 0, said(0)
            assert owner.wait(timeout=120) == 0, said(2)
            assert workers[1].wait(timeout=60) == 0, said(1)
        finally:
            for process in started:
                if process.poll() is None:
                    process.kill()
                process.wait()
    assert (folder / "autumn-results.csv").read_text().count(",sent,") == 600
    for secret in (SECRET, "set another"):
        assert all(secret not in said(number) for number in range(3))


@pytest.mark.postgres
def test_a_server_of_another_authority_is_not_talked_to(tmp_path: Path, secured: Cluster) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    url = CONFIG["data"]["CAMPAIGN_LEDGER__URL"].replace("db.acme.example", f"localhost:{secured.port}")
    words = ["work", "--campaign", "autumn", "--wait", "0s", "--ledger"]
    for authority, told in (("other.pem", "certificate verify failed"), ("database-ca.pem", "")):
        address = url.replace("/secrets/database-ca.pem", str(tmp_path / authority))
        done = subprocess.run(
            [sys.executable, "-m", "campaign", *words, address],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert told in done.stderr and ("certificate" in done.stderr) is bool(told), done.stderr
