"""What a server says on a connection, and what the connection's death means, told to the courier.

Takes the bytes that arrived; says what to answer, and whether the session can go on. What happens to a parcel whose
connection dies depends on one thing only: whether the end of its body may have left.
"""

from collections.abc import Sequence

from campaign.model import Phase
from campaign.smtp.connection import Connection
from campaign.smtp.courier import Courier
from campaign.smtp.dialogue import Answered, Broken, Closing, Event

_TOO_EARLY = "the server answered before the message had left"


def hear(connection: Connection, data: bytes, courier: Courier) -> tuple[bytes, str | None]:
    """Tell the courier what `data` says. Gives the commands to write because of it, and, where the session must end at
    once, why.
    """
    dialogue = connection.dialogue
    early = dialogue.current is not None and not connection.body_left
    events, commands = dialogue.feed(data)
    broken = events[-1] if events and isinstance(events[-1], Broken) else None
    if broken is not None and broken.shifted:
        _doubt(events, courier, broken.why)
        return b"", broken.why
    if early and any(isinstance(event, Answered) for event in events):
        _answered_early(connection, events, courier)
        return b"", _TOO_EARLY
    for event in events:
        if isinstance(event, Answered):
            connection.closing = connection.closing or _ends_session(event)
            courier.answered(event.parcel, event.phase, event.reply, served=connection.served)
            if event.phase is Phase.BODY and event.reply.code < 300:
                connection.served = True
        elif isinstance(event, Closing):
            connection.closing = True
    return commands, None if broken is None else broken.why


def lose(connection: Connection, courier: Courier, why: str) -> None:
    """Tell the courier of the parcels that a dead connection had."""
    dialogue = connection.dialogue
    current, upcoming, farewell = dialogue.current, dialogue.upcoming, dialogue.farewell
    dialogue.current = dialogue.upcoming = dialogue.farewell = None
    if farewell is not None:
        courier.answered(farewell.parcel, farewell.phase, farewell.reply, served=connection.served)
    if current is not None:
        (courier.unknown if connection.body_left else courier.untouched)(current, why)
    if upcoming is not None:
        courier.untouched(upcoming, why)


def _ends_session(answer: Answered) -> bool:
    """421 says so; 503 for MAIL says that the server and we do not agree on where we are."""
    return answer.reply.code == 421 or (answer.reply.code == 503 and answer.phase is Phase.MAIL)


def _doubt(events: Sequence[Event], courier: Courier, why: str) -> None:
    """There was a reply too many: an answer that came with it may have been the answer to something else."""
    for event in events:
        if isinstance(event, Answered):
            tell = courier.unknown if event.phase is Phase.BODY else courier.untouched
            tell(event.parcel, why)


def _answered_early(connection: Connection, events: Sequence[Event], courier: Courier) -> None:
    """A reply before the body's end has left: a refusal counts, a yes cannot be meant. Nothing more can be said."""
    for event in events:
        if isinstance(event, Answered):
            if event.phase is Phase.BODY and event.reply.code >= 400:
                courier.answered(event.parcel, event.phase, event.reply, served=connection.served)
            else:
                courier.untouched(event.parcel, _TOO_EARLY)
