"""What programs answer by themselves, such as "out of office": no bounce, no complaint, no wish (RFC 3834).

In: a mail. Out: whether it is one. Raises nothing. Auto-Submitted is the standard's sign; the others are older, or some
programs' own.
"""

import re

from campaign.settle.mail.parse import Part

_PRECEDENCES = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_FIELDS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-response-suppress", "x-loop", "list-id")
_SUBJECT = re.compile(
    r"(?:auto(?:matic|mated)?[- ]?(?:reply|response|answer)|out[- ]of[- ](?:the[- ])?office|abwesenheit|"
    r"automatische antwort|réponse automatique|respuesta automática|risposta automatica|on vacation)\b",
    re.IGNORECASE,
)


def is_answer(mail: Part) -> bool:
    """Whether it says of itself that it answers a mail. So do those of Exim's bounces that follow no standard."""
    if mail.all("x-failed-recipients"):
        return False
    said = mail.field("auto-submitted").partition(";")[0].strip().lower()
    return said in ("auto-replied", "auto-notified") or _SUBJECT.match(mail.words("subject")) is not None


def is_automatic(mail: Part) -> bool:
    """Whether a program has written it: an answer, or a list's mail."""
    submitted = mail.field("auto-submitted").partition(";")[0].strip().lower()
    if submitted and submitted != "no":  # RFC 3834 section 5
        return True
    if mail.field("precedence").lower() in _PRECEDENCES:
        return True
    if any(mail.all(name) for name in _FIELDS):
        return True
    if mail.field("return-path") == "<>":  # RFC 3834 section 3.3, RFC 5321 section 4.5.5
        return True
    return _SUBJECT.match(mail.words("subject")) is not None
