"""Installs the servers, and starts one by hand: prints where it listens, and serves until Ctrl-C.

python -m tests.real_servers install haraka
python -m tests.real_servers start haraka --greeting "mail relay" --tls --login anna:secret
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from tests.real_servers.haraka import haraka, install_haraka
from tests.real_servers.relay import Relay
from tests.real_servers.running import NotInstalledError, NotStartedError

INSTALLERS: dict[str, Callable[[], Path]] = {"haraka": install_haraka}
STARTERS: dict[str, Callable[..., AbstractContextManager[Relay]]] = {"haraka": haraka}


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(prog="python -m tests.real_servers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    installing = commands.add_parser("install")
    installing.add_argument("names", nargs="*", metavar="NAME", help=", ".join(INSTALLERS))
    starting = commands.add_parser("start")
    starting.add_argument("name", choices=list(STARTERS))
    starting.add_argument("--folder", type=Path, help="an empty folder for its configuration, queue and mailbox")
    starting.add_argument("--greeting", help="in place of its usual one")
    starting.add_argument("--tls", action="store_true")
    starting.add_argument("--login", metavar="USER:PASSWORD")
    given = parser.parse_args()
    try:
        if given.command == "install":
            for name in given.names or INSTALLERS:
                print(name, INSTALLERS[name]())
            return
        folder: Path = given.folder or Path(tempfile.mkdtemp(prefix=f"{given.name}-"))
        folder.mkdir(parents=True, exist_ok=True)
        options = {"greeting": given.greeting, "tls": given.tls}
        options["login"] = tuple(given.login.split(":", 1)) if given.login else None
        with STARTERS[given.name](
            folder.absolute(), **{key: value for key, value in options.items() if value}
        ) as relay:
            _serve(relay, folder)
    except (NotInstalledError, NotStartedError) as error:
        sys.exit(str(error))


def _serve(relay: Relay, folder: Path) -> None:
    print(f"{relay.name} ({relay.protocol}) at {relay.host}:{relay.port}", flush=True)
    if relay.ca_file:
        print(f"TLS: port {relay.tls_port or 'with STARTTLS'}, trust {relay.ca_file}")
    if relay.username:
        print(f"user {relay.username}, password {relay.password}")
    print(f"log {relay.log}\nfolder {folder}\nCtrl-C ends it", flush=True)
    with suppress(KeyboardInterrupt):
        signal.pause()
    print(f"\ndelivered: {len(relay.delivered())}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
