"""What stands in the fields of an event, as what we need, whatever it is that somebody wrote there.

Out come text without end or line breaks, moments as Unix seconds, and the codes that a server's reply begins with; what
is none of these is empty, or None. Raises nothing.
"""

import re
from datetime import UTC, datetime

from campaign.visible import visible

_LATEST = 4_102_444_800
"""The year 2100: what is later is no moment, or is in milliseconds."""
_REPLY = re.compile(
    r"\s{0,8}(?:smtp ?;\s{0,8})?(?P<code>[245]\d\d)?[ \-#]{0,3}(?P<enhanced>[245]\.\d{1,3}\.\d{1,3})?(?![\d.])", re.I
)
"""RFC 5321 section 4.2 and RFC 3463 section 2, as a DSN quotes them (RFC 3464 section 2.3.6)."""
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def text(value: object, longest: int = 320) -> str:
    """Give it as one printable line."""
    if isinstance(value, str):
        return visible(value[:longest].strip())
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18 else ""


def within(value: object, *names: str) -> object:
    """Give what stands under these names, one inside the other."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def moment(value: object) -> int | None:
    """Give a moment: seconds or milliseconds since 1970, or ISO 8601, where no zone means UTC."""
    if isinstance(value, str):
        value = value.strip()[:64]
        try:
            value = float(value)
        except ValueError:
            return _iso(str(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 < value < _LATEST * 1000:
        return None
    return int(value if value < _LATEST else value / 1000)


def _iso(written: str) -> int | None:
    try:
        found = datetime.fromisoformat(written)
        seconds = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return int(seconds) if 0 < seconds < _LATEST else None


def reply_codes(said: object) -> tuple[int | None, str]:
    """Give the reply code and the enhanced status code with which a server's words begin."""
    found = _REPLY.match(said[:64]) if isinstance(said, str) else None
    if found is None:
        return None, ""
    return int(found["code"]) if found["code"] else None, found["enhanced"] or ""


def enhanced_code(value: object) -> str:
    """Give an enhanced status code that has a field of its own."""
    return value.strip() if isinstance(value, str) and _ENHANCED.fullmatch(value[:16].strip()) else ""


def reply_code(value: object) -> int | None:
    """Give a reply code that has a field of its own; providers have numbers of their own there, too (498, 605)."""
    written = text(value, 8)
    return int(written) if re.fullmatch(r"[245][0-5]\d", written) else None
