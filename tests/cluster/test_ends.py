"""How a worker ended, in words, by what has become of its task."""

from typing import Any

import pytest

from campaign import __version__
from campaign.cluster.ends import end_of
from campaign.cluster.slots import WorkerEnd


class Ended:
    """A future of Dask's that is no longer pending."""

    def __init__(self, status: str, *, result: object = None, error: Exception | None = None) -> None:
        self.status = status
        self._result = result
        self._error = error

    def result(self, timeout: float) -> object:
        if self._error is not None:
            raise self._error
        return self._result

    def exception(self) -> Exception | None:
        return self._error


class KilledWorker(Exception):  # noqa: N818  # its name in Dask
    pass


def finished(*result: object) -> WorkerEnd:
    return end_of(Ended("finished", result=result))


def test_a_worker_that_ended_in_order_is_no_trouble() -> None:
    assert finished("ended", 0, ["autumn: done"]).in_order


def test_an_error_is_told_with_what_to_do_about_it() -> None:
    lines = ["waiting", "error: the secret is another", "  where: CAMPAIGN_LINK__SECRET", "  to do: set it: all alike"]
    assert finished("ended", 2, lines) == WorkerEnd(
        what="ended with exit code 2", said="the secret is another", fix="set it: all alike"
    )


def test_without_one_it_is_what_was_printed_last() -> None:
    assert finished("ended", -9, ["one", " two "]) == WorkerEnd(what="was ended by signal 9", said="two")
    assert finished("ended", 3, []) == WorkerEnd(what="ended with exit code 3")


def test_a_machine_without_the_package_or_with_another_version_is_named() -> None:
    assert "not installed for /usr/bin/python3 there" in finished("no_package", 0, ["/usr/bin/python3"]).what
    assert f"has campaign 0.0.9, and this one has {__version__}" in finished("other_version", 0, ["0.0.9"]).what


def test_a_task_that_killed_its_machines_again_and_again_is_told_so() -> None:
    assert "machines that ran it died" in end_of(Ended("error", error=KilledWorker())).what


def test_what_dask_could_not_run_is_told_in_one_line() -> None:
    end = end_of(Ended("error", error=RuntimeError("no such code\nTraceback")))
    assert end.what == "could not be run: RuntimeError: no such code" and "same Python" in end.fix


@pytest.mark.parametrize("future", [Ended("cancelled"), Ended("lost"), Ended("finished", error=OSError("gone"))])
def test_what_the_cluster_has_lost_is_placed_again(future: Any) -> None:
    end = end_of(future)
    assert end.what.startswith("was lost by the cluster") and not end.in_order


def test_a_cluster_that_does_not_tell_is_asked_again() -> None:
    with pytest.raises(TimeoutError):
        end_of(Ended("finished", error=TimeoutError()))
