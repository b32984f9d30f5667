"""What a server says on a connection, and what the connection's death means, told to the handler.

Takes the bytes that arrived; says what to answer, and whether the session can go on. What happens to an attempt whose
connection dies depends on one thing only: whether the end of its body may have left. An envelope behind a body is a
matter of its own: what the server makes of that is the verdict in its pipelining trial.
"""

from collections.abc import Sequence

from campaign.model import Phase, Reply
from campaign.smtp.connection import Connection
from campaign.smtp.delivery_handler import DeliveryHandler
from campaign.smtp.dialogue import out_of_sequence
from campaign.smtp.dialogue_events import Answered, Broken, Closing, Event, NotTaken, Ready

_CLOSED = "the connection was closed"
_TOO_EARLY = "the server answered before the message had left"


def hear(connection: Connection, data: bytes, handler: DeliveryHandler) -> tuple[bytes, str | None]:
    """Tell the handler what `data` says. Gives the commands to write because of it, and, where the session must end at
    once, why.
    """
    dialogue = connection.dialogue
    early = dialogue.current is not None and not connection.body_left
    events, commands = dialogue.feed(data)
    broken = events[-1] if events and isinstance(events[-1], Broken) else None
    why = None if broken is None else connection.without_links(broken.why)
    if why is not None and broken is not None and broken.shifted:
        if connection.put_off is not None:  # it, too, may have had another's answer
            handler.deferral_doubted(connection.put_off, why)
        _doubt(connection, events, handler, why)
        return b"", why
    if early and dialogue.held is not None:  # nothing of the envelope had left, so it can't be the answer to that
        events.insert(0, dialogue.held)
        dialogue.held = None
    if early and any(isinstance(event, Answered) for event in events):
        _answered_early(connection, events, handler)
        return b"", _TOO_EARLY
    misplaced = _misplaced(connection, events)
    if misplaced is not None:
        _doubt(connection, events, handler, misplaced)
        return b"", misplaced
    for event in events:
        _tell(connection, event, handler)
    if connection.trying and not dialogue.behind:  # answered, but not as any other envelope
        connection.trying = False
        connection.trial.undecided()
    if dialogue.pipelining and dialogue.awaiting:
        connection.acknowledge()
    return commands, why


def lose(connection: Connection, handler: DeliveryHandler, why: str) -> None:
    """Tell the handler of the attempts that a dead connection had. `why` is empty where we have closed it ourselves."""
    dialogue = connection.dialogue
    current, upcoming, held = dialogue.current, dialogue.upcoming, dialogue.held
    behind = dialogue.behind
    dialogue.current = dialogue.upcoming = dialogue.held = None
    if held is not None:
        reply = connection.fit_to_show(held.reply)
        if _is_anothers(connection, reply, alone=True):
            handler.outcome_unknown(held.attempt, f"{why or _CLOSED} (it had said {reply.code} {reply.text})")
        else:
            handler.reply_received(held.attempt, held.phase, reply, served=connection.served)
    if current is not None:
        (handler.outcome_unknown if connection.body_left else handler.not_sent)(current, why)
    if behind or connection.trying:
        if why and connection.body_left and (held is None or connection.trying):
            connection.trial.connection_lost()
            why = "" if connection.trying else why  # the trial's fault, not the row's, nor a failure of the server's
        else:
            connection.trial.undecided()
        connection.trying = False
    if upcoming is not None:
        handler.not_sent(upcoming, why)


def _tell(connection: Connection, event: Event, handler: DeliveryHandler) -> None:
    if isinstance(event, Answered):  # first what comes with every message
        _tell_answer(connection, event, handler)
    elif isinstance(event, Ready):
        if event.behind:
            connection.trying = False
            connection.trial.passed()
    elif isinstance(event, NotTaken):
        connection.trying = False
        connection.trial.failed()
        handler.not_sent(event.attempt, "")
    elif isinstance(event, Closing):
        connection.closing, connection.goodbye = True, (Phase.EHLO, connection.fit_to_show(event.reply))


def _tell_answer(connection: Connection, answer: Answered, handler: DeliveryHandler) -> None:
    attempt, phase, reply = answer.attempt, answer.phase, answer.reply
    if connection.trying and phase is not Phase.BODY:
        connection.trying = False
        connection.trial.refused()
        connection.closing = connection.closing or reply.code == 421
        handler.not_sent(attempt, "")  # it goes again, and not behind a body: then the refusal is the row's own
        return
    reply = connection.fit_to_show(reply)
    if handler.reply_received(attempt, phase, reply, served=connection.served) or _out_of_step(answer):
        connection.closing, connection.goodbye = True, (phase, reply)
    else:
        connection.useful = connection.useful or connection.messages > 0 or reply.code != 421
        if reply.code == 421:  # the session's end is that message's matter, and not of the one behind it
            connection.closing, connection.goodbye = True, (phase, reply)
    if phase is Phase.BODY:
        connection.served = connection.served or reply.code < 300
        connection.put_off = attempt if 400 <= reply.code < 500 else None


def _misplaced(connection: Connection, events: Sequence[Event]) -> str | None:
    """What a message was refused with that is an answer to something else; None where there is no such thing."""
    for event in events:
        if not isinstance(event, Answered) or not event.held or event.reply.code < 400:
            continue
        if _is_anothers(connection, event.reply, alone=event.cut_short):
            reply = connection.fit_to_show(event.reply)
            return f"the server said {reply.code} {reply.text}"
    return None


def _is_anothers(connection: Connection, reply: Reply, *, alone: bool) -> bool:
    """Whether a message's refusal, with an envelope behind it, may be the answer to that: the message may be taken.
    `alone`: the answers to the envelope have not all come. 421 and a hang-up is an answer (RFC 5321 section 3.8).
    """
    return out_of_sequence(reply) or (alone and connection.trying and reply.code != 421)


def _out_of_step(answer: Answered) -> bool:
    """503 for MAIL: the server and we do not agree on where we are."""
    return answer.reply.code == 503 and answer.phase is Phase.MAIL


def _doubt(connection: Connection, events: Sequence[Event], handler: DeliveryHandler, why: str) -> None:
    """There was a reply too many, or too few: any of those that came may have been the answer to something else."""
    if connection.trying or any(isinstance(event, Answered | Ready) and event.behind for event in events):
        connection.trying = False
        connection.trial.connection_lost()
    for event in events:
        if isinstance(event, Answered):
            tell = handler.outcome_unknown if event.phase is Phase.BODY else handler.not_sent
            tell(event.attempt, why)
        elif isinstance(event, NotTaken):
            _tell(connection, event, handler)


def _answered_early(connection: Connection, events: Sequence[Event], handler: DeliveryHandler) -> None:
    """A reply before the body's end has left: a refusal counts, a yes cannot be meant. Nothing more can be said."""
    for event in events:
        if isinstance(event, Answered):
            if event.phase is Phase.BODY and event.reply.code >= 400:
                reply = connection.fit_to_show(event.reply)
                handler.reply_received(event.attempt, event.phase, reply, served=connection.served)
            else:
                handler.not_sent(event.attempt, _TOO_EARLY)
