"""Workers placed by a real scheduler on real Dask workers: placed, placed again, cancelled, never closed by scaling."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from campaign.cluster import ClusterWorkers
from tests.cluster.dask_processes import ROOT, dask_processes, wait_for

pytestmark = pytest.mark.postgres


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """Where the fake workers say that they work, and that they have drained."""
    (tmp_path / "marks").mkdir()
    return tmp_path / "marks"


def workers(address: str, marks: Path, count: int, behaviour: str = "stay") -> ClusterWorkers:
    return ClusterWorkers(address, workers=count, words=(str(marks), behaviour), module="tests.cluster.fake_work")


class Watch:
    """Looks after them, as a run does, until something has come true."""

    def __init__(self, placed: ClusterWorkers, marks: Path) -> None:
        self._placed = placed
        self._marks = marks
        self.said: list[str] = []

    def at_work(self) -> dict[str, int]:
        """Name → process."""
        found = (path.name.split(".") for path in self._marks.iterdir() if "." in path.name)
        return {name: int(pid) for name, pid in found if pid.isdigit()}

    def drained(self) -> set[str]:
        return {path.stem for path in self._marks.glob("*.drained")}

    def until(self, true: Callable[[], bool]) -> None:
        def looked() -> bool:
            self.said += self._placed.look(self.at_work())
            return true()

        wait_for(looked)


def test_one_worker_a_thread_and_those_that_find_no_room_come_later(tmp_path: Path, marks: Path) -> None:
    with dask_processes(tmp_path) as dask:
        dask.scheduler().worker("a")
        with workers(dask.address, marks, 3) as placed:
            watch = Watch(placed, marks)
            watch.until(lambda: len(watch.at_work()) == 1)
            dask.worker("b", threads=2)
            watch.until(lambda: len(watch.at_work()) == 3)
            assert set(watch.at_work()) == {"cluster-1", "cluster-2", "cluster-3"}
            placed.close(patience=0)
            wait_for(lambda: watch.drained() == {"cluster-1", "cluster-2", "cluster-3"})
            assert not (marks / "told-twice").exists(), "cancelled, a worker drains: a second SIGTERM would stop it"


def test_a_worker_that_is_killed_is_placed_again(tmp_path: Path, marks: Path) -> None:
    with dask_processes(tmp_path) as dask:
        dask.scheduler().worker("a")
        with workers(dask.address, marks, 1) as placed:
            watch = Watch(placed, marks)
            watch.until(lambda: "cluster-1" in watch.at_work())
            first = watch.at_work()["cluster-1"]
            (marks / f"cluster-1.{first}").unlink()
            os.kill(first, signal.SIGKILL)
            watch.until(lambda: "cluster-1" in watch.at_work())
            assert watch.at_work()["cluster-1"] != first
            assert watch.said == ["worker cluster-1 was ended by signal 9; it is placed again in 5 seconds"]
            placed.close(patience=0)
            wait_for(lambda: watch.drained() == {"cluster-1"})


def test_a_machine_that_dies_has_its_worker_drained_and_another_has_it_run(tmp_path: Path, marks: Path) -> None:
    with dask_processes(tmp_path) as dask:
        machine = dask.scheduler().worker("a")
        with workers(dask.address, marks, 1) as placed:
            watch = Watch(placed, marks)
            watch.until(lambda: "cluster-1" in watch.at_work())
            machine.kill()
            wait_for(lambda: watch.drained() == {"cluster-1"})
            second = dask.worker("b")
            watch.until(lambda: "cluster-1" in watch.at_work())
            (marks / "cluster-1.drained").unlink()
            second.terminate()
            wait_for(lambda: watch.drained() == {"cluster-1"})
            dask.worker("c")
            watch.until(lambda: "cluster-1" in watch.at_work())
            assert not (marks / "told-twice").exists() and watch.said == []
            placed.close(patience=0)


def test_where_none_of_them_can_work_it_is_said_why(tmp_path: Path, marks: Path) -> None:
    class Hurried:
        """A clock on which every pause is over at once."""

        now = 0.0

        def __call__(self) -> float:
            self.now += 20
            return self.now

    with dask_processes(tmp_path) as dask:
        dask.scheduler().worker("a")
        words = (str(marks), "refuse")
        hurried = ClusterWorkers(
            dask.address, workers=1, words=words, module="tests.cluster.fake_work", clock=Hurried()
        )
        with hurried as placed:
            watch = Watch(placed, marks)
            watch.until(lambda: any("exit code 2" in words for words in watch.said))
            said = "worker cluster-1 ended with exit code 2, and had said: the link secret is another; set it"
            assert any(words.startswith(said) for words in watch.said)


def test_the_scheduler_need_not_have_the_package_and_a_machine_without_it_says_so(tmp_path: Path, marks: Path) -> None:
    """As if it were not installed there: what would be imported in its place can't be."""
    (tmp_path / "campaign.py").write_text("raise ImportError('no module named campaign')\n")
    with dask_processes(tmp_path, PYTHONPATH=str(tmp_path)) as dask:
        dask.scheduler().worker("a")
        with workers(dask.address, marks, 1) as placed:
            watch = Watch(placed, marks)
            watch.until(lambda: bool(watch.said))
    assert "campaign is not installed for" in watch.said[0] and sys.executable in watch.said[0]


