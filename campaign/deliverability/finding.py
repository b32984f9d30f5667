"""What a check finds: what, where, what to do, and how bad it is.

Plain values, made by this room of what an inbox has against a campaign's mail, by `campaign/check/` of all the rest,
and told by whoever asked. Nothing in them is a contact's but its row number.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is."""

    OK = "ok"
    """As it should be: worth saying, so that it is known to have been looked at."""
    HINT = "hint"
    """Worth knowing, and no fault: nobody can see from here whether it is as it should be, or it is so for good reason.
    """
    NOTE = "note"
    """May be as it should be, and may cost some of the mail its way to the inbox."""
    WRONG = "wrong"
    """Most of the mail would be refused, or thrown away: not to be sent like this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found."""

    severity: Severity
    rule: str
    """A short name that stays the same for a program: `dmarc_missing`."""
    what: str
    """What is wrong, in a sentence without its full stop."""
    where: str = ""
    """A setting, a DNS name, a template with its line."""
    fix: str = ""
    """What to do; "" where nothing is to be done."""
    details: tuple[str, ...] = ()
    """More on it, a line each."""
