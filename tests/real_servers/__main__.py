"""Starts one of the servers by hand: says where it listens, and serves until Ctrl-C.

python -m tests.real_servers haraka --greeting "ready when you are" --sign-in
"""

import argparse
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from tests.real_servers import dovecot
from tests.real_servers.install import Unavailable
from tests.real_servers.relay import Relay
from tests.real_servers.servers import SERVERS

_START: dict[str, Callable[..., AbstractContextManager[Relay]]] = {
    **{name.partition(" ")[0].lower(): start for name, start in SERVERS.items()},
    "dovecot-lmtp": dovecot.start_lmtp,
}
"""By the name that one types."""


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(prog="python -m tests.real_servers", description=__doc__)
    parser.add_argument("server", choices=list(_START))
    own = argparse.SUPPRESS
    parser.add_argument("--greeting", default=own, help="another than its own (Haraka, Courier, Dovecot)")
    parser.add_argument("--sign-in", action="store_true", default=own, help="(Dovecot's submission server: always)")
    options = vars(parser.parse_args())
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _START[options.pop("server")](**options) as relay:
            print(f"{relay.name} ({relay.protocol}) listens at {relay.host}:{relay.port}")
            if relay.ca_file:
                print(f"  TLS    STARTTLS, port {relay.tls_port or '-'} from the first byte; trust {relay.ca_file}")
            if relay.username:
                print(f"  user   {relay.username}\n  secret {relay.password}")
            print(f"  log    {relay.log}\nCtrl-C ends it.", flush=True)
            with suppress(KeyboardInterrupt):
                signal.pause()
            print(f"delivered: {len(relay.delivered())}; connections: {relay.connections()}")
    except Unavailable as reason:
        sys.exit(str(reason))


if __name__ == "__main__":
    main()
