"""A connection's whole messages: its dialogue, how many may be in flight, and what it is about to show in a trial.

Values that belong together; what is done with them, `feed` and `replies` do.
"""

from collections import deque

from campaign.model import Attempt
from campaign.smtp.chunking.depth import Depth
from campaign.smtp.chunking.dialogue import ChunkedDialogue
from campaign.smtp.chunking.trials import IN_TRIAL, ChunkingTrial


class MessageStream:
    """One connection's."""

    def __init__(self, dialogue: ChunkedDialogue, trial: ChunkingTrial, *, in_flight: int) -> None:
        self.dialogue = dialogue
        self.trial = trial
        self.in_trial = trial.begin()
        """Whether it is its server's trial."""
        self.depth = Depth(min(in_flight, IN_TRIAL) if self.in_trial else in_flight)
        self.deferred: deque[Attempt | None] = deque(maxlen=2 * in_flight)
        """Of the messages lately answered, those that the server deferred."""
        self._in_flight = in_flight

    @property
    def room(self) -> int:
        """How many messages more may be in flight."""
        return self.depth.allowed - len(self.dialogue.in_flight)

    def trial_passed(self) -> None:
        """The server has shown that it can."""
        self.in_trial = False
        self.trial.passed()
        self.depth.most = self._in_flight
