"""Why a server's messages go one after the other, though several could be in flight: in words for an operator.

Takes a session, for what can be seen before anything is tried. Raises nothing.
"""

from campaign.smtp.pipelining.known_servers import known_server
from campaign.smtp.session.session import Session

UNSOUND = "the server does not throw away a message's octets where it has refused the message"
FAILED = "the server did not answer two messages in order when that was tried"
FAILED_BEFORE = "the server has failed at it before, in this campaign"
NOT_FOUND_OUT = "what the server makes of it could not be found out"


def not_to_be_tried(session: Session) -> str | None:
    """Say why there is nothing to try; None where it can be tried."""
    lacking = [name.upper() for name in ("chunking", "pipelining") if name not in session.features]
    if lacking:
        return f"the server does not offer {' and '.join(lacking)}"
    if (known := known_server(session.greeting, session.features)) is not None:
        return f"{known.name} does not take commands behind a message"
    return None


def in_flight_unused(wanted: int, why: str) -> str:
    """Say all of it. `wanted`: `smtp.in_flight`; `why`: of the above."""
    return (
        f"smtp.in_flight is {wanted}, and {why}: each message waits for the one before it; "
        "more connections (smtp.connections) would do as much"
    )
