"""PgBouncer in front of the database: the mode that keeps sessions whole will do, the others are refused."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.errors import LedgerError
from campaign.ledger.postgres.session import connect
from campaign.ledger_place import DatabasePlace
from tests.ports import silent_port
from tests.postgres.cluster import Cluster

pytestmark = pytest.mark.postgres
_PROGRAM = shutil.which("pgbouncer", path=os.defpath + ":/usr/sbin")
_SETTINGS = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = {mode}
"""


@contextlib.contextmanager
def _pooler(folder: Path, server: int, mode: str) -> Iterator[int]:
    """Run one; gives its port."""
    with silent_port() as bound:
        port = bound.getsockname()[1]
    folder.chmod(0o755)  # it refuses to run as root
    users, settings = folder / "users", folder / "settings.ini"
    users.write_text('"postgres" ""\n')
    settings.write_text(_SETTINGS.format(server=server, port=port, users=users, mode=mode))
    account = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"] if os.geteuid() == 0 else []
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*account, str(_PROGRAM), str(settings)], stderr=log)
    try:
        end = time.monotonic() + 20
        while True:
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize(("mode", "will_do"), [("session", True), ("transaction", False), ("statement", False)])
def test_only_whole_sessions_will_do(postgres: Cluster, mode: str, will_do: bool) -> None:
    if _PROGRAM is None:
        pytest.skip("PgBouncer is not installed (Debian: pgbouncer)")
    with tempfile.TemporaryDirectory() as name, _pooler(Path(name), postgres.port, mode) as port:
        place = DatabasePlace(url=f"postgresql://postgres@127.0.0.1:{port}/postgres", campaign="autumn")
        if will_do:
            with connect(place) as one, connect(place) as two:
                processes = {raw.execute("SELECT pg_backend_pid()").fetchone() for raw in (one, two)}
                assert len(processes) == 2
        else:
            with pytest.raises(LedgerError) as raised:
                connect(place)
            assert "pool_mode = session" in raised.value.fix
