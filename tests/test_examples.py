"""Every example in README, in the guide and in `--help` runs: a shell's lines in a shell, settings loaded and previewed
with, the others read by what they are for. One that can't be run has its reason here.

A campaign in a folder of its own is what they are run on: that of `campaign init`, with a server on loopback in place
of the provider. It has been previewed, tried in the sandbox and sent.
"""

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

import campaign
from campaign.commands.guide import SUBJECTS, page
from campaign.commands.init import make_campaign
from campaign.metrics.families import RunEnd, RunFamilies
from campaign.run.dry_run import preview
from campaign.settings import load_settings
from campaign.terminal.help_text import EXAMPLES
from tests.campaigns import SECRET
from tests.run_nows import run_now
from tests.settings.campaign_files import toml
from tests.smtp_server import FaultServer
from tests.warm_command import warm_command

ROOT = Path(campaign.__file__).parents[1]
NOT_RUN = {
    "python3 -m venv .venv && .venv/bin/pip install -q .": "makes an environment of its own; README's first command",
    "python3 -m venv .venv && .venv/bin/pip install -q -e": "runs all tests, of which this is one",
    "pytest                    ": "developers' commands: they run all tests, of which this is one",
    "#!/bin/sh\ncurl": "asks Microsoft for a token",
    "apt-get update": "installs mail servers of all kinds, as root",
    "campaign work": "wants a database, and a run that goes on: tests/postgres has both",
    "export CAMPAIGN_LEDGER__URL": "the same",
    "campaign sandbox": "serves until Ctrl-C: tests/sandbox has it",
    "campaign link inspect -": "wants a link from its standard input: test_a_link_is_made_and_looked_at",
    "acme.example.  ": "DNS records",
    "message_size_limit": "lines of Postfix's main.cf",
    "url=https://api.mailgun.net": "asks Mailgun",
    'curl -H "Authorization: Bearer $SENDGRID': "asks SendGrid",
    "api=https://api.postmarkapp.com": "asks Postmark",
    "campaign settle bounces/    ": "wants a mailbox: tests/settle/mailbox has one",
    "pip install 'campaign[bounces]'": "the same",
    "autumn: ━": "a picture: tests/terminal/test_live_lines.py has what is drawn",
    "autumn: 44 rows moved": "what it says: tests/terminal/test_settlement.py has it",
    "campaign settle /var/log/mail.log": "reads logs that this machine has not: tests/real_servers has some",
    "30 6 * * *  cd /srv/autumn": "lines of a crontab, about logs that this machine has not",
    "cli.py  __main__.py": "a picture: tests/test_readme.py holds it against the house",
}
"""How an example begins → why it is not run."""
TESTED_ELSEWHERE = {
    "python": "tests/guide/test_python_page.py",
    "schedule": "tests/guide/test_schedule_page.py",
    "cost": "tests/guide/test_cost_page.py",
    "machines": "tests/guide/test_machines_page.py",
}
"""Page → the test that runs its examples, or checks what it takes a cluster to run."""


@dataclass(frozen=True)
class Example:
    """A fenced block, or a command of `--help`."""

    where: str
    language: str
    text: str

    @property
    def why_not(self) -> str:
        """Why it is not run here; "" where it is."""
        if (test := TESTED_ELSEWHERE.get(self.where.partition(",")[0])) is not None:
            return f"{test} has it"
        return next((why for start, why in NOT_RUN.items() if self.text.startswith(start)), "")


def blocks(where: str, markdown: str) -> Iterator[Example]:
    """The fenced blocks of a text."""
    found = re.findall(r"^( *)```(\w*)\n(.*?)^ *```", markdown, re.MULTILINE | re.DOTALL)
    for number, (indent, language, text) in enumerate(found, 1):
        yield Example(f"{where}, block {number}", language, re.sub(f"(?m)^{indent}", "", text))


def examples() -> Iterator[Example]:
    """All there are."""
    yield from blocks("README", (ROOT / "README.md").read_text("utf-8"))
    for subject in SUBJECTS:
        yield from blocks(subject, page(subject))
    for name, (line, _) in EXAMPLES.items():
        yield Example(f"campaign {name} --help", "sh", f"{line}\n")


EVERY = list(examples())


def those(*languages: str) -> pytest.MarkDecorator:
    """Parametrize by the examples in these languages that are run."""
    chosen = [one for one in EVERY if one.language in languages and not one.why_not]
    return pytest.mark.parametrize("example", chosen, ids=[one.where for one in chosen])


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with FaultServer(logins={"campaigns": "secret"}) as started:
        yield started


@pytest.fixture(scope="module")
def command() -> Iterator[str]:
    with warm_command() as words:
        yield words