def test_over_tls_with_dasks_own_configuration(tmp_path: Path, marks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "dask.pem")
    begins = "DASK_DISTRIBUTED__COMM__TLS__"
    environment = {f"{begins}CA_FILE": str(tmp_path / "ca.pem")} | {
        f"{begins}{role}__CERT": str(tmp_path / "dask.pem") for role in ("SCHEDULER", "WORKER", "CLIENT")
    }
    with dask_processes(tmp_path, **environment) as dask:
        dask.scheduler(protocol="tls").worker("a")
        code = (
            "import sys, time\n"
            "from pathlib import Path\n"
            "from campaign.cluster import ClusterWorkers\n"
            "marks = Path(sys.argv[2])\n"
            "words = (str(marks), 'stay')\n"
            "with ClusterWorkers(sys.argv[1], workers=1, words=words, module='tests.cluster.fake_work') as placed:\n"
            "    while not any(marks.iterdir()):\n"
            "        placed.look([])\n"
            "        time.sleep(0.05)\n"
            "    placed.close(patience=0)\n"
        )
        words = [sys.executable, "-c", code, dask.address, str(marks)]
        done = subprocess.run(
            words, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, capture_output=True, timeout=120
        )
        assert (done.returncode, done.stderr) == (0, b"")
        wait_for(lambda: [path.name for path in marks.iterdir()] == ["cluster-1.drained"])
        refused = subprocess.run(
            [*words[:3], dask.address.replace("tls", "tcp"), str(marks)],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert refused.returncode == 1 and "can't be reached" in refused.stderr


@contextlib.contextmanager
def scaling_cluster(machines: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """Gives its address, and what has it scale by itself from then on."""
    words = [sys.executable, "-m", "tests.cluster.adaptive_cluster", str(machines)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as cluster:
        assert cluster.stdin is not None and cluster.stdout is not None

        def adapt() -> None:
            assert cluster.stdin is not None
            print(file=cluster.stdin, flush=True)

        yield cluster.stdout.readline().strip(), adapt
        cluster.stdin.close()


def test_a_cluster_that_scales_by_itself_grows_for_them(marks: Path) -> None:
    with scaling_cluster(0) as (address, adapt), workers(address, marks, 3) as placed:
        watch = Watch(placed, marks)
        adapt()
        watch.until(lambda: len(watch.at_work()) == 3)
        placed.close(patience=0)
        wait_for(lambda: len(watch.drained()) == 3)


def test_a_cluster_that_scales_by_itself_closes_no_machine_that_has_one_of_them(marks: Path) -> None:
    """Two tasks would fit onto one machine, but each has one with two threads to itself."""
    from distributed import Client

    with (
        scaling_cluster(3) as (address, adapt),
        Client(address, set_as_default=False) as asking,
        workers(address, marks, 2) as placed,
    ):
        watch = Watch(placed, marks)
        watch.until(lambda: len(watch.at_work()) == 2)
        busy = {where for where, keys in asking.processing().items() if keys}
        assert len(busy) == 2, "Dask gives a task to the machine that has least to do"
        adapt()
        watch.until(lambda: set(asking.nthreads()) == busy)
        until = time.monotonic() + 2  # five looks of the scaling
        watch.until(lambda: time.monotonic() > until)
        assert set(asking.nthreads()) == busy and watch.drained() == set()
        placed.close(patience=0)
        wait_for(lambda: len(watch.drained()) == 2)


def test_a_try_on_this_machine_needs_no_cluster(marks: Path) -> None:
    """Its scheduler is on loopback, and wants a certificate that nobody else has."""
    with workers("local", marks, 2) as placed:
        watch = Watch(placed, marks)
        watch.until(lambda: len(watch.at_work()) == 2)
        assert placed._connection is not None
        assert placed._connection.client.scheduler.address.startswith("tls://127.0.0.1:")
        placed.close(patience=0)
    wait_for(lambda: watch.drained() == {"cluster-1", "cluster-2"})


def test_workers_go_on_when_whoever_placed_them_is_killed(tmp_path: Path, marks: Path) -> None:
    """They end with their run, as the ledger tells them; whoever takes the run over does not place them again."""
    with dask_processes(tmp_path) as dask:
        dask.scheduler().worker("a", threads=2)
        code = (
            "import sys, time\n"
            "from campaign.cluster import ClusterWorkers\n"
            "words = (sys.argv[2], 'stay')\n"
            "with ClusterWorkers(sys.argv[1], workers=1, words=words, module='tests.cluster.fake_work') as placed:\n"
            "    while True:\n"
            "        placed.look([])\n"
            "        time.sleep(0.05)\n"
        )
        owner = subprocess.Popen(
            [sys.executable, "-c", code, dask.address, str(marks)], env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        dask.all.append(owner)
        with workers(dask.address, marks, 1) as placed:
            watch = Watch(placed, marks)
            wait_for(lambda: len(watch.at_work()) == 1)
            first = watch.at_work()
            owner.kill()
            until = time.monotonic() + 2  # a scheduler notices at once that a client's connection is closed
            watch.until(lambda: time.monotonic() > until)
            assert watch.at_work() == first and placed._placed == {}
        os.kill(first["cluster-1"], signal.SIGTERM)
