"""What a server's connections share. Used from the server's thread only, but for `record`."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from campaign.model import Phase
from tests.smtp_server.features import Features
from tests.smtp_server.misbehaviours import Misbehaviour
from tests.smtp_server.record import Record
from tests.smtp_server.trigger import Trigger

if TYPE_CHECKING:
    from tests.smtp_server.wire import Wire


class ServerState:
    """Settings, record, misbehaviours and counts."""

    def __init__(
        self, features: Features, record: Record, misbehaviours: Iterable[Misbehaviour], clock: Callable[[], float]
    ) -> None:
        self.features = features
        self.record = record
        self.open: set[Wire] = set()
        self.messages = 0
        """MAIL commands so far."""
        triggers = [Trigger(misbehaviour, clock) for misbehaviour in misbehaviours]
        self.triggers: dict[Phase, list[Trigger]] = {
            phase: [
                one
                for one in triggers
                if one.misbehaviour.phase is phase
                and one.misbehaviour.after_bytes is None
                and not one.misbehaviour.of_refused_chunk
            ]
            for phase in Phase
        }
        self.refused_chunks = [one for one in triggers if one.misbehaviour.of_refused_chunk]
        self.inside_body = [one for one in triggers if one.misbehaviour.after_bytes is not None]
