"""Replies, rows and sessions for the dispatcher's tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from campaign.model import Parcel
from campaign.window import SendWindow
from tests.couriers import Office, reply

GREYLISTED = reply(451, "4.7.1", "Greylisted")
NO_SUCH_USER = reply(550, "5.1.1", "No such user")
SLOW_DOWN = reply(451, "4.7.0", "Too many messages, slow down")

Open = Callable[..., Office]


def left(parcel: Parcel, here: Office) -> Parcel:
    """The parcel, its body gone."""
    here.courier.cleared([parcel])
    assert here.courier.may_leave(parcel)
    return parcel


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
