"""What a server says of the messages of a stream, and what the connection's death means for them, told to the handler.

A connection that dies leaves without an answer only what may have left whole; what can't have left goes again. 421 is
the last word on the message that it answers, and nothing for those behind it: what follows is read like any other
reply, and where nothing does, they are as those of any connection that dies.
"""

from campaign.model import Phase
from campaign.smtp.chunking.dialogue import WholeMessage
from campaign.smtp.chunking.stream import MessageStream
from campaign.smtp.connection import Connection
from campaign.smtp.delivery_handler import DeliveryHandler
from campaign.smtp.dialogue_events import FinalReply, ProtocolViolation, SessionClosing
from campaign.smtp.envelope_refusals import out_of_sequence
from campaign.smtp.reply_handling import CLOSED, handle_closing, handle_final_reply


def handle_stream_replies(connection: Connection, data: bytes, handler: DeliveryHandler, now: float) -> str | None:
    """Tell the handler what `data` says. Gives why the session must end at once, if it must; then the messages in
    flight are settled.
    """
    stream = connection.stream
    assert stream is not None
    for said in stream.dialogue.feed(data, left=connection.octets_left):
        if isinstance(said, WholeMessage):
            _answered(connection, stream, said, handler, now)
        elif isinstance(said, SessionClosing):
            handle_closing(connection, said)
            stream.depth.put_off(421)
        else:
            return _out_of_step(connection, stream, said, handler)
    return None


def handle_stream_lost(connection: Connection, handler: DeliveryHandler, why: str, *, doubted: bool = False) -> None:
    """Tell the handler of the messages that a dead connection had in flight. `why` is empty where we have closed it
    ourselves; `doubted`: what was said of them may have been said of others.
    """
    stream = connection.stream
    assert stream is not None
    if why:
        stream.dialogue.lost()
    messages, left = stream.dialogue.take_unanswered(), connection.octets_left
    unknown = 0
    for message in messages:
        if message.answer is not None and not message.unsure and not doubted:
            handle_final_reply(connection, FinalReply(message.attempt, *message.answer), handler)
        elif left >= message.ends:
            handler.outcome_unknown(message.attempt, why or CLOSED, behind_others=unknown > 0)
            unknown += 1
        else:
            handler.not_sent(message.attempt, why)
    in_flight = len(messages) + (connection.closing and bool(messages))  # with the one that the server said 421 to
    if why and in_flight > 1:
        stream.trial.session_ended(after=connection.messages - len(messages), in_flight=in_flight)
    if stream.in_trial:
        stream.in_trial = False
        if why and any(left >= message.ends and not message.alone for message in messages):
            stream.trial.failed()
        elif messages:
            stream.trial.inconclusive()
        else:
            stream.trial.abandoned()


def _answered(
    connection: Connection, stream: MessageStream, message: WholeMessage, handler: DeliveryHandler, now: float
) -> None:
    attempt = message.attempt
    assert message.answer is not None
    phase, reply = message.answer
    if message.goes_without:
        connection.used = True
        handler.not_sent(attempt, "")
        return
    if stream.in_trial and not message.alone:
        misplaced = reply.code >= 400 and out_of_sequence(reply)
        if misplaced or phase is not Phase.BODY:
            connection.closing = True
            if misplaced:
                stream.trial.failed()
            elif reply.code >= 500:
                stream.trial.refused()
            else:
                stream.trial.inconclusive()
            handler.not_sent(attempt, "")  # it goes again, and not behind another: then the refusal is the row's own
            return
        stream.trial_passed()
    if reply.code < 300:
        stream.trial.message_taken()
        stream.depth.answered(now - message.began, alone=message.alone)
    elif reply.code < 500:
        stream.depth.put_off(reply.code)
    handle_final_reply(connection, FinalReply(attempt, phase, reply), handler)


def _out_of_step(
    connection: Connection, stream: MessageStream, broken: ProtocolViolation, handler: DeliveryHandler
) -> str:
    """The session can't go on. With a reply too many or too few, what was said last may have been said of others."""
    why = connection.without_secrets(broken.why)
    if broken.extra_reply:
        if connection.last_deferred is not None:
            handler.deferral_doubted(connection.last_deferred, why)
        stream.in_trial = False
        stream.trial.failed()
    handle_stream_lost(connection, handler, why, doubted=broken.extra_reply)
    return why
