"""Whether a server takes the next envelope behind the end of a body: learned with one message, never assumed.

RFC 2920 section 3.1 allows it, and it saves a round trip for each message. But some servers that offer PIPELINING
refuse such an envelope, lose it, or die of it, and the reply to the body with them. So MAIL, RCPT and DATA go together,
which every one of them takes, and behind a body only once the server has shown that it can:

    not known ──▶ trial: one connection of the whole run, one message; the others wait at their pace
                    ├─▶ able    the envelope was answered as any other
                    └─▶ unable  "out of sequence", silence, a reply too many or too few, a hang-up, three refusals in a
                                row: never again in this campaign

What was behind the body is not_sent, also where it was refused: alone it may not be. The one message before it is the
most that can come into doubt. A server that was thought able, and whose connections then die with an envelope behind an
unanswered body, is tried again.
"""

from collections.abc import Callable
from typing import Literal

from campaign.smtp.pipelining.ability import Ability
from campaign.smtp.pipelining.known_servers import kind_of_server, known_server
from campaign.smtp.pipelining.server_memory import ServerMemory
from campaign.smtp.session.session import Session

Pipelining = Literal["auto", "envelope", "off"]
"""What may go in one write: learned; the commands of one envelope, never behind a body; one command."""

ABILITY = "pipelining"
_RETRIALS = 3
"""How often a server is tried again."""
_ONE_READ = 8 * 1024
"""Octets that a server is sure to read at once, the envelope with the end of the body. Of more it may read the envelope
apart, which every server takes: that proves little.
"""
_PROOF = 8
"""How many such proofs make a verdict."""
_KINDS = 3
"""How many kinds of server behind one name may fail before no other is tried: each may have cost a doubt."""


class PipeliningTrial(Ability):
    """One kind of server's standing, for all connections of this process."""

    def __init__(self, server: str, memory: ServerMemory, clock: Callable[[], float], *, able: bool | None) -> None:
        """`able`: where it need not be found out."""
        super().__init__(server, ABILITY, memory, clock, able=able)
        self._retrials_left = _RETRIALS
        self._proofs = 0
        self._weight = 0

    def begin(self, octets: int) -> bool:
        """An envelope goes behind a body, `octets` in one write. Gives whether that is the trial."""
        self._trying = self.able is None
        self._weight = _PROOF if octets <= _ONE_READ else 1
        return self._trying

    def passed(self) -> None:
        """The envelope was answered as any other."""
        if self.able is None:
            self._trying = False
            self._refusals = 0
            self._proofs += self._weight
            if self._proofs >= _PROOF:
                self.learn(able=True)

    def refused(self) -> None:
        """See `Ability`: of envelopes in a row. The next connection may try."""
        self._trying = False
        super().refused()

    def inconclusive(self) -> None:
        """The trial was broken off, not by the server's doing."""
        self._trying = False

    def connection_lost(self) -> None:
        """A connection has died with an envelope behind a body."""
        if self.able is None:
            self.failed()
        elif self.able and self._retrials_left:
            self._retrials_left -= 1
            self._proofs = 0
            self.forget()
        else:
            self.able = False


class PipeliningTrials:
    """The trials of one process, by kind of server: behind one name there may be several."""

    def __init__(self, mode: Pipelining, memory: ServerMemory, clock: Callable[[], float]) -> None:
        self.mode = mode
        self._memory = memory
        self._clock = clock
        self._trials: dict[str, PipeliningTrial] = {}

    def of(self, session: Session) -> PipeliningTrial:
        """Give the trial of the server behind a session."""
        server = kind_of_server(session.greeting, session.features)
        trial = self._trials.get(server)
        if trial is None:
            settled = self.mode != "auto" or known_server(session.greeting, session.features) is not None
            failed = sum(known.has_failed for known in self._trials.values())
            untried = settled or failed >= _KINDS
            trial = PipeliningTrial(server, self._memory, self._clock, able=False if untried else None)
            self._trials[server] = trial
        return trial
