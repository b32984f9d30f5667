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


def test_version_is_the_packages(command: Command) -> None:
    assert command("--version").out == f"campaign {__version__}\n"
