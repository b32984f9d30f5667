"""A pool whose connections may carry several whole messages at a time, where their server takes that (`chunking`).

A connection begins as any other's. Once it has nothing under way and the server's standing allows it, its messages go
whole, until its end: it is a stream, and gets them from the pool's `SharedQueue`.
"""

from collections.abc import Callable
from typing import Any

from campaign.model import Attempt
from campaign.smtp.chunking.probe import ChunkingProbe, ProbeResult
from campaign.smtp.chunking.replies import handle_stream_lost, handle_stream_replies
from campaign.smtp.chunking.shared_queue import SharedQueue
from campaign.smtp.chunking.trials import ChunkingTrials
from campaign.smtp.connection import Connection
from campaign.smtp.pool import Pool

_WORTH_IT = 3
"""Messages that a connection must have before it: the first goes alone, two can be in flight."""


class StreamingPool(Pool):
    """The open connections of one process, and whatever goes over them."""

    def __init__(self, *, chunking: ChunkingTrials, **given: Any) -> None:
        """`given`: what a `Pool` takes."""
        super().__init__(**given)
        self._chunking = chunking
        self._queue = SharedQueue(self._handler, send=self._send_messages, clock=self._clock)

    @property
    def holds_bodies(self) -> bool:
        """Whether there are connections that could send a message, and may not yet."""
        return super().holds_bodies or self._queue.holds_messages

    def attend(self) -> None:
        """Do what is due after a wait."""
        super().attend()
        self._give()

    def fill_idle(self) -> None:
        """Ask the handler for attempts for the connections that have none."""
        super().fill_idle()
        self._give()

    def resume_held(self) -> None:
        """Ask the handler again about the messages that it held."""
        super().resume_held()
        self._give()

    def cancel_unsent(self, of: Callable[[Attempt], bool] = lambda _: True) -> None:
        """Give the handler back those attempts that have not begun to leave."""
        self._queue.cancel(of)
        super().cancel_unsent(of)

    def cancel_waiting(self) -> None:
        """Give the handler back those attempts that no connection has begun."""
        self._queue.cancel()

    def close(self) -> None:
        """Hang up on every connection."""
        self.cancel_waiting()
        super().close()

    def _give(self) -> None:
        idle = self._queue.give(self._messages_left)
        self._idle.difference_update(self._queue.connections)  # one that has rested may have begun something just now
        for connection in idle:
            if self._is_over(connection, self._clock()):
                self._end(connection)
            else:
                self._rest(connection)

    def _messages_left(self, connection: Connection) -> int:
        """How many messages may still begin on it. Where the server may end it after so many, the last goes alone."""
        if self._is_over(connection, self._clock()):
            return 0
        left = self._left_of_life(connection)
        stream, trial = connection.stream, connection.chunking_trial
        if stream is None or trial is None or trial.most_messages > self._lifetime.messages:
            return left
        return left - 1 if left > 1 else int(not stream.dialogue.in_flight)

    def _left_of_life(self, connection: Connection) -> int:
        trial, most = connection.chunking_trial, self._lifetime.messages
        return (most if trial is None else min(most, trial.most_messages)) - connection.messages

    def _is_over(self, connection: Connection, now: float) -> bool:
        if super()._is_over(connection, now):
            return True
        stream = connection.stream
        return stream is not None and (stream.trial.able is False or self._left_of_life(connection) <= 0)

    def _send_messages(self, connection: Connection, data: bytes) -> None:
        """The server's time runs from the oldest message in flight."""
        deadline = connection.deadline
        self._send(connection, data)
        connection.deadline = min(deadline, connection.deadline)

    def _admit(self, connection: Connection) -> None:
        connection.chunking_trial = self._chunking.of(connection.session)
        super()._admit(connection)

    def _takes_envelope_behind(self, connection: Connection, now: float) -> bool:
        """Not where the next message could go whole: that begins when nothing is under way."""
        return not self._allows_stream(connection) and super()._takes_envelope_behind(connection, now)

    def _allows_stream(self, connection: Connection) -> bool:
        trial = connection.chunking_trial
        if trial is None or connection.trial.able is False or connection.blocked:
            return False
        if self._left_of_life(connection) < _WORTH_IT:
            return False
        return self._queue.takes(connection.session) and trial.allows()

    def _begin(self, connection: Connection) -> None:
        if connection.stream is not None:  # it has its messages from the queue
            return
        if self._is_over(connection, self._clock()) or not self._allows_stream(connection):
            super()._begin(connection)
            return
        trial = connection.chunking_trial
        assert trial is not None
        self._idle.discard(connection)
        if trial.wants_probe:
            trial.begin()
            connection.probe = ChunkingProbe(self._chunking.sender)
            self._send(connection, connection.probe.commands)
        else:
            self._queue.add(connection, connection.begin_stream(in_flight=self._chunking.in_flight))

    def _receive(self, connection: Connection, data: bytes) -> None:
        if connection.probe is not None:
            self._judge_probe(connection, connection.probe, data)
            return
        stream = connection.stream
        if stream is None:
            super()._receive(connection, data)
            return
        now, heard = self._clock(), stream.dialogue.heard
        why = handle_stream_replies(connection, data, self._handler, now)
        if why is not None:
            self._drop(connection, why)
        elif stream.dialogue.in_flight:
            if stream.dialogue.heard > heard:
                connection.deadline = now + connection.reply_timeout(self._timeout)
            connection.acknowledge()
        elif connection.closing:
            self._drop(connection, connection.why_closing)
        else:
            connection.deadline = float("inf")

    def _judge_probe(self, connection: Connection, probe: ChunkingProbe, data: bytes) -> None:
        """The session was for that alone, and is over."""
        result = probe.feed(data)
        if result is None:
            return
        self._probe_ended(connection, result, sender_refused=probe.sender_refused)
        self._drop(connection, "")

    def _probe_ended(self, connection: Connection, result: ProbeResult, *, sender_refused: bool = False) -> None:
        assert connection.chunking_trial is not None
        connection.probe, connection.used = None, True
        connection.chunking_trial.probed(result, sender_refused=sender_refused)

    def _settle(self, connection: Connection, why: str) -> None:
        if connection.probe is not None:
            silent = self._clock() >= connection.deadline
            self._probe_ended(connection, ProbeResult.UNSOUND if silent else ProbeResult.INCONCLUSIVE)
        if connection.stream is not None:
            handle_stream_lost(connection, self._handler, why)
        super()._settle(connection, why)

    def _remove(self, connection: Connection, *, quitting: bool = True) -> None:
        super()._remove(connection, quitting=quitting)
        stream = connection.stream
        if quitting and stream is not None and stream.in_trial:  # in good order: there was nothing to be tried
            stream.in_trial = False
            stream.trial.abandoned()
        self._queue.remove(connection)
