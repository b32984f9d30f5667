"""A connection's whole messages: its dialogue, how many may be in flight, and what it is about to show in a trial.

Values that belong together; what is done with them, `shared_queue` and `replies` do. Raises nothing.
"""

from campaign.smtp.chunking.depth import Depth
from campaign.smtp.chunking.dialogue import ChunkedDialogue
from campaign.smtp.chunking.trials import IN_TRIAL, ChunkingTrial

MOST_OCTETS = 4 << 20
"""In flight on a connection, or waiting for it, before there is another message: large ones fill the memory, not the
way.
"""
MOST_RESETS = 8
"""Servers count commands that carry no mail, RSET among them, but for one for each message that they take. Exim hangs
up after ten (`smtp_accept_max_nonmail`). To Postfix each is an error after a hundred, or after one while it is
overloaded (`smtpd_junk_command_limit`), and it hangs up after a number of errors.
"""


class MessageStream:
    """One connection's."""

    def __init__(self, dialogue: ChunkedDialogue, trial: ChunkingTrial, *, in_flight: int) -> None:
        self.dialogue = dialogue
        self.trial = trial
        self.in_trial = trial.begin()
        """Whether it is its server's trial."""
        self.depth = Depth(min(in_flight, IN_TRIAL) if self.in_trial else in_flight)
        self._in_flight = in_flight

    @property
    def allowed(self) -> int:
        """How many messages may be in flight."""
        dialogue, allowed = self.dialogue, min(self.depth.allowed, self.trial.most_in_flight)
        if dialogue.resets:  # where many are refused, those in flight could be too many for the server
            allowed = min(allowed, max(1, MOST_RESETS - dialogue.resets))
        if dialogue.octets_in_flight > MOST_OCTETS or (dialogue.indistinct and dialogue.in_flight):
            allowed = min(allowed, len(dialogue.in_flight))
        return allowed

    def trial_passed(self) -> None:
        """The server has shown that it can."""
        self.in_trial = False
        self.trial.passed()
        self.depth.most = self._in_flight
