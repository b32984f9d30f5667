"""Starts one of the servers by hand: says where it listens, and serves until Ctrl-C.

python -m tests.real_servers haraka --greeting "ready when you are" --sign-in
"""

import argparse
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from tests.real_servers import courier, dovecot, haraka, postfix
from tests.real_servers.install import Unavailable
from tests.real_servers.relay import Relay

_START: dict[str, Callable[..., AbstractContextManager[Relay]]] = {
    "haraka": haraka.start,
    "courier": courier.start,
    "dovecot": dovecot.start_submission,
    "dovecot-lmtp": dovecot.start_lmtp,
    "postfix": postfix.start,
}


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(prog="python -m tests.real_servers", description=__doc__)
    parser.add_argument("server", choices=list(_START))
    parser.add_argument("--greeting", default=argparse.SUPPRESS, help="in place of its usual one (not Postfix)")
    parser.add_argument("--sign-in", action="store_true", default=argparse.SUPPRESS, help="(not Dovecot)")
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
