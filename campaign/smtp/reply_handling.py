"""What a server says on a connection, and what the connection's death means, told to the handler.

Takes the bytes that arrived; says what to answer, and whether the session can go on. What happens to an attempt whose
connection dies depends on one thing only: whether the end of its body may have left. An envelope behind a body is a
matter of its own: what the server makes of that is the verdict in its pipelining trial.
"""

from collections.abc import Sequence

from campaign.model import Phase, Reply
from campaign.smtp.connection import Connection
from campaign.smtp.delivery_handler import DeliveryHandler
from campaign.smtp.dialogue_events import (
    BODY,
    MAIL,
    TOO_EARLY,
    Event,
    FinalReply,
    ParametersRefused,
    PipeliningRefused,
    ProtocolViolation,
    ReadyForBody,
    SessionClosing,
)
from campaign.smtp.envelope_refusals import out_of_sequence

CLOSED = "the connection was closed"
"""Why nothing more was heard, where we ended it ourselves."""


def handle_replies(connection: Connection, data: bytes, handler: DeliveryHandler) -> tuple[bytes, str | None]:
    """Tell the handler what `data` says. Gives the commands to write because of it, and, where the session must end at
    once, why.
    """
    dialogue = connection.dialogue
    early = dialogue.current is not None and not connection.body_sent
    events, commands = dialogue.feed(data)
    why = None
    if early or not _are_as_wished(events):
        why = _why_doubted(connection, events, handler, early=early)
        if why is not None:
            return b"", why
        if events and isinstance(events[-1], ProtocolViolation):
            why = connection.without_secrets(events[-1].why)
    for event in events:
        _handle_event(connection, event, handler)
    if connection.in_trial and not dialogue.behind_body:  # answered, but not as any other envelope
        connection.in_trial = False
        connection.trial.inconclusive()
    if dialogue.pipelining and dialogue.awaiting:
        connection.acknowledge()
    return commands, why


def _are_as_wished(events: Sequence[Event]) -> bool:
    """Whether all that was said is that messages are taken, and that others may go: nearly always."""
    for event in events:
        if not isinstance(event, ReadyForBody) and not (isinstance(event, FinalReply) and event.reply.code < 400):
            return False
    return True


def _why_doubted(connection: Connection, events: list[Event], handler: DeliveryHandler, *, early: bool) -> str | None:
    """Give why replies can't be believed that came `early` or are no yes, or None; the handler is told what is left of
    them.
    """
    dialogue = connection.dialogue
    broken = events[-1] if events and isinstance(events[-1], ProtocolViolation) else None
    if broken is not None and broken.extra_reply:
        why = connection.without_secrets(broken.why)
        if connection.last_deferred is not None:  # it, too, may have had another's answer
            handler.deferral_doubted(connection.last_deferred, why)
        _doubt_replies(connection, events, handler, why)
        return why
    # Nothing of the envelope had left, so a refusal can't be the answer to that.
    if early and dialogue.held_refusal is not None:
        events.insert(0, dialogue.held_refusal)
        dialogue.held_refusal = None
    if early and any(isinstance(event, FinalReply) for event in events):
        _reject_early_replies(connection, events, handler)
        return TOO_EARLY
    misplaced = _misplaced_refusal(connection, events)
    if misplaced is not None:
        _doubt_replies(connection, events, handler, misplaced)
    return misplaced


def handle_connection_lost(connection: Connection, handler: DeliveryHandler, why: str) -> None:
    """Tell the handler of the attempts that a dead connection had. `why` is empty where we have closed it ourselves."""
    dialogue = connection.dialogue
    current, upcoming, held = dialogue.current, dialogue.upcoming, dialogue.held_refusal
    behind = dialogue.behind_body
    if why and dialogue.awaiting is MAIL:
        dialogue.dsn.connection_lost()
    dialogue.current = dialogue.upcoming = dialogue.held_refusal = None
    if held is not None:
        reply = connection.censored(held.reply)
        if _may_answer_the_envelope(connection, reply, alone=True):
            handler.outcome_unknown(held.attempt, f"{why or CLOSED} (it had said {reply.code} {reply.text})")
        else:
            handler.reply_received(held.attempt, held.phase, reply, served=connection.served)
    if current is not None:
        (handler.outcome_unknown if connection.body_sent else handler.not_sent)(current, why)
    if behind or connection.in_trial:
        if why and connection.body_sent and (held is None or connection.in_trial):
            connection.trial.connection_lost()
            why = "" if connection.in_trial else why  # the trial's fault, not the row's, nor a failure of the server's
        else:
            connection.trial.inconclusive()
        connection.in_trial = False
    if upcoming is not None:
        handler.not_sent(upcoming, why)


