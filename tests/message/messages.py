"""A composer, contacts and contents for the tests of this room, and messages read back."""

import email
import email.policy
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from campaign.message import Composer
from campaign.model import Contact, Content, Message

NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=ZoneInfo("America/New_York"))


def composer(
    *,
    campaign: str = "autumn-orders",
    sender: str = "Acme <hello@acme.example>",
    return_path: str = "bounces@acme.example",
    reply_to: str | None = None,
    unsubscribe_mailto: str | None = None,
    constants: tuple[str, ...] = (),
    key_of: Callable[[str], str] | None = None,
    verp: bool = False,
) -> Composer:
    return Composer(
        campaign=campaign,
        sender=sender,
        return_path=return_path,
        reply_to=reply_to,
        unsubscribe_mailto=unsubscribe_mailto,
        constants=constants,
        key_of=key_of,
        verp=verp,
    )


def contact(address: str = "ada@example.net") -> Contact:
    return Contact(number=7, email=address, columns={})


def content(
    subject: str = "Your order",
    text: tuple[str, ...] = ("Hello\n",),
    html: tuple[str, ...] = ("<p>Hello</p>\n",),
    unsubscribe_url: str | None = None,
) -> Content:
    return Content(subject=subject, text=text, html=html, unsubscribe_url=unsubscribe_url)


def compose(one: Content, *, by: Composer | None = None, to: str = "ada@example.net", now: datetime = NOW) -> Message:
    return (by or composer()).compose(contact(to), one, now=now)


def parsed(message: Message) -> EmailMessage:
    read = email.message_from_bytes(message.data, policy=email.policy.default.clone(raise_on_defect=True))
    assert isinstance(read, EmailMessage)
    return read


def head(message: Message) -> list[str]:
    return message.data.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")


BREAKS = ["\n", "\r", "\r\n", "\0", "\x0b", "\x0c", "\x1b", "\x7f", "\x85", "\x9f", "\u2028", "\u2029", "\ud800"]


def encoding(body: str, *constants: str) -> str:
    """The encoding of a body of one chunk; the same whether it is known before or not."""
    known = parsed(compose(content(html=(), text=(body,)), by=composer(constants=(body, *constants))))
    new = parsed(compose(content(html=(), text=(body,))))
    assert known.get_content() == new.get_content()
    assert known["Content-Transfer-Encoding"] == new["Content-Transfer-Encoding"]
    return str(new["Content-Transfer-Encoding"])
