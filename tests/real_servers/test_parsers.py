"""The two parsers agree on what is right, and each of them refuses what is wrong."""

import email.policy
from email.errors import MessageDefect
from email.message import EmailMessage

import pytest

from tests.real_servers.install import Unavailable
from tests.real_servers.parsers import Part, by_mime_tools, by_python

pytestmark = pytest.mark.real_servers
_IMAGE = bytes(range(256)) * 3


def _message() -> bytes:
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = '"Acmé, Inc." <hello@acme.example>'
    message["To"] = '"Ada, L." <ada@people.example>'
    message["Subject"] = "漢字 かな: " + "a subject that is folded " * 5
    message["X-Twice"] = "one"
    message["X-Twice"] = "two"
    message.set_content("Hello\n.\nwörld\n")
    message.add_alternative("<img src='cid:logo@acme.example'>\n", subtype="html")
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(_IMAGE, "image", "png", cid="<logo@acme.example>", filename="logo.png")
    message.add_attachment(
        b"%PDF-1.7\r\n\0", "application", "pdf", filename="Geschäftsbedingungen – " + "x" * 80 + ".pdf"
    )
    message.add_attachment("BEGIN:VCALENDAR\n", "calendar", params={"method": "REQUEST"}, filename="a.ics")
    return message.as_bytes()


def _both(message: bytes) -> tuple[Part, Part]:
    try:
        (other,) = by_mime_tools([message])
    except Unavailable as reason:
        pytest.skip(str(reason))
    return by_python(message), other


def test_they_agree_on_everything_that_a_message_may_have() -> None:
    ours, other = _both(_message())
    assert other == ours
    assert ours.fields["x-twice"] == ["one", "two"]
    assert [leaf.type for leaf in ours.leaves()] == [
        *("text/plain", "text/html", "image/png"),
        *("application/pdf", "text/calendar"),
    ]
    assert ours.leaves()[2].body == _IMAGE
    assert (ours.leaves()[3].filename or "").startswith("Geschäftsbedingungen – xxx")
    assert ours.leaves()[4].method == "REQUEST"


def test_a_difference_is_seen() -> None:
    message = _message()
    _, other = _both(message)
    assert by_python(message.replace(b"logo.png", b"l0go.png")) != other
    assert by_python(message.replace(b"X-Twice: two", b"X-Twice: too")) != other
    assert by_python(message.replace(b"Hello", b"Hallo")) != other


def test_a_message_without_its_end_is_refused_by_both() -> None:
    message = _message()
    cut = message[: message.rindex(b"--==")]
    with pytest.raises(MessageDefect):
        by_python(cut)
    _both(message)
    with pytest.raises(AssertionError, match=r"message 0: .*end"):
        by_mime_tools([cut])
