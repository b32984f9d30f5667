"""The server as a process: prints its port on a line of stdout, and serves until stdin ends or SIGTERM comes.

python -m tests.smtp_server --record accepted.jsonl --misbehave rcpt_5xx,local=unknown --misbehave body_cut,every=50
"""

import argparse
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from tests.in_flight import DEPTH
from tests.smtp_server.catalogue import CATALOGUE
from tests.smtp_server.certificates import Tls, authority_pem
from tests.smtp_server.misbehaviours import (
    Match,
    Misbehaviour,
    address,
    every_connection,
    every_message,
    local_part,
    nth_connection,
    nth_message,
    share,
)
from tests.smtp_server.record import Keep
from tests.smtp_server.server import HOST, FaultServer

_MATCHES: dict[str, Any] = {
    "address": address,
    "local": local_part,
    "share": lambda percent: share(float(percent)),
    "message": lambda number: nth_message(int(number)),
    "every": lambda step: every_message(int(step)),
    "connection": lambda number: nth_connection(int(number)),
    "every_connection": lambda step: every_connection(int(step)),
}
_FIELDS: dict[str, Any] = {"times": int, "delay": float, "above_rate": float, "after_bytes": int}


def misbehaviour(written: str) -> Misbehaviour:
    """Reads `NAME[,local=PREFIX][,every=K][,times=N]...`: all conditions must hold."""
    name, *words = written.split(",")
    matches: list[Match] = []
    given: dict[str, Any] = {}
    for word in words:
        key, _, value = word.partition("=")
        if key in _MATCHES:
            matches.append(_MATCHES[key](value))
        elif key in _FIELDS:
            given[key] = _FIELDS[key](value)
        else:
            raise ValueError(f"{key} is none of {', '.join([*_MATCHES, *_FIELDS])}")
    if matches:
        given["match"] = lambda now: all(match(now) for match in matches)
    return CATALOGUE[name](**given)


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(prog="python -m tests.smtp_server", description=__doc__)
    parser.add_argument("--host", default=HOST, help="an address of this machine")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path, help="append every acceptance to this file")
    parser.add_argument("--keep", type=Keep, choices=list(Keep), default=Keep.NOTHING)
    parser.add_argument("--keep-commands", action="store_true")
    parser.add_argument("--misbehave", action="append", type=misbehaviour, default=[], metavar="NAME,...")
    parser.add_argument("--no-pipelining", action="store_false", dest="pipelining")
    parser.add_argument("--chunking", action="store_true", default=DEPTH > 1)
    parser.add_argument("--tls", type=Tls, choices=list(Tls), default=Tls.NONE)
    parser.add_argument("--implicit-tls", action="store_true")
    parser.add_argument("--ca-file", type=Path, help="write the authority's certificate here")
    parser.add_argument("--login", metavar="USER:PASSWORD")
    parser.add_argument("--size", type=int, default=50_000_000)
    parser.add_argument("--messages-per-connection", type=int)
    parser.add_argument("--max-connections", type=int)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if given.ca_file:
        given.ca_file.write_bytes(authority_pem())
    with FaultServer(
        *given.misbehave,
        bound=socket.create_server((given.host, given.port)),
        record_file=given.record,
        keep=given.keep,
        keep_commands=given.keep_commands,
        pipelining=given.pipelining,
        chunking=given.chunking,
        tls=given.tls,
        implicit_tls=given.implicit_tls,
        logins=dict([given.login.split(":", 1)]) if given.login else None,
        size=given.size,
        messages_per_connection=given.messages_per_connection,
        max_connections=given.max_connections,
    ) as server:
        print(server.port, flush=True)
        sys.stdin.buffer.read()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # whoever sends it, too, must not interrupt the ending


if __name__ == "__main__":
    main()
