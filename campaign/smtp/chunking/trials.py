"""Whether whole messages may follow each other on a server's connections: learned once, never assumed.

    offered ──▶ probe, on one connection of the whole run ──▶ one message, and then two in flight, on the next one
                  └─▶ unsound: never in this campaign            ├─▶ both answered in order: all connections may
                                                                 └─▶ out of order, or dead: never in this campaign

The others send by DATA meanwhile. Two messages are the most that the trial can bring into doubt. Offered means
CHUNKING (RFC 3030) and PIPELINING (RFC 2920), and that nothing is known that speaks against the latter.
"""

from collections import deque
from collections.abc import Callable

from campaign.smtp.chunking.probe import ProbeResult
from campaign.smtp.chunking.unused import FAILED, FAILED_BEFORE, NOT_FOUND_OUT, UNSOUND, not_to_be_tried
from campaign.smtp.pipelining.ability import Ability
from campaign.smtp.pipelining.known_servers import kind_of_server
from campaign.smtp.pipelining.server_memory import ServerMemory
from campaign.smtp.session.session import Session

ABILITY = "chunking"
IN_TRIAL = 2
"""Messages in flight."""
_IN_VAIN = 3
"""How often a trial may come to nothing before it is given up, for this process."""
_ENDS = 32
"""Sessions of which it is remembered after how many messages the server ended them."""
_NO_LIMIT = 1 << 62
_TRUSTED_AGAIN = 1000
"""Messages taken, after which twice as many may be in flight as a session that ended has left."""


class ChunkingTrial(Ability):
    """One kind of server's standing, for all connections of this process."""

    def __init__(
        self, server: str, memory: ServerMemory, clock: Callable[[], float], *, told: Callable[[str], None]
    ) -> None:
        """`told` hears why the server is not used that way (`unused`)."""
        super().__init__(server, ABILITY, memory, clock, able=None)
        self._told = told
        self.most_messages = _NO_LIMIT
        """How many a connection is to carry: fewer than those after which two were ended with others in flight."""
        self.most_in_flight = _NO_LIMIT
        """How many a connection may have in flight: half of those that were when a server ended it, for a while."""
        self._ended_after: deque[int] = deque(maxlen=_ENDS)
        self._taken = 0
        self._is_sound = False
        self._in_vain = 0

    def allows(self) -> bool:
        """See `Ability`."""
        known, allowed = self.able is not None, super().allows()
        if not known and self.able is False:
            self._told(FAILED_BEFORE)
        return allowed

    @property
    def wants_probe(self) -> bool:
        """Whether the probe comes first."""
        return self.able is None and not self._is_sound

    def begin(self) -> bool:
        """A connection takes it up. Gives whether that is the trial, or the probe."""
        self._trying = self.able is None
        return self._trying

    def probed(self, result: ProbeResult, *, sender_refused: bool = False) -> None:
        """Hear what the probe has shown. `sender_refused`: for good; messages show that, no other probe."""
        self._trying = False
        if sender_refused:
            self.able = False
            return
        if result is ProbeResult.UNSOUND:
            self.failed(UNSOUND)
        elif result is ProbeResult.INCONCLUSIVE:
            self.inconclusive()
        else:
            self._is_sound = True

    def passed(self) -> None:
        """A message that went behind one that had no answer was answered in order, and the other before it."""
        if self.able is None:
            self._trying = False
            self.learn(able=True)

    def abandoned(self) -> None:
        """There was no message to be tried, or it is to be tried again."""
        self._trying = False

    def message_taken(self) -> None:
        """The server has taken a message."""
        if self.most_in_flight < _NO_LIMIT:
            self._taken += 1
            if self._taken >= _TRUSTED_AGAIN:
                self._taken, self.most_in_flight = 0, 2 * self.most_in_flight

    def session_ended(self, *, after: int, in_flight: int) -> None:
        """The server has ended a session after so many messages, while more than one was `in_flight`. It may do so
        whenever it has much to do, and where another ended after as many, every time: neither is to bring messages into
        doubt again and again.
        """
        self._taken, self.most_in_flight = 0, min(self.most_in_flight, max(1, in_flight // 2))
        if after in self._ended_after:
            self.most_messages = min(self.most_messages, max(1, after - 1))
        elif after:
            self._ended_after.append(after)

    def inconclusive(self) -> None:
        """The trial was broken off: nothing was in flight that could have suffered by it."""
        self._trying = False
        self._in_vain += 1
        if self._in_vain >= _IN_VAIN and self.able is None:
            self.able = False
            self._told(NOT_FOUND_OUT)

    def failed(self, why: str = FAILED) -> None:
        """The server has shown that it can't."""
        super().failed()
        self._told(why)


class ChunkingTrials:
    """Those of one process, by kind of server: behind one name there may be several."""

    def __init__(
        self,
        in_flight: int,
        memory: ServerMemory,
        clock: Callable[[], float],
        *,
        sender: str,
        told: Callable[[str], None],
    ) -> None:
        """`in_flight`: messages that a connection may have without their replies; `sender`: the campaign's return
        path; `told` hears, each reason once, why a server gets them one by one (`unused`).
        """
        self.in_flight = in_flight
        self.sender = sender
        self._memory = memory
        self._clock = clock
        self._trials: dict[str, ChunkingTrial] = {}
        self._tell = told
        self._told: set[str] = set()

    def of(self, session: Session) -> ChunkingTrial | None:
        """Give the trial of the server behind a session; None where there is nothing to try."""
        if (why := not_to_be_tried(session)) is not None:
            self._tell_once(why)
            return None
        server = kind_of_server(session.greeting, session.features)
        if server not in self._trials:
            self._trials[server] = ChunkingTrial(server, self._memory, self._clock, told=self._tell_once)
        return self._trials[server]

    def _tell_once(self, why: str) -> None:
        if why not in self._told:
            self._told.add(why)
            self._tell(why)
