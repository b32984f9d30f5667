"""A PostgreSQL server of the tests' own: a new cluster, on a socket folder and a free port of loopback."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.smtp_server.server import HOST

_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
_ACCOUNT = "postgres"
"""The server refuses to run as root; Debian's package has made this account."""
MISSING = "PostgreSQL's server is not installed (Debian: postgresql)"


def is_installed() -> bool:
    """Whether there are PostgreSQL's programs, and an account that may run them."""
    return bool(_PROGRAMS)


class Cluster:
    """One server with one superuser, `postgres`, who needs no password from this machine."""

    def __init__(self, folder: Path, *, host: str = HOST, prefix: Sequence[str] = ()) -> None:
        """`prefix`: what its command begins with, to run on the machine that has the address `host`."""
        self.folder = folder
        self.host = host
        self._prefix = prefix
        self.port = 0
        """The same for as long as it lives, through all its starts."""
        self.sockets = folder / "sockets"
        self.log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The server's first process."""
        assert self._process is not None
        return self._process.pid

    def url(self, database: str = "postgres", *, user: str = "postgres") -> str:
        """Give the address of a database, by TCP."""
        return f"postgresql://{user}@{self.host}:{self.port}/{database}"

    def local_url(self, database: str = "postgres") -> str:
        """The same by its socket, which is there wherever the server's address is."""
        return f"postgresql://postgres@/{database}?host={self.sockets}&port={self.port}"

    def create(self) -> None:
        """Make the cluster."""
        self.sockets.mkdir()
        if os.geteuid() == 0:
            account = pwd.getpwnam(_ACCOUNT)
            for path in (self.folder, self.sockets):
                os.chown(path, account.pw_uid, account.pw_gid)
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
        if self.host != HOST:
            with (self.folder / "data" / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {self.host}/24 trust\n")

    def start(self, *options: str) -> None:
        """Start it, and wait until it answers. `options`: settings, such as `fsync=off`."""
        while not self.port:  # somebody may take a port between our looking for it and the server's
            self.port = _free_port()
            try:
                self.start(*options)
            except ChildProcessError:
                self.port = 0
            else:
                return
        place = (f"listen_addresses={self.host}", f"port={self.port}", f"unix_socket_directories={self.sockets}")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._prefix,
                    *self._as_account("postgres", "-D", str(self.folder / "data")),
                    *(f"-c{one}" for one in (*place, *options)),
                ],
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        while subprocess.run([_PROGRAMS[-1] / "pg_isready", "-q", "-h", self.sockets, "-p", str(self.port)]).returncode:
            if self._process.poll() is not None:
                raise ChildProcessError(self.log.read_text())
            time.sleep(0.02)

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `smart`, `fast`, or `immediate`, which is as good as a power cut of its processes."""
        self._run("pg_ctl", "stop", "-D", str(self.folder / "data"), "-m", mode, "-w")
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _run(self, *command: str) -> None:
        subprocess.run(self._as_account(*command), check=True, capture_output=True, cwd=self.folder)

    def _as_account(self, program: str, *arguments: str) -> list[str]:
        command = [str(_PROGRAMS[-1] / program), *arguments]
        if os.geteuid() != 0:
            return command
        # QUIT is its immediate end: whoever kills the tests leaves no server behind.
        become = ("--reuid", _ACCOUNT, "--regid", _ACCOUNT, "--init-groups", "--pdeathsig", "QUIT")
        return ["setpriv", *become, *command]


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        return int(bound.getsockname()[1])


@contextlib.contextmanager
def cluster(*options: str, host: str = HOST, prefix: Sequence[str] = ()) -> Iterator[Cluster]:
    """Give a server that runs as long as the context, and leaves nothing. `host`, `prefix`: as for `Cluster`."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-postgres-"))
    made = Cluster(folder, host=host, prefix=prefix)
    try:
        made.create()
        made.start(*options)
        yield made
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            made.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
