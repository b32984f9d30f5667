"""`campaign link mint`: one live link made. It goes to stdout and nowhere else.

Raises UsageError.
"""

from pathlib import Path

from campaign.api import Campaign
from campaign.terminal.stderr import say_aside
from campaign.terminal.stdout import say


def mint_link(path: Path, email: str, lasts: str | None) -> None:
    """Print one live link for an address, whose other columns come from the contacts file if it is there."""
    link = Campaign.load(path).link(email, lasts)
    say_aside(f"works until {link.expires_at:%Y-%m-%d %H:%M:%S %Z}; fingerprint {link.fingerprint}")
    say(link.url)
