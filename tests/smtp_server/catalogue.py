"""The misbehaviours by name, `<phase>_<what goes wrong>`, each as a factory.

`CATALOGUE["rcpt_5xx"]()` strikes always; every field can be given, as in `CATALOGUE["rcpt_5xx"](times=1,
match=local_part("lost"))`. So a test can run through all names, and a test of a single case can say which.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from campaign.model import Phase
from tests.smtp_server.misbehaviours import (
    Action,
    Misbehaviour,
    behind_a_body,
    behind_a_refused_recipient,
    in_transaction,
    outside_a_transaction,
)

Factory = Callable[..., Misbehaviour]

RIGHT_CODE: dict[Phase, bytes] = {
    Phase.CONNECT: b"220",
    Phase.EHLO: b"250",
    Phase.STARTTLS: b"220",
    Phase.AUTH: b"235",
    Phase.MAIL: b"250",
    Phase.RCPT: b"250",
    Phase.DATA: b"354",
    Phase.BODY: b"250",
}
TEMPORARY: dict[Phase, bytes] = {
    Phase.CONNECT: b"450 4.3.2 Not accepting messages now\r\n",
    Phase.EHLO: b"451 4.3.0 Local error\r\n",
    Phase.STARTTLS: b"454 4.7.0 TLS not available due to temporary reason\r\n",
    Phase.AUTH: b"454 4.7.0 Temporary authentication failure\r\n",
    Phase.MAIL: b"451 4.3.0 Local error\r\n",
    Phase.RCPT: b"450 4.2.1 Mailbox busy\r\n",
    Phase.DATA: b"451 4.3.0 Local error\r\n",
    Phase.BODY: b"451 4.3.0 Queue file write error\r\n",
}
PERMANENT: dict[Phase, bytes] = {
    Phase.CONNECT: b"554 5.7.1 No service for you\r\n",
    Phase.EHLO: b"550 5.7.1 Unwelcome name\r\n",
    Phase.STARTTLS: b"502 5.5.1 Not implemented\r\n",
    Phase.AUTH: b"535 5.7.8 Authentication credentials invalid\r\n",
    Phase.MAIL: b"550 5.7.1 Sender refused\r\n",
    Phase.RCPT: b"550 5.1.1 No such user\r\n",
    Phase.DATA: b"554 5.3.0 No transaction\r\n",
    Phase.BODY: b"554 5.7.1 Message refused\r\n",
}
SLOW = 0.02
"""Seconds; a test that needs a longer wait gives its own."""
ENORMOUS = 1 << 20
"""Bytes of a reply that does not end."""


def _malformed(right: bytes) -> dict[str, tuple[bytes, Action]]:
    """By kind: the bytes, and what becomes of the connection."""
    return {
        "empty": (b"\r\n", Action.ANSWER),
        "no_code": (b"all is well\r\n", Action.ANSWER),
        "letters": (b"abc is well\r\n", Action.ANSWER),
        "negative": (b"-" + right + b" is well\r\n", Action.ANSWER),
        "two_digits": (right[:2] + b" is well\r\n", Action.ANSWER),
        "four_digits": (right + b"0 is well\r\n", Action.ANSWER),
        "no_class": (b"999 is well\r\n", Action.ANSWER),
        "zero": (b"000 is well\r\n", Action.ANSWER),
        "other_digits": ("\u0662\u0665\u0660 is well\r\n".encode(), Action.ANSWER),
        "no_space": (right + b"is well\r\n", Action.ANSWER),
        "mixed_codes": (right + b"-is well\r\n550 or is it\r\n", Action.ANSWER),
        "binary": (bytes(code for code in range(256) if code not in b"\r\n") + b"\r\n", Action.ANSWER),
        "endless_line": (right + b" " + b"a" * ENORMOUS, Action.HANG),
        "endless_lines": ((right + b"-and more\r\n") * (ENORMOUS // 14), Action.HANG),
        "cut_inside": (right + b" is we", Action.CUT),
        "cut_inside_lines": (right + b"-is we\r\n", Action.CUT),
    }


def _of(phase: Phase) -> dict[str, Factory]:
    """What can go wrong in every phase alike."""
    right, key = RIGHT_CODE[phase], phase.lower()
    make = partial(partial, Misbehaviour, phase=phase)
    found: dict[str, Factory] = {
        "4xx": make(reply=TEMPORARY[phase]),
        "5xx": make(reply=PERMANENT[phase]),
        "4xx_bare": make(reply=TEMPORARY[phase][:3] + b"\r\n"),
        "5xx_bare": make(reply=PERMANENT[phase][:3] + b"\r\n"),
        "4xx_says_5": make(reply=TEMPORARY[phase][:4] + b"5.0.0 The class does not agree\r\n"),
        "5xx_says_4": make(reply=PERMANENT[phase][:4] + b"4.0.0 The class does not agree\r\n"),
        "5xx_latin1": make(reply=PERMANENT[phase][:4] + "5.1.1 Empf\u00e4nger unbekannt\r\n".encode("latin-1")),
        "5xx_multiline": make(
            reply=b"%b-5.1.1 No\r\n%b-5.1.1\r\n%b 5.1.1 such user\r\n" % ((PERMANENT[phase][:3],) * 3)
        ),
        "421": make(reply=b"421 4.3.2 Service shutting down\r\n", action=Action.CUT),
        "421_open": make(reply=b"421 4.3.2 Service shutting down\r\n"),
        "cut": make(action=Action.CUT),
        "reset": make(action=Action.RESET),
        "hang": make(action=Action.HANG),
        "slow": make(delay=SLOW),
        "in_pieces": make(piece=1),
        "extra_before": make(before=b"250 2.0.0 Nobody asked\r\n"),
        "extra_after": make(after=b"250 2.0.0 Nobody asked\r\n"),
        "extra_421_before": make(before=b"421 4.4.2 Timeout\r\n"),
        "extra_421_after": make(after=b"421 4.4.2 Timeout\r\n"),
    }
    if phase is not Phase.EHLO:  # whose right answer has several lines anyway
        found["multiline"] = make(reply=b"%b-One\r\n%b-\r\n%b Three\r\n" % (right, right, right), accept=True)
    # A garbled reply to a message that was taken is the worse case: whoever sends again then, sends twice.
    for kind, (wire, action) in _malformed(right).items():
        found[f"malformed_{kind}"] = make(reply=wire, action=action, accept=phase is Phase.BODY)
    return {f"{key}_{what}": partial(factory, name=f"{key}_{what}") for what, factory in found.items()}


def _data_taken_without_recipients(**after: Any) -> Factory:
    """RFC 2920 section 3.1: 354 although every RCPT was refused; the client must send an empty message."""
    taken = Misbehaviour(name="354 for nobody", phase=Phase.DATA, reply=b"354 Go ahead\r\n", accept=True)
    last = partial(Misbehaviour, name="after a message for nobody", phase=Phase.BODY)(**after)
    return partial(Misbehaviour, phase=Phase.RCPT, reply=PERMANENT[Phase.RCPT], then=(taken, last))


_BODY = partial(partial, Misbehaviour, phase=Phase.BODY)
_REFUSED_CHUNK = partial(partial, Misbehaviour, phase=Phase.BODY, of_refused_chunk=True)
_GOODBYE = b"421 4.3.2 Service shutting down\r\n"
_SPECIAL: dict[str, Factory] = {
    "ehlo_unknown": partial(Misbehaviour, phase=Phase.EHLO, reply=b"502 5.5.1 Not implemented\r\n"),
    "rcpt_greylist": partial(
        Misbehaviour, phase=Phase.RCPT, reply=b"451 4.7.1 Greylisted, try later\r\n", times=1, per_recipient=True
    ),
    "mail_throttle": partial(
        Misbehaviour, phase=Phase.MAIL, reply=b"454 4.7.0 Throttling: rate exceeded\r\n", above_rate=100.0
    ),
    "rcpt_throttle": partial(Misbehaviour, phase=Phase.RCPT, reply=b"450 4.7.1 Slow down\r\n", above_rate=100.0),
    "body_throttle": partial(Misbehaviour, phase=Phase.BODY, reply=b"451 4.3.2 Too fast\r\n", above_rate=100.0),
    "mail_throttle_421": partial(
        Misbehaviour, phase=Phase.MAIL, reply=b"421 4.7.0 Too fast\r\n", above_rate=100.0, action=Action.CUT
    ),
    "rcpt_refused_354_554": _data_taken_without_recipients(reply=b"554 5.5.1 No valid recipients\r\n"),
    "rcpt_refused_354_250": _data_taken_without_recipients(reply=b"250 2.0.0 Nobody got it\r\n"),
    "rcpt_refused_354_cut": _data_taken_without_recipients(action=Action.CUT),
    "rcpt_deferred_354_554": partial(
        _data_taken_without_recipients(reply=b"554 5.5.1 No valid recipients\r\n"), reply=TEMPORARY[Phase.RCPT]
    ),
    "data_354_cut": partial(Misbehaviour, phase=Phase.DATA, reply=b"354 Go ahead\r\n", action=Action.CUT),
    "data_354_reset": partial(Misbehaviour, phase=Phase.DATA, reply=b"354 Go ahead\r\n", action=Action.RESET),
    "data_250": partial(Misbehaviour, phase=Phase.DATA, reply=b"250 2.0.0 That is not for DATA\r\n"),
    "body_354": _BODY(reply=b"354 That is not for a body\r\n"),
    "body_cut_inside": _BODY(action=Action.CUT, after_bytes=100),
    "body_reset_inside": _BODY(action=Action.RESET, after_bytes=100),
    "body_hang_inside": _BODY(action=Action.HANG, after_bytes=100),
    "body_stall_inside": _BODY(action=Action.STALL, after_bytes=100),
    "body_4xx_inside_cut": _BODY(reply=TEMPORARY[Phase.BODY], action=Action.CUT, after_bytes=100),
    "body_421_inside": _BODY(reply=b"421 4.3.2 Service shutting down\r\n", action=Action.CUT, after_bytes=100),
    "body_accepted_cut": _BODY(action=Action.CUT, accept=True),
    "body_accepted_reset": _BODY(action=Action.RESET, accept=True),
    "body_accepted_hang": _BODY(action=Action.HANG, accept=True),
    "body_accepted_250_cut": _BODY(reply=b"250 2.0.0 Ok\r\n", action=Action.CUT, accept=True),
    "body_accepted_250_421": _BODY(
        reply=b"250 2.0.0 Ok\r\n421 4.4.2 Idle for too long\r\n", action=Action.CUT, accept=True
    ),
    "body_discarded": _BODY(discard=True),
    # What servers that offer PIPELINING make of an envelope behind a body: Haraka, Courier, Dovecot's submission.
    "mail_behind_a_body_5xx": partial(
        Misbehaviour,
        phase=Phase.MAIL,
        reply=b"503 5.5.1 Client error: pipelined after end of DATA\r\n",
        match=behind_a_body,
    ),
    "body_envelope_behind_lost": _BODY(deaf=True, match=behind_a_body),
    "body_envelope_behind_kills": _BODY(action=Action.RESET, accept=True, match=behind_a_body),
}
_IN_FLIGHT: dict[str, Factory] = {
    "mail_421_reset": partial(Misbehaviour, phase=Phase.MAIL, reply=_GOODBYE, action=Action.RESET),
    "rcpt_421_reset": partial(Misbehaviour, phase=Phase.RCPT, reply=_GOODBYE, action=Action.RESET),
    "body_421_reset": _BODY(reply=_GOODBYE, action=Action.RESET),
    # One reply too few.
    "mail_unanswered": partial(Misbehaviour, phase=Phase.MAIL, reply=b"", accept=True),
    "rcpt_unanswered": partial(Misbehaviour, phase=Phase.RCPT, reply=b"", accept=True),
    "body_unanswered": _BODY(reply=b"", accept=True),
    # Of a BDAT for nobody. The octets of its chunk are commands to servers built on emersion/go-smtp (issue 315).
    "body_chunk_spilled": _REFUSED_CHUNK(spill=True),
    "body_chunk_spilled_outside": _REFUSED_CHUNK(spill=True, match=outside_a_transaction),
    "body_chunk_spilled_behind_recipient": _REFUSED_CHUNK(spill=True, match=behind_a_refused_recipient),
    "body_chunk_spilled_in_transaction": _REFUSED_CHUNK(spill=True, match=in_transaction),
    "body_chunk_refused_421": _REFUSED_CHUNK(reply=_GOODBYE, action=Action.CUT),
    "body_chunk_refused_cut": _REFUSED_CHUNK(reply=PERMANENT[Phase.BODY], action=Action.CUT),
    "body_chunk_refused_reset": _REFUSED_CHUNK(action=Action.RESET),
    "body_chunk_refused_hang": _REFUSED_CHUNK(action=Action.HANG),
    "body_chunk_for_nobody_250": _REFUSED_CHUNK(reply=b"250 2.0.0 Nobody got it\r\n"),
    "body_chunk_for_nobody_4xx": _REFUSED_CHUNK(reply=TEMPORARY[Phase.BODY]),
    "body_chunk_for_nobody_unanswered": _REFUSED_CHUNK(reply=b""),
    "body_chunk_for_nobody_twice": _REFUSED_CHUNK(after=b"503 5.5.1 And once more\r\n"),
}

CATALOGUE: dict[str, Factory] = {name: factory for phase in Phase for name, factory in _of(phase).items()} | {
    name: partial(factory, name=name) for name, factory in (_SPECIAL | _IN_FLIGHT).items()
}
IN_FLIGHT = frozenset(_IN_FLIGHT)
"""What says little of one message at a time: BDAT for nobody, a reply too few, goodbye in the midst of a group."""
