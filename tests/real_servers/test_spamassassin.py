"""The real SpamAssassin: our own templates cost nothing with its local tests, and what is spam costs much."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaign.deliverability import Severity
from campaign.deliverability.spamassassin import as_received, spam_finding, spam_score, spamassassin
from campaign.errors import SettingsError
from campaign.model import Message
from campaign.run.dry_run import dry_run_rows
from campaign.settings import load_settings
from tests.campaigns import SmallCampaign

pytestmark = pytest.mark.real_servers

SAMPLE = Path(__file__).parents[2] / "sample_data" / "campaign.toml"
TEMPLATES = sorted(path.parent.name for path in SAMPLE.parents[1].glob("templates/*/subject.txt"))
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
"""What every SpamAssassin calls spam: https://spamassassin.apache.org/gtube/."""
BY_TRACE = {"ALL_TRUSTED", "NO_RECEIVED", "NO_RELAYS", "RCVD_ILLEGAL_IP", "MISSING_HEADERS"}
"""Rules that speak of how a message came, and not of the message."""


@pytest.fixture(scope="module")
def program() -> Path:
    try:
        return spamassassin()
    except SettingsError as error:
        pytest.skip(f"{error.what}: {error.fix}")


def messages(template: str) -> dict[str, Message]:
    """The message of every sample contact, by the address."""
    settings = load_settings(SAMPLE, overrides={"message.template": str(SAMPLE.parents[1] / "templates" / template)})
    rows = dry_run_rows(settings, reading=lambda _: None)
    return {row.address: row.made[2] for row in rows if row.made is not None}


def test_there_are_templates_of_ours() -> None:
    assert {"login_link", "order_ready"} <= set(TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES)
def test_our_own_templates_score_below_one_point(template: str, program: Path) -> None:
    made, now = messages(template), datetime.now(UTC)
    assert len(made) > 20
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        scores = dict(zip(made, pool.map(lambda one: spam_score(program, one, now), made.values()), strict=True))
    told = {address: [str(rule) for rule in score.telling] for address, score in scores.items() if score.points >= 1.0}
    assert told == {}
    for score in scores.values():
        assert not BY_TRACE & {rule.name for rule in score.rules}, "what we put in front tells for or against it"
        assert "HTML_MESSAGE" in {rule.name for rule in score.rules}, "it has not seen the message"


def test_spam_is_wrong(tmp_path: Path, program: Path) -> None:
    small = SmallCampaign(tmp_path / "small").people(1)
    (small.folder / "template" / "body.txt").write_text(f"{GTUBE}\n{{{{ link.url }}}}\n")
    (row,) = dry_run_rows(small.load(25), reading=lambda _: None)
    assert row.made is not None
    score = spam_score(program, row.made[2], datetime.now(UTC))
    assert score.points > 900 and score.required == 5.0
    assert score.rules[0].name == "GTUBE" and score.rules[0].points == 1000
    finding = spam_finding({1: score})
    assert finding.severity is Severity.WRONG and "GTUBE (1000.0)" in finding.what


def test_a_long_description_is_read_to_its_end(program: Path) -> None:
    """SpamAssassin breaks its lines at 80 columns."""
    (message, *_) = messages("login_link").values()
    spoilt = message.data.replace(b"https://acme.example/", b"http://198.18.0.9/")
    score = spam_score(program, message._replace(data=spoilt), datetime.now(UTC))
    found = {rule.name: rule.description for rule in score.rules}
    assert found["NORMAL_HTTP_TO_IP"].endswith("dotted-decimal IPv4 address")


def test_the_message_is_in_no_file(tmp_path: Path, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file made and removed leaves its trace in the time of its folder. Read from standard input without a name, the
    message would be kept in TMPDIR meanwhile: that is shown to be so.
    """
    (message, *_) = messages("login_link").values()
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = tmp_path.stat().st_mtime_ns
    assert spam_score(program, message, datetime.now(UTC)).points < 1.0
    assert tmp_path.stat().st_mtime_ns == before
    command = [str(program), "--local", "--nocreate-prefs", "--prefspath=/dev/null", "--cf=use_bayes 0", "--test-mode"]
    subprocess.run(command, input=as_received(message, datetime.now(UTC)), stdout=subprocess.DEVNULL, check=True)
    assert tmp_path.stat().st_mtime_ns > before, "it writes none, and the care is for nothing"