def _handle_event(connection: Connection, event: Event, handler: DeliveryHandler) -> None:
    if isinstance(event, FinalReply):  # first what comes with every message
        handle_final_reply(connection, event, handler)
    elif isinstance(event, ReadyForBody):
        if event.behind_body:
            connection.in_trial = False
            connection.trial.passed()
    elif isinstance(event, PipeliningRefused):
        connection.in_trial = False
        connection.trial.failed()
        handler.not_sent(event.attempt, "")
    elif isinstance(event, ParametersRefused):
        connection.used = True
        if connection.in_trial:
            connection.in_trial = False
            connection.trial.refused()
        if not event.begun_anew:
            handler.not_sent(event.attempt, "")
    elif isinstance(event, SessionClosing):
        handle_closing(connection, event)


def handle_closing(connection: Connection, event: SessionClosing) -> None:
    """No message may begin on it any more."""
    connection.closing, connection.closing_reply = True, (Phase.EHLO, connection.censored(event.reply))


def handle_final_reply(connection: Connection, answer: FinalReply, handler: DeliveryHandler) -> None:
    """Tell the handler the last word on a message, and note what it means for the session."""
    attempt, phase, reply = answer.attempt, answer.phase, answer.reply
    if connection.in_trial and phase is not BODY:
        connection.in_trial = False
        connection.trial.refused()
        connection.closing = connection.closing or reply.code == 421
        handler.not_sent(attempt, "")  # it goes again, and not behind a body: then the refusal is the row's own
        return
    reply = connection.censored(reply)
    useless = handler.reply_received(attempt, phase, reply, served=connection.served)
    if reply.code == 503 and phase is MAIL:  # the server and we do not agree on where we are
        useless = True
    if not useless:
        carried = connection.messages > 0 if connection.stream is None else phase is BODY
        connection.used = connection.used or carried or reply.code != 421
    if useless or reply.code == 421:  # the session's end is that message's matter, and not of the one behind it
        connection.closing, connection.closing_reply = True, (phase, reply)
    if phase is BODY:
        connection.served = connection.served or reply.code < 300
        connection.last_deferred = attempt if 400 <= reply.code < 500 else None


def _misplaced_refusal(connection: Connection, events: Sequence[Event]) -> str | None:
    """What a message was refused with that is an answer to something else; None where there is no such thing."""
    for event in events:
        if not isinstance(event, FinalReply) or not event.envelope_behind or event.reply.code < 400:
            continue
        if _may_answer_the_envelope(connection, event.reply, alone=event.cut_short):
            reply = connection.censored(event.reply)
            return f"the server said {reply.code} {reply.text}"
    return None


def _may_answer_the_envelope(connection: Connection, reply: Reply, *, alone: bool) -> bool:
    """Whether a message's refusal, with an envelope behind it, may be the answer to that: the message may be taken.
    `alone`: the answers to the envelope have not all come. 421 and a hang-up is an answer (RFC 5321 section 3.8).
    """
    return out_of_sequence(reply) or (alone and connection.in_trial and reply.code != 421)


def _doubt_replies(connection: Connection, events: Sequence[Event], handler: DeliveryHandler, why: str) -> None:
    """There was a reply too many, or too few: any of those that came may have been the answer to something else."""
    if connection.in_trial or any(
        isinstance(event, FinalReply | ReadyForBody) and event.behind_body for event in events
    ):
        connection.in_trial = False
        connection.trial.connection_lost()
    for event in events:
        if isinstance(event, FinalReply):
            tell = handler.outcome_unknown if event.phase is BODY else handler.not_sent
            tell(event.attempt, why)
        elif isinstance(event, PipeliningRefused | ParametersRefused):
            _handle_event(connection, event, handler)


def _reject_early_replies(connection: Connection, events: Sequence[Event], handler: DeliveryHandler) -> None:
    """A reply before the body's end has left: a refusal counts, a yes cannot be meant. Nothing more can be said."""
    for event in events:
        if isinstance(event, FinalReply):
            if event.phase is BODY and event.reply.code >= 400:
                reply = connection.censored(event.reply)
                handler.reply_received(event.attempt, event.phase, reply, served=connection.served)
            else:
                handler.not_sent(event.attempt, TOO_EARLY)
        elif isinstance(event, PipeliningRefused | ParametersRefused):
            _handle_event(connection, event, handler)
