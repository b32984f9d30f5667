"""What the recording server can do wrong, by name: a closed list.

Each says where in the dialogue it strikes, what the client hears, and how often, unless told otherwise. Raises
ValueError for a name that is none, or a use that makes no sense.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

from campaign.model import Phase


class Silence(StrEnum):
    """What comes in place of a reply."""

    CUT = "cut"
    """The end of the connection."""
    NOTHING = "nothing"
    """Nothing, until the client gives up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaviour:
    """One thing that goes wrong."""

    name: str
    phase: Phase
    answer: str | Silence
    """A whole reply, or what comes in its place."""
    meaning: str
    """What it is in practice, and what becomes of the row."""
    times: int | None = None
    """How often it strikes, unless told; with recipients, for each of them. None: always."""
    keeps: bool = False
    """Whether the message is delivered all the same."""

    @property
    def has_recipients(self) -> bool:
        """Whether it is known at that moment whom the message is for."""
        return self.phase in (Phase.RCPT, Phase.BODY)


MISBEHAVIOURS = {
    one.name: one
    for one in (
        Misbehaviour(
            name="refuse_sign_in",
            phase=Phase.AUTH,
            answer="535 5.7.8 Authentication credentials invalid",
            meaning="a wrong password: the run stops, exit code 3, and nobody is marked",
        ),
        Misbehaviour(
            name="refuse_sender",
            phase=Phase.MAIL,
            answer="550 5.7.1 Sender address rejected: not owned by user",
            meaning="a return path that the server does not take: the run stops, exit code 3, and nobody is marked",
        ),
        Misbehaviour(
            name="throttle",
            phase=Phase.MAIL,
            answer="454 4.7.0 Throttling failure: maximum sending rate exceeded",
            times=1,
            meaning="too fast: the run slows down, and it costs the row no try",
        ),
        Misbehaviour(
            name="refuse_recipient",
            phase=Phase.RCPT,
            answer="550 5.1.1 No such user here",
            meaning="nobody has this address: the row is rejected",
        ),
        Misbehaviour(
            name="defer_recipient",
            phase=Phase.RCPT,
            answer="451 4.7.1 Greylisted, try again later",
            times=1,
            meaning="put off, as by greylisting: tried again, and sent; failed, if it goes on for all its tries",
        ),
        Misbehaviour(
            name="refuse_message",
            phase=Phase.BODY,
            answer="554 5.7.1 Message refused by the content filter",
            meaning="refused once it was read: the row is rejected",
        ),
        Misbehaviour(
            name="defer_message",
            phase=Phase.BODY,
            answer="451 4.3.0 Queue file write error",
            times=1,
            meaning="put off once it was read: tried again, and sent",
        ),
        Misbehaviour(
            name="drop_message",
            phase=Phase.BODY,
            answer=Silence.CUT,
            meaning="the connection breaks before the reply, and the message is lost: the row is in_doubt",
        ),
        Misbehaviour(
            name="lose_reply",
            phase=Phase.BODY,
            answer=Silence.CUT,
            keeps=True,
            meaning="the same, but the message was delivered: for the campaign there is no difference, in_doubt",
        ),
        Misbehaviour(
            name="hang",
            phase=Phase.BODY,
            answer=Silence.NOTHING,
            meaning="no reply to a message before smtp.timeout is over: the row is in_doubt",
        ),
    )
}
"""By name."""


def misbehaviour(name: str) -> Misbehaviour:
    """Find one. Raises ValueError."""
    if name not in MISBEHAVIOURS:
        near = get_close_matches(name, MISBEHAVIOURS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"no such misbehaviour {name!r}{hint} There are {', '.join(MISBEHAVIOURS)}")
    return MISBEHAVIOURS[name]


@dataclass(slots=True, kw_only=True)
class Trap:
    """A misbehaviour that was asked for, and how often it has struck. Used from the server's thread."""

    what: Misbehaviour
    whom: str | None
    """An address in lower case; None: whoever comes."""
    times: int | None
    struck: Counter[str] = field(default_factory=Counter)
    """By recipient, where there are any."""

    def strikes(self, phase: Phase, recipients: Iterable[str] = ()) -> bool:
        """Say whether it strikes now, and count it if so."""
        if phase is not self.what.phase:
            return False
        for recipient in [one.lower() for one in recipients] or [""]:
            if self.whom in (None, recipient) and (self.times is None or self.struck[recipient] < self.times):
                self.struck[recipient] += 1
                return True
        return False
