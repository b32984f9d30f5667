"""An SMTP server of the tests' own: strict, fast, and wrong on demand.

server.py         FaultServer: a thread with an event loop
process.py        ServerProcess: the same in a process of its own (`python -m tests.smtp_server`)
features.py       what it offers
misbehaviours.py  what can go wrong, and whom it befalls;  catalogue.py  by name;  trigger.py  how often
record.py         what it saw, accepted, and found wrong with the client
session.py        the dialogue, on chunking.py (BDAT), transaction.py (MAIL to message), answering.py, wire.py (bytes)
certificates.py   TLS, good and bad
"""

from tests.smtp_server.catalogue import CATALOGUE, IN_FLIGHT
from tests.smtp_server.certificates import Tls, client_context
from tests.smtp_server.features import Features
from tests.smtp_server.misbehaviours import (
    Action,
    Match,
    Misbehaviour,
    Situation,
    address,
    after_message,
    every_connection,
    every_message,
    everything,
    local_part,
    nth_connection,
    nth_message,
    recipient,
    share,
)
from tests.smtp_server.process import ServerProcess
from tests.smtp_server.record import Accepted, Connection, Defect, Keep, count_by_recipient, read_record
from tests.smtp_server.server import FaultServer

__all__ = [
    "CATALOGUE",
    "IN_FLIGHT",
    "Accepted",
    "Action",
    "Connection",
    "Defect",
    "FaultServer",
    "Features",
    "Keep",
    "Match",
    "Misbehaviour",
    "ServerProcess",
    "Situation",
    "Tls",
    "address",
    "after_message",
    "client_context",
    "count_by_recipient",
    "every_connection",
    "every_message",
    "everything",
    "local_part",
    "nth_connection",
    "nth_message",
    "read_record",
    "recipient",
    "share",
]
