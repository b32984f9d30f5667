"""What the pool needs of whoever has the messages: the one interface between SMTP and the rest."""

from typing import Protocol

from campaign.model import Attempt, Phase, Reply
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.session import Session

GREW_OLD = "its link grew old while the server took its time"
"""Why an attempt comes back whose link is too old."""


class DeliveryHandler(Protocol):
    """Gives attempts, and hears what became of each: exactly one of `reply_received`, `not_sent` and
    `outcome_unknown`; after `reply_received` there may be a `deferral_doubted`.
    """

    def next_attempt(self, session: Session) -> Attempt | None:
        """Give the attempt whose envelope may go now over this session, if there is one."""

    def may_send_body(self, attempt: Attempt) -> bool:
        """Say whether the attempt's body may leave."""

    def link_too_old(self, attempt: Attempt) -> bool:
        """Say whether the attempt was made too long ago for its body to leave. It comes back by `not_sent`."""

    def reply_received(self, attempt: Attempt, phase: Phase, reply: Reply, *, served: bool) -> bool:
        """Hear the server's last word on an attempt. `served`: the connection had taken messages before this one. Give
        whether the session is of no more use.
        """

    def not_sent(self, attempt: Attempt, why: str) -> None:
        """Take back an attempt whose body has not left. `why` is empty where it was the handler's own wish."""

    def outcome_unknown(self, attempt: Attempt, why: str, *, behind_others: bool = False) -> None:
        """Hear that a body has left and its reply will never come. `behind_others`: that its connection has died was
        heard by another attempt's.
        """

    def deferral_doubted(self, attempt: Attempt, why: str) -> None:
        """Hear that the 4xx which deferred the attempt may have been the answer to something else, since there was a
        reply too many: the server may have taken the message.
        """

    def session_opened(self, session: Session) -> None:
        """Hear of a new session."""

    def session_failed(self, error: SessionError, *, others: int) -> float:
        """Hear of a session that could not be had, or that ended before it was of any use, while `others` are open or
        being opened; give the seconds to the next attempt.
        """
