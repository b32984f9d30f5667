"""The names of `[message.headers]`: which a campaign may add, and where to turn for the others.

In: a table of names and texts, as TOML has it. Out: the same, checked. Raises `RefusedValueError`. A header that we
write ourselves can't be replaced or doubled: RFC 5322 section 3.6 allows each of them once.
"""

import json
import re
from collections.abc import Mapping

from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import text

_NAME = re.compile(r"[!-9;-~]{1,76}")
"""RFC 5322 section 2.2: printable ASCII without the colon; the length leaves room on a line of 78."""
_NO_NAME = "a header's name is made of letters, digits and hyphens"
_OWN = "it is written by campaign itself"
_ONE = "one message goes to one contact, so that there is no"
_REFUSED: dict[str, str] = {
    "from": "message.from sets it",
    "sender": "message.from is the one sender",
    "reply-to": "message.reply_to sets it",
    "to": "it is the contact's address; message.to_name sets the name beside it",
    "cc": f"{_ONE} cc",
    "bcc": f"{_ONE} bcc",
    "subject": "subject.txt in the template's folder sets it",
    "date": _OWN,
    "message-id": _OWN,
    "mime-version": _OWN,
    "list-unsubscribe": "message.unsubscribe_url and message.unsubscribe_mailto set it",
    "list-unsubscribe-post": "message.unsubscribe_url sets it",
    "dkim-signature": "[dkim] signs",
    "domainkey-signature": "[dkim] signs",
    "return-path": "message.return_path sets it",
    "received": "mail servers write it",
    "received-spf": "mail servers write it",
    "authentication-results": "mail servers write it",
    "delivered-to": "mail servers write it, and take a message that has it for one that goes in circles",
}
_REFUSED_STARTS = {"content-": _OWN, "resent-": "nobody resends this message", "arc-": "mail servers write it"}


def header_templates(value: object) -> dict[str, str]:
    """Take a table of header names, each with its text, which may be a template."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, Mapping):
        raise RefusedValueError(
            "it must be a table of names and texts", fix='write [message.headers], and below it "Feedback-ID" = "…"'
        )
    found: dict[str, str] = {}
    for name, template in value.items():
        why = _against(str(name), found)
        if why:
            fix = "correct the name" if why == _NO_NAME else "take it out"
            raise RefusedValueError(f"{_shown(name)}: {why}", fix=fix, quote=False)
        try:
            found[name] = text(template)
        except RefusedValueError as error:
            raise RefusedValueError(f"{_shown(name)}: {error.problem}", fix=error.fix, quote=False) from None
    return found


def _against(name: str, others: Mapping[str, str]) -> str:
    """Say what is to be said against a name; "" where nothing is."""
    lowered = name.lower()
    if _NAME.fullmatch(name) is None:
        return _NO_NAME
    if any(lowered == other.lower() for other in others):
        return "it stands there twice"
    for start, why in _REFUSED_STARTS.items():
        if lowered.startswith(start):
            return why
    return _REFUSED.get(lowered, "")


def _shown(name: object) -> str:
    written = str(name)
    return written if _NAME.fullmatch(written) else repr(written[:76])
