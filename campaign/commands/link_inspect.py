"""`campaign link inspect`: what a link says, and what is wrong with it. The link is not repeated.

Raises UsageError.
"""

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from campaign.commands.json_documents import inspection_document
from campaign.durations import brief_duration
from campaign.links import Inspection, inspect_link
from campaign.settings import link_from_environment, load_settings
from campaign.terminal.stdout import say, say_json

_TOKEN = re.compile(r"\beyJ[\w-]{6,}\.[\w.-]*", re.ASCII)
_MARKS = {True: "ok", False: "WRONG", None: "?"}


def show_inspection(url: str, campaign: Path | None, *, json: bool = False) -> int:
    """Say what a link says and what is wrong with it. Gives 1 where something is."""
    url = sys.stdin.read() if url == "-" else url
    others: tuple[str, ...] = ()
    if campaign is None:
        wrapped, domain = link_from_environment()
    else:
        link = load_settings(campaign).link
        wrapped, domain, others = link.secret, link.domain, link.redirect_hosts
    secret = None if wrapped is None else wrapped.get_secret_value()
    found = inspect_link(url, domain=domain, secret=secret, now=datetime.now(UTC), redirect_hosts=others)
    code = int(found.trouble is not None)
    if json:
        say_json(inspection_document(found, code))
        return code
    for name, value in found.claims.items():
        say(f"{name:<12} {_harmless(value)}")
    if found.expires_at is not None:
        say(f"{'expires':<12} {found.expires_at:%Y-%m-%d %H:%M:%S %Z}, {_left(found)}")
    for check in found.checks:
        say(f"{_MARKS[check.ok]:<6} {check.name}: {check.words}")
    return code


def _harmless(value: object) -> str:
    """A claim for the terminal: no token that stands in it, and nothing that the terminal would obey."""
    words = _TOKEN.sub("(not shown)", str(value))
    return words if words.isprintable() else repr(words)


def _left(found: Inspection) -> str:
    seconds = found.seconds_left or 0
    words = brief_duration(timedelta(seconds=abs(seconds)))
    return f"in {words} ({seconds:,} {'second' if seconds == 1 else 'seconds'})" if seconds > 0 else f"{words} ago"
