"""The links room: `Contact` in, `LoginLink` out; and a link looked at, to say what is wrong with it.

PyJWT lives here and nowhere else. Raises `LinkError` (no link at all) and `InvalidContactError` (not for this row).
"""

from campaign.links.checks import Check
from campaign.links.inspect import Inspection, inspect_link
from campaign.links.mint import LinkMinter, require_possible_redirect, throwaway_secret
from campaign.links.pasted import find_link

__all__ = [
    "Check",
    "Inspection",
    "LinkMinter",
    "find_link",
    "inspect_link",
    "require_possible_redirect",
    "throwaway_secret",
]
