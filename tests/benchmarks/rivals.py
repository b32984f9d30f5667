"""The senders that ours is compared with.

Those that people write themselves are in `peers/`; what they need is fetched and built into a cache outside the
repository. One that can't be had on this machine is left out, and the table says why.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.senders import Command, Task, clean_environment
from tests.benchmarks.sink import postfix_program

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSource:
    """Postfix's load generator: one ready-made message of the workload's size to one recipient, again and again."""

    name: str = "smtp-source"
    recipients: bool = False
    """Whether each message has a recipient of its own, which keeps Postfix from remembering what it looked up."""
    best: int = 50
    share: float = 1.0
    distant_share: float = 0.3
    personal: bool = False
    can_encrypt: bool = False
    scratch: Path | None = None

    def prepare(self, task: Task) -> Command:
        """Nothing to write."""
        size = ("-l", "5400")  # and some 200 bytes of header
        many = ("-d", *(["-N"] if self.recipients else []), "-s", str(task.connections), "-m", str(task.messages))
        return Command(
            arguments=(postfix_program("smtp-source"), *many, *size, f"127.0.0.1:{task.port}"),
            environment=clean_environment(),
            folder=task.folder,
        )

    def fault(self, task: Task) -> str | None:
        """It leaves nothing to look at."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A sender from `peers/`: all take the same options and send to everybody in contacts.csv."""

    name: str
    best: int
    share: float
    distant_share: float
    start: tuple[str, ...]
    variables: tuple[tuple[str, str], ...] = ()
    personal: bool = True
    can_encrypt: bool = True
    scratch: Path | None = None

    def prepare(self, task: Task) -> Command:
        """Nothing to write."""
        where = ("--host", "127.0.0.1", "--port", str(task.port), "--connections", str(task.connections))
        security = ("--certificate", str(task.certificate)) if task.certificate else ()
        return Command(
            arguments=(*self.start, "--workload", str(task.workload), *where, *security),
            environment=clean_environment() | dict(self.variables),
            folder=task.folder,
        )

    def fault(self, task: Task) -> str | None:
        """It leaves nothing to look at."""
        return None


def smtplib_peer() -> Peer:
    """The plain Python sender."""
    start = (sys.executable, str(PEERS / "smtplib_sender.py"))
    return Peer(name="smtplib + EmailMessage", best=2, share=0.1, distant_share=0.3, start=start)


def go_peer(cache: Path) -> Peer | str:
    """Build the Go sender; a string says why it can't be had."""
    compiler = shutil.which("go")
    if compiler is None:
        return "go is not installed"
    program = cache / "go-sender"
    built = subprocess.run(
        (compiler, "build", "-buildvcs=false", "-o", str(program), "."),
        cwd=PEERS / "go",
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        return f"go build failed: {built.stderr.strip()[-200:]}"
    return Peer(name="Go, net/smtp", best=50, share=1.0, distant_share=0.3, start=(str(program),))


def nodemailer_peer(cache: Path) -> Peer | str:
    """Fetch nodemailer and Handlebars by npm, once; a string says why they can't be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return "node or npm is not installed"
    home = cache / "node"
    if not (home / "node_modules" / "handlebars").exists() or not (home / "node_modules" / "nodemailer").exists():
        home.mkdir(parents=True, exist_ok=True)
        fetched = subprocess.run(
            (npm, "install", "--no-audit", "--no-fund", "--prefix", str(home), "nodemailer", "handlebars"),
            capture_output=True,
            text=True,
            check=False,
        )
        if fetched.returncode:
            return f"npm install failed: {fetched.stderr.strip()[-200:]}"
    return Peer(
        name="nodemailer + Handlebars",
        best=32,
        share=0.2,
        distant_share=0.3,
        start=(node, str(PEERS / "nodemailer.cjs")),
        variables=(("NODE_PATH", str(home / "node_modules")),),
    )
