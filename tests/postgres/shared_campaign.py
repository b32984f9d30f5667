"""A small campaign whose ledger is in a database, and the commands that work for it, each on a machine of its own.

    with SharedCampaign(folder, cluster, "postgres", server, people=1000, smtp={}) as shared:
        owner = shared.send("owner", *machine.prefix)
        worker = shared.work("first", *other_machine.prefix)

A worker is given nothing but the database's address and the campaign's name; the secret is in its environment. What
each command says is in a file of its own. Whatever still runs at the end of the block is killed, and also where the
tests themselves are.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from campaign.ledger_place import DatabasePlace
from tests.campaigns import SmallCampaign
from tests.crashes.sender import Sender, start, wait_until
from tests.postgres.cluster import Cluster
from tests.postgres.judge import Judge
from tests.postgres.standing import AtWork, at_work
from tests.smtp_server import ServerProcess

NAME = "shared"
_ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL")
_EVERY = 0.1
"""Seconds between two looks into the database."""
_WAIT = "10m"
"""How long a worker waits for a run to begin: longer than any test takes."""


class SharedCampaign:
    """`database`: the name of one in the cluster. `smtp`: more settings of that section."""

    def __init__(
        self,
        folder: Path,
        cluster: Cluster,
        database: str,
        server: ServerProcess,
        *,
        people: int,
        smtp: Mapping[str, object],
    ) -> None:
        self.url = cluster.url(database)
        self.place = DatabasePlace(url=cluster.local_url(database), campaign=NAME)
        settings: dict[str, dict[str, object]] = {
            "smtp": {"host": server.host, "timeout": "20s", **smtp},
            "ledger": {"url": self.url},
        }
        self.files = SmallCampaign(folder / "campaign", settings, name=NAME).people(people)
        self.files.load(server.port)
        self.judge = Judge(self.files, self.place, server.record)
        self._logs = folder
        self._stack = ExitStack()

    def send(self, name: str, *prefix: str, processes: int | None = 1, more: Sequence[str] = ()) -> Sender:
        """Start `campaign send`; `processes`: of None, it is not told how many."""
        told = () if processes is None else ("--processes", str(processes))
        return self._start(name, prefix, "send", str(self.files.path), "--yes", *told, *more)

    def work(self, name: str, *prefix: str) -> Sender:
        """Start `campaign work`."""
        return self._start(name, prefix, *self.work_arguments(name))

    def work_arguments(self, name: str) -> tuple[str, ...]:
        """Give the arguments of `campaign work`."""
        return ("work", "--ledger", self.url, "--campaign", NAME, "--name", name, "--wait", _WAIT)

    def log(self, name: str) -> Path:
        """Give where a command's words go."""
        return self._logs / f"{name}.txt"

    def await_workers(self, number: int) -> list[AtWork]:
        """Wait until so many are at work."""

        def are_there() -> bool:
            time.sleep(_EVERY)  # each look is a connection
            return len(at_work(self.place)) >= number

        wait_until(are_there, otherwise=self.said)
        return at_work(self.place)

    def await_accepted(self, number: int, timeout: float = 120) -> None:
        """Wait until the server has accepted so many messages in all."""
        wait_until(lambda: self.judge.accepted() >= number, timeout, otherwise=self.said)

    def said(self) -> str:
        """Give the last words of every command."""
        logs = sorted(self._logs.glob("*.txt"))
        return "\n".join(f"== {log.stem}\n{log.read_text('utf-8', 'replace')[-1500:]}" for log in logs)

    def _start(self, name: str, prefix: Sequence[str], *arguments: str) -> Sender:
        sender = start(*arguments, log=self.log(name), prefix=(*prefix, *_ENDS_WITH_US))
        self._stack.callback(_end, sender)
        return sender

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            error.add_note(self.said())
        self._stack.close()


def _end(sender: Sender) -> None:
    if sender.processes():
        sender.kill()
