"""Haraka, from npm: every recipient is accepted, and a plugin of ours writes each message into a Maildir.

It refuses with 503 what stands behind the end of a body in one packet, and says three times `503` for an envelope.
`python -m tests.real_servers start haraka` starts it by hand. Needs Node.js 20.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.real_servers.maildir import delivered
from tests.real_servers.relay import Relay
from tests.real_servers.running import HOST, NotInstalledError, free_port, needed, running, servers_folder
from tests.real_servers.tls_files import write_tls_files

VERSION = "3.3.4"


def install_haraka() -> Path:
    """Fetches it from npm, and gives its folder. Runs no script of its packages: they only build faster variants."""
    folder = servers_folder() / "haraka"
    folder.mkdir(parents=True, exist_ok=True)
    npm = [needed("npm", "npm"), "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run([*npm, "--loglevel=error", f"Haraka@{VERSION}"], check=True)
    return _home()


@contextmanager
def haraka(
    folder: Path, *, greeting: str | None = None, tls: bool = False, login: tuple[str, str] | None = None
) -> Iterator[Relay]:
    """Starts it. With a `greeting`, it says its name nowhere. `login`: user and password (PLAIN, LOGIN, CRAM-MD5)."""
    home, node = _home(), needed("node", "nodejs")
    maildir, config, log = folder / "Maildir", folder / "config", folder / "haraka.log"
    for part in ("new", "cur", "tmp"):
        (maildir / part).mkdir(parents=True)
    (folder / "plugins").mkdir()
    config.mkdir()
    shutil.copy(Path(__file__).parent / "haraka_files" / "to_maildir.js", folder / "plugins")
    port, tls_port = free_port(), free_port()
    files = write_tls_files(config) if tls else None
    listen = f"{HOST}:{port}" + (f",{HOST}:{tls_port}" if tls else "")
    plugins = ["to_maildir", *(["tls"] if tls else []), *(["auth/flat_file"] if login else [])]
    written = {
        "smtp.ini": f"listen={listen}\nsmtps_port={tls_port}\nforce_shutdown_timeout=2\n",
        "plugins": "\n".join(plugins),
        "maildir": str(maildir),
        "me": "localhost",
        "connection.ini": _connection_ini(home, greeting),
        "log.ini": "[main]\nlevel=notice\ntimestamps=true\nformat=default\n",
    }
    if files:
        written["tls.ini"] = f"key={files.key.name}\ncert={files.certificate.name}\ndhparam=dhparams.pem\n"
        _write_dh_parameters(config / "dhparams.pem")
    if login:
        written["auth_flat_file.ini"] = (
            f"[core]\nmethods=PLAIN,LOGIN,CRAM-MD5\nconstrain_sender=false\n[users]\n{login[0]}={login[1]}\n"
        )
    for name, content in written.items():
        (config / name).write_text(content, encoding="utf-8")
    command = [node, str(home / "bin" / "haraka"), "-c", str(folder)]
    with running(command, port=port, tls_port=tls_port if tls else None, log=log):
        yield Relay(
            name=f"Haraka {json.loads((home / 'package.json').read_text('utf-8'))['version']}",
            host=HOST,
            port=port,
            tls_port=tls_port if tls else None,
            ca_file=files.ca if files else None,
            username=login[0] if login else None,
            password=login[1] if login else None,
            delivered=lambda: delivered(maildir),  # it answers only once the file is there
            log=log,
        )


def _connection_ini(home: Path, greeting: str | None) -> str:
    """Theirs, with our words in it: their defaults are in that file, and one of ours takes its place as a whole."""
    theirs = (home / "config" / "connection.ini").read_text("utf-8")
    if not greeting:
        return theirs
    words = {
        "[headers]": "show_version=false",
        "[message]": f"greeting[]={greeting}\nhelo=at your service\nclose=closing",
        "[uuid]": "banner_chars=0",
    }
    replaced = ("helo=", "close=", "banner_chars=", "show_version=")
    kept = [line for line in theirs.splitlines() if not line.startswith(replaced)]
    return "\n".join(f"{line}\n{words.get(line, '')}" for line in kept)


def _write_dh_parameters(path: Path) -> None:
    """Without them, it spends seconds of our processors on new ones. The group is RFC 7919's."""
    openssl = [needed("openssl", "openssl"), "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"]
    subprocess.run([*openssl, "-out", str(path)], check=True, capture_output=True)


def _home() -> Path:
    home = servers_folder() / "haraka" / "node_modules" / "Haraka"
    if not home.is_dir():
        raise NotInstalledError(f"Haraka is not in {home.parent}; run: python -m tests.real_servers install haraka")
    return home
