"""What the connections need of whoever has the messages: the one seam between SMTP and the rest."""

from typing import Protocol

from campaign.model import Parcel, Phase, Reply
from campaign.smtp.connect import Session
from campaign.smtp.session_error import SessionError


class Courier(Protocol):
    """Gives parcels, and hears what became of each: exactly one of `answered`, `untouched` and `unknown`; after
    `answered` there may be a `doubt`.
    """

    def take(self, session: Session) -> Parcel | None:
        """Give the parcel whose envelope may go now over this session, if there is one."""

    def may_leave(self, parcel: Parcel) -> bool:
        """Say whether the parcel's body may leave."""

    def has_aged(self, parcel: Parcel) -> bool:
        """Say whether the parcel was made too long ago for its body to leave. It comes back by `untouched`."""

    def answered(self, parcel: Parcel, phase: Phase, reply: Reply, *, served: bool) -> bool:
        """Hear the server's last word on a parcel. `served`: the connection had taken messages before this one. Give
        whether the session is of no more use.
        """

    def untouched(self, parcel: Parcel, why: str) -> None:
        """Take back a parcel whose body has not left. `why` is empty where it was the courier's own wish."""

    def unknown(self, parcel: Parcel, why: str) -> None:
        """Hear that a body has left and its reply will never come."""

    def doubt(self, parcel: Parcel, why: str) -> None:
        """Hear that an answer which put the parcel off may have been none: another reply has followed it."""

    def opened(self, session: Session) -> None:
        """Hear of a new session."""

    def not_opened(self, error: SessionError, *, others: int) -> float:
        """Hear of a session that could not be had, or that ended before it was of any use, while `others` are open or
        being opened; give the seconds to the next attempt.
        """