@pytest.fixture(scope="module")
def sent(server: FaultServer, command: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a campaign, autumn, that has been previewed, tried and sent in part."""
    home = tmp_path_factory.mktemp("examples")
    secrets = home / ".secrets"
    secrets.mkdir()
    (secrets / "clickfunnels").write_text(SECRET)
    (secrets / "smtp").write_text("secret")
    for file in secrets.iterdir():
        file.chmod(0o600)
    made = make_campaign(home / "autumn")
    text = made.read_text()
    for before, after in (
        ('"smtp.acme.example"', '"127.0.0.1"'),
        ("port = 587", f"port = {server.port}"),
        ('"starttls"', '"none"'),
    ):
        assert before in text
        text = text.replace(before, after, 1)
    made.write_text(text)
    lines = "campaign preview\ncampaign send --sandbox\ncampaign send --limit 5\n"
    ended = shell(command, home, home / "autumn", lines)
    assert ended.returncode == 0, ended.stderr
    for evidence in ("mail.log", "mail.log.1.gz", "events.jsonl"):
        (home / "autumn" / evidence).touch()
    (home / "autumn" / "bounces").mkdir()
    (home / "autumn" / "addresses.txt").write_text("grace.hopper@navy.example\n")
    return home


def shell(command: str, home: Path, folder: Path, lines: str) -> subprocess.CompletedProcess[str]:
    """Run the lines as somebody would who has the campaign and its secrets; only exit code 2 is a fault."""
    script = f'set -euo pipefail\ncampaign() {{ {command} "$@" || [ $? != 2 ]; }}\n{lines}'
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CAMPAIGN_")},
        "HOME": str(home),
        "CAMPAIGN_LINK__SECRET_FILE": str(home / ".secrets" / "clickfunnels"),
        "CAMPAIGN_SMTP__PASSWORD_FILE": str(home / ".secrets" / "smtp"),
    }
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        check=False,
    )  # fmt: skip


@those("sh")
def test_what_is_typed_in_a_shell_runs(example: Example, command: str, sent: Path, tmp_path: Path) -> None:
    folder = tmp_path / "autumn"
    shutil.copytree(sent / "autumn", folder)
    begins = tmp_path if "campaign init" in example.text else folder
    if begins is tmp_path:
        shutil.rmtree(folder)
    shutil.copytree(sent / ".secrets", tmp_path / ".secrets")
    lines = example.text.replace("/var/lib/node_exporter/textfile", str(tmp_path))  # this machine may have none
    ended = shell(command, tmp_path, begins, lines)
    assert ended.returncode == 0, f"{example.text}\n{ended.stderr}"
    assert "Traceback" not in ended.stderr


@those("toml")
def test_settings_load_and_messages_are_made_with_them(example: Example, tmp_path: Path) -> None:
    made = make_campaign(tmp_path / "autumn")
    document = tomllib.loads(made.read_text())
    for section, values in tomllib.loads(example.text).items():
        document[section] = {**document.get(section, {}), **values} if isinstance(values, dict) else values
    made.write_text(toml(document))
    (made.parent / "stop.csv").write_text("email,reason,date\n")  # settle has made it
    settings = load_settings(made, environ={})
    seen = preview(settings, tmp_path / "preview", limit=2, reading=lambda _: None)
    assert seen.counts["pending"] == 2  # type: ignore[index]


@those("xml")
def test_mjml_is_compiled(example: Example, tmp_path: Path) -> None:
    made = make_campaign(tmp_path / "autumn")
    template = load_settings(made, environ={}).message.template
    (template / "body.html").unlink()
    (template / "body.mjml").write_text(f"<mjml><mj-body>{example.text}</mj-body></mjml>")
    seen = preview(load_settings(made, environ={}), tmp_path / "preview", limit=2, reading=lambda _: None)
    assert seen.counts["pending"] == 2  # type: ignore[index]


@those("yaml")
def test_rules_ask_for_metrics_that_there_are(example: Example) -> None:
    rules = [rule for group in yaml.safe_load(example.text)["groups"] for rule in group["rules"]]
    asked = {name for rule in rules for name in re.findall(r"\bcampaign_\w+", rule["expr"])}
    assert asked
    families = RunFamilies("autumn")
    families.now, families.end = run_now(), RunEnd(at=0, exit_code=0, counts={})
    told = {sample.name for family in families.collect() for sample in family.samples}
    assert asked <= told


@those("json")
def test_a_document_is_json(example: Example) -> None:
    assert json.loads(example.text)


def test_every_example_is_run_or_says_why_not() -> None:
    run = {"sh", "toml", "xml", "json", "yaml"}
    homeless = [one.where for one in EVERY if not one.why_not and one.language not in run]
    assert homeless == []
    assert [start for start in NOT_RUN if not any(one.text.startswith(start) for one in EVERY)] == [], "none is idle"
    assert len(EVERY) > 40
    for subject, test in TESTED_ELSEWHERE.items():
        assert re.search(rf"\b{subject}\b", (ROOT / test).read_text("utf-8")), f"{test} does not read {subject}"


def test_an_example_without_a_home_is_noticed() -> None:
    (found,) = blocks("x", "text\n\n   ```perl\n   print 1;\n   ```\n")
    assert (found.language, found.text, found.why_not) == ("perl", "print 1;\n", "")


def test_a_link_is_made_and_looked_at(command: str, sent: Path) -> None:
    minted, looked = (EXAMPLES[f"link {name}"][0] for name in ("mint", "inspect"))
    ended = shell(command, sent, sent / "autumn", f"{minted} | {looked}\n")
    assert ended.returncode == 0, ended.stderr
    assert "ada.lovelace@engine.example" in ended.stdout
