"""Between bytes and dialogue: the right answer, unless a misbehaviour strikes."""

from collections.abc import Callable

from campaign.model import Phase
from tests.smtp_server.misbehaviours import Misbehaviour, Situation
from tests.smtp_server.state import ServerState
from tests.smtp_server.trigger import Trigger
from tests.smtp_server.wire import Wire


class Answering(Wire):
    """Says what is right by name (`features.py`), or lets go wrong what has to."""

    def __init__(self, state: ServerState) -> None:
        super().__init__(state)
        self.replies = state.features.replies
        self.later: tuple[Misbehaviour, ...] = ()
        """What else goes wrong in this transaction."""
        self.discards = False
        """Whether the message just taken is thrown away."""

    def say(self, name: str, _: bytes = b"") -> None:
        """Says it; nothing can go wrong."""
        self.put(self.replies[name])

    def answer(
        self, phase: Phase, right: str | bytes, effect: Callable[[], None], addresses: tuple[str, ...] = ()
    ) -> None:
        """Gives the right answer (by name, or as it is), and the command its effect, unless a misbehaviour strikes."""
        reply = self.replies[right] if isinstance(right, str) else right
        struck = self.following(phase) if self.later else None
        if struck is None and (triggers := self.state.triggers[phase]):
            struck = self.first(triggers, phase, addresses)
        if struck is None:
            effect()
            self.put(reply)
            return
        self.later += struck.then
        self.discards = struck.discard
        if struck.deaf:
            self.buffer.clear()
            self.connection.silent = True
        self.misbehave(struck, reply, effect)

    def following(self, phase: Phase) -> Misbehaviour | None:
        """What an earlier misbehaviour of this transaction says about this phase."""
        return next((what for what in self.later if what.phase is phase), None)

    def first(
        self,
        triggers: list[Trigger],
        phase: Phase,
        addresses: tuple[str, ...],
        *,
        in_transaction: bool = True,
        named_recipient: bool = False,
    ) -> Misbehaviour | None:
        """The first that strikes."""
        now = Situation(
            phase=phase,
            connection=self.connection.number,
            message=self.state.messages,
            addresses=addresses,
            behind=self.behind > 0,
            in_transaction=in_transaction,
            named_recipient=named_recipient,
        )
        return next((trigger.misbehaviour for trigger in triggers if trigger.strikes(now)), None)
