"""The machines that the tests of partitions rest on: they reach each other, and do not when they are told so."""

import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from tests.postgres.machines import Machine, network

pytestmark = pytest.mark.postgres

_CLOSED_PORT = 9
_KNOCK = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=0.3).close()
except OSError as error:
    print(type(error).__name__)
"""


@pytest.fixture(scope="module")
def machines() -> Iterator[Mapping[str, Machine]]:
    with network("one", "other", "third") as made:
        yield made


def knock(here: Machine, there: Machine) -> str:
    """What comes of a connection to a port where nobody listens: whoever is there refuses it."""
    command = [*here.prefix, sys.executable, "-c", _KNOCK, there.address, str(_CLOSED_PORT)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_machine_that_is_cut_off_from_another_hears_nothing_and_reaches_the_rest(
    machines: Mapping[str, Machine],
) -> None:
    one, other, third = machines.values()
    assert knock(one, other) == knock(other, one) == "ConnectionRefusedError"
    one.cut_off(other)
    assert knock(one, other) == knock(other, one) == "TimeoutError"
    assert knock(one, third) == knock(third, other) == "ConnectionRefusedError"
    one.heal(other)
    assert knock(one, other) == knock(other, one) == "ConnectionRefusedError"


def test_one_direction_alone_can_be_lost(machines: Mapping[str, Machine]) -> None:
    one, other, _ = machines.values()
    sent = _sent_packets(one)
    other.lose_what_goes_to(one)
    try:
        assert knock(one, other) == "TimeoutError"
        assert _sent_packets(one) > sent
    finally:
        other.heal(one)
    assert knock(one, other) == "ConnectionRefusedError"


def test_nothing_of_it_is_in_the_namespace_of_the_tests_own_process(machines: Mapping[str, Machine]) -> None:
    del machines
    links = subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True).stdout
    assert "bridge" not in links and "cable" not in links


def _sent_packets(machine: Machine) -> int:
    lines = subprocess.run([*machine.prefix, "cat", "/proc/net/dev"], capture_output=True, text=True, check=True).stdout
    return int(next(line for line in lines.splitlines() if "eth0" in line).split(":")[1].split()[9])
