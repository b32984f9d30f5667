"""Haraka, from npm: every recipient is accepted, and a plugin of ours writes each message into a Maildir.

It refuses with 503 each command that stands behind the end of a body in the same packet. Needs Node.js 20. It runs as
it is, without a chroot: all that it reads and writes is in one folder, which goes when the block ends.
"""

import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.crashes.sender import wait_until
from tests.real_servers.arrivals import free_ports
from tests.real_servers.certificates import certificate
from tests.real_servers.install import Unavailable, npm_folder_of
from tests.real_servers.relay import DOMAIN, PASSWORD, USERNAME, Relay

_PLUGIN = Path(__file__).parent / "haraka_plugin" / "to_maildir.js"
_START = 30.0
_NODE = 20
"""What its package.json asks for."""
_ANONYMOUS = {
    "[headers]": "show_version=false",
    "[message]": "helo=at your service\nclose=closing",
    "[uuid]": "banner_chars=0",
}
_SIGN_IN = f"[core]\nmethods=PLAIN,LOGIN,CRAM-MD5\nconstrain_sender=false\n[users]\n{USERNAME}={PASSWORD}\n"


@contextmanager
def start(*, sign_in: bool = False, greeting: str | None = None) -> Iterator[Relay]:
    """Run Haraka. With a `greeting`, it says its own name nowhere."""
    home, node = npm_folder_of("haraka"), _node()
    with tempfile.TemporaryDirectory(prefix="haraka-") as name:
        folder = Path(name)
        port, tls_port = free_ports(2)
        _set_up(folder, f"listen=127.0.0.1:{port},127.0.0.1:{tls_port}\nsmtps_port={tls_port}\n", sign_in)
        (folder / "config" / "connection.ini").write_text(_connection_ini(home, greeting), encoding="utf-8")
        with _running([node, str(home / "bin" / "haraka"), "-c", str(folder)], folder / "log", port, tls_port):
            yield Relay(
                name=f"Haraka {json.loads((home / 'package.json').read_text('utf-8'))['version']}",
                port=port,
                tls_port=tls_port,
                ca_file=certificate().trust(folder),
                username=USERNAME if sign_in else None,
                password=PASSWORD if sign_in else None,
                # It answers once the file is there: nothing to wait for.
                delivered=lambda: [file.read_bytes() for file in sorted((folder / "Maildir" / "new").iterdir())],
                log=folder / "log",
                connection_line=r"\[core\] connect ip=",
            )


def _node() -> str:
    """Give the path of Node.js. Raises Unavailable for whatever is missing."""
    found = {program: shutil.which(program) for program in ("node", "openssl", "setpriv")}
    missing = [program for program, path in found.items() if path is None]
    if missing:
        raise Unavailable(f"haraka: there is no {', no '.join(missing)} here")
    node = str(found["node"])
    version = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < _NODE:
        raise Unavailable(f"haraka: it needs Node.js {_NODE}, and this is {version}")
    return node


def _set_up(folder: Path, listen: str, sign_in: bool) -> None:
    for part in ("new", "cur", "tmp"):
        (folder / "Maildir" / part).mkdir(parents=True)
    (folder / "plugins").mkdir()
    shutil.copy(_PLUGIN, folder / "plugins")
    config = folder / "config"
    config.mkdir()
    written = {
        "smtp.ini": f"{listen}nodes=1\nforce_shutdown_timeout=2\n",
        "plugins": "\n".join(["to_maildir", "tls", *(["auth/flat_file"] if sign_in else [])]),
        "maildir": str(folder / "Maildir"),
        "me": DOMAIN,
        "log.ini": "[main]\nlevel=notice\ntimestamps=true\nformat=default\n",
        "tls.ini": "key=key.pem\ncert=chain.pem\ndhparam=dhparams.pem\n",
        "key.pem": certificate().key,
        "chain.pem": certificate().chain,
        "auth_flat_file.ini": _SIGN_IN if sign_in else "",
    }
    for name, content in written.items():
        (config / name).write_text(content, encoding="utf-8")
    # Without them, it spends seconds of all processors on new ones. The group is RFC 7919's (appendix A.1).
    openssl = ["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"]
    subprocess.run([*openssl, "-out", str(config / "dhparams.pem")], check=True, capture_output=True)


def _connection_ini(home: Path, greeting: str | None) -> str:
    """Theirs, with our words in it: their defaults are in that file, and one of ours takes its place as a whole."""
    theirs = (home / "config" / "connection.ini").read_text("utf-8")
    if greeting is None:
        return theirs
    words = _ANONYMOUS | {"[message]": f"greeting[]={greeting}\n{_ANONYMOUS['[message]']}"}
    replaced = ("helo=", "close=", "banner_chars=", "show_version=")
    kept = [line for line in theirs.splitlines() if not line.startswith(replaced)]
    return "\n".join(f"{line}\n{words.get(line, '')}" for line in kept)


@contextmanager
def _running(command: list[str], log: Path, port: int, tls_port: int) -> Iterator[None]:
    with log.open("ab") as output:
        # If the tests are killed, it gets SIGTERM.
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )

    def is_ready() -> bool:
        assert process.poll() is None, f"Haraka ended with {process.returncode}: {said()}"
        return _answers(tls_port, size=0) and _answers(port, size=1)

    def said() -> str:
        return log.read_text("utf-8", "replace")[-3000:]

    try:
        wait_until(is_ready, _START, said)
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _answers(port: int, *, size: int) -> bool:
    """Whether it listens, and so much of a greeting has come: by then, the log has this connection."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=_START) as probe:
        return len(probe.recv(size)) == size
    return False
