"""Which header fields a signature covers, and in which order: the `h=` tag (RFC 6376 sections 3.5 and 5.4).

In: the names of a header's fields. Out: a `Layout`. Raises nothing.

A field that is named once more than it is there is oversigned: a second one, added later, breaks the signature
(section 8.15). That is for what an inbox shows or answers to, whether we write it or not, and for what says how the
body is read. Whoever takes a signed message of ours and mails it to others can then change none of it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

_ALWAYS_OVERSIGNED = (b"from", b"reply-to", b"to", b"cc", b"subject")
"""Named once more than they are there, absent ones once. No relay adds any of them to a message that has come to it
whole, and a Reply-To of somebody else's is what a forger would want: so do rspamd's defaults have it.
"""

_OVERSIGNED = (b"date", b"message-id", b"mime-version")
"""The same where they are there; when not, a server on the way may add them (RFC 6409 section 8). So too all that begin
with `content-`: a second Content-Type would make another message of the same body.
"""

_AS_THEY_ARE = (
    *(b"sender", b"in-reply-to", b"references"),
    # RFC 8058 section 4 wants both covered.
    *(b"list-unsubscribe", b"list-unsubscribe-post"),
    # Not oversigned: a group that forwards to its members adds its own, and our signature outlives that.
    *(b"list-id", b"list-help", b"list-subscribe", b"list-post", b"list-owner", b"list-archive"),
    b"feedback-id",  # Gmail's feedback loop counts only signed ones.
    b"bimi-selector",  # BIMI heeds only signed ones.
    *(b"auto-submitted", b"importance", b"priority", b"sensitivity", b"organization"),
    *(b"disposition-notification-to", b"autocrypt"),
)
"""Signed as often as they are there. What is not named here is not signed: relays take away what was meant for them
(X-SES-*, X-PM-*, X-Mailgun-*, X-SMTPAPI, X-MSYS-API, Resend-*), servers on the way write their own (Received,
Return-Path, Precedence), and a signature over any of these would break. RFC 6376 section 5.4.1.
"""

_CONTENT = b"content-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What is signed of a header whose fields have these names, in this order."""

    names: tuple[bytes, ...]
    """Of `h=`."""
    positions: tuple[int, ...]
    """Of the fields in the header, as they are hashed: of several with one name, the last first (section 5.4.2)."""


def layout(names: Collection[bytes], *, unsigned: Collection[bytes] = ()) -> Layout:
    """Choose among a header's fields, given by their names in lower case. `unsigned`: those that are not to be signed,
    because a relay is known to write them anew.
    """
    where: dict[bytes, list[int]] = {}
    for position, name in enumerate(names):
        where.setdefault(name, []).insert(0, position)
    signed: list[bytes] = []
    positions: list[int] = []
    content = [name for name in where if name.startswith(_CONTENT)]
    for name, once_more in _once_each(content):
        found = where.get(name, [])
        if name in unsigned or (not found and name not in _ALWAYS_OVERSIGNED):
            continue
        signed += [name] * (len(found) + once_more)
        positions += found
    return Layout(names=tuple(signed), positions=tuple(positions))


def _once_each(content: Iterable[bytes]) -> Iterable[tuple[bytes, bool]]:
    """Give the names in the order of `h=`, each with whether it is oversigned."""
    yield from ((name, True) for name in (*_ALWAYS_OVERSIGNED, *_OVERSIGNED, *content))
    yield from ((name, False) for name in _AS_THEY_ARE)
