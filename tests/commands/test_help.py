"""What the program says of itself, and that it says it at once."""

import subprocess
import sys

from campaign import __version__
from tests.command_line import Command

HEAVY = {
    "pandas",
    "numpy",
    "pydantic",
    "pydantic_settings",
    "jinja2",
    "jwt",
    "lxml",
    "tenacity",
    "aiosmtpd",
    "scramp",
    "sqlite3",
}


def test_help_is_there_at_once() -> None:
    # Not by the clock, which other processes slow down, but by what makes it slow.
    script = (
        "import sys\nfrom campaign.cli import app\ntry:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print(*sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Exit codes" in ended.stdout
    assert ended.stderr.strip() == ""


def test_a_send_waits_for_nothing_that_it_does_not_need() -> None:
    """Neither for what only `check` looks with, nor for the report's page."""
    unneeded = {"campaign.check", "campaign.deliverability", "campaign.report", "tinycss2", "cssselect2", "dns"}
    script = (
        "import sys\nfrom campaign.cli import app\ntry:\n    app(['send', 'nowhere.toml'])\n"
        "except SystemExit:\n    pass\n"
        f"print('modules:', *sorted(set(sys.modules) & {unneeded!r}))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "nowhere.toml" in ended.stderr
    assert ended.stdout.splitlines()[-1].split() == ["modules:"]


def test_version_is_the_packages(command: Command) -> None:
    assert command("--version").out == f"campaign {__version__}\n"
