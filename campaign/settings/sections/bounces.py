"""[bounces]: how a message that comes back is known again.

With `verp` each contact has a return path of its own, `bounces+KEY@acme.example`; KEY is `contact.key`. Raises
RefusedValueError for a return path that has no room for one.
"""

from typing import Annotated

from pydantic import Field, PlainValidator

from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import flag
from campaign.settings.sections.base import Section

VERP_MARK = "+"
"""What stands between the local part and the key (RFC 5233 section 4: what most mail servers take for a subaddress)."""
_KEY = 16
"""Letters of a `contact.key`."""
_LONGEST_LOCAL_PART = 64
"""Octets: RFC 5321 section 4.5.3.1.1."""
_LONGEST_ADDRESS = 254
"""Octets: RFC 5321 section 4.5.3.1.3, without the angle brackets."""


class BouncesSettings(Section):
    """[bounces]: how a message that comes back is known again."""

    verp: Annotated[bool, PlainValidator(flag)] = Field(default=False, description="true or false", examples=["true"])


def require_room_for_key(return_path: str) -> None:
    """Raise RefusedValueError for a return path that can't be made into one for each contact."""
    local, _, _ = return_path.rpartition("@")
    if VERP_MARK in local:
        raise RefusedValueError(
            f"it makes a return path of its own for each contact, and {return_path} has a + already",
            fix='set message.return_path to an address without one, such as "bounces@acme.example"',
            setting="bounces.verp",
        )
    more = len(VERP_MARK) + _KEY
    if len(local.encode()) + more > _LONGEST_LOCAL_PART or len(return_path.encode()) + more > _LONGEST_ADDRESS:
        raise RefusedValueError(
            f"it adds {more} characters to the return path, and {return_path} is too long for that: left of its @ mail "
            f"servers take {_LONGEST_LOCAL_PART} octets, in all {_LONGEST_ADDRESS}",
            fix='set message.return_path to a shorter address, such as "bounces@acme.example"',
            setting="bounces.verp",
        )
