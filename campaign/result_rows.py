"""What the ledger tells of the rows of a campaign, for results, report and status: frozen values, no behaviour.

Moments are Unix seconds. Nothing here raises.
"""

from typing import NamedTuple

from campaign.model import Status

FinalWord = tuple[str, int | None, int, str]
"""What a picture must know of a row: its status; when the server decided (of one that bounced, when it was accepted;
None where it can't be told); how many tries it took; its address's domain in lower case, or "".
"""


class ResultRow(NamedTuple):
    """Where one row of the contacts file stands: a line of the results. A tuple, since there are millions."""

    cells: str
    """The row's own cells, a JSON array of strings."""
    email: str | None
    """None where the row names nobody who could be mailed."""
    status: str
    attempts: int
    smtp_code: int | None
    enhanced_status: str | None
    detail: str
    settled_at: int | None
    """Unix seconds, as are all moments here."""
    link_expires_at: int | None
    link_fingerprint: str | None
    server: str | None = None
    """Which server took or refused it; None where there is but one, or none has."""
    feedback: str | None = None
    """What came back from whoever got it, and when: `complaint 2026-11-27`, `unsubscribed 2026-11-27`."""
    evidence: str | None = None
    """Where what a later word rests on is found: file, line, queue id."""


class RowReason(NamedTuple):
    """Why a row has the status it has."""

    status: Status
    smtp_code: int | None
    enhanced_status: str | None
    detail: str
    email: str


class RowToCheck(NamedTuple):
    """A row that somebody should look at."""

    row: int
    line: int
    email: str
    status: Status
    smtp_code: int | None
    enhanced_status: str | None
    detail: str
