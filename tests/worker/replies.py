"""Replies, rows and sessions for the dispatcher's tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from campaign.model import Attempt
from campaign.window import SendWindow
from tests.dispatchers import Office, reply

GREYLISTED = reply(451, "4.7.1", "Greylisted")
NO_SUCH_USER = reply(550, "5.1.1", "No such user")
SLOW_DOWN = reply(451, "4.7.0", "Too many messages, slow down")

Open = Callable[..., Office]


def left(attempt: Attempt, here: Office) -> Attempt:
    """The attempt, its body gone."""
    here.dispatcher.claims_durable([attempt])
    assert here.dispatcher.may_send_body(attempt)
    return attempt


def closing(seconds: float) -> SendWindow:
    """A window that closes in so many seconds."""
    now = datetime.now(UTC)
    return SendWindow.resolve(
        opens=now - timedelta(hours=1),
        closes=now + timedelta(seconds=seconds),
        lasts=None,
        timezone="UTC",
        now=now,
    )
