"""Machines that are none: network namespaces of Linux, each with an address of its own, joined by a bridge.

    with network("database", "relay", "worker") as machines:
        run([*machines["worker"].prefix, "campaign", "work", …])
        machines["worker"].cut_off(machines["database"])

Files, and sockets that are files, they share with us. Nothing is made in the namespace of the tests' own process: a
machine lives as long as a process that ends with ours, however that ends, and its cables go with it.

A partition is silent, as real ones are: what is sent goes to an Ethernet address that nobody has. No connection is
reset, nothing is refused; both kernels send again and again until they give up or the way is there again.

Limits: it takes root, iproute2, and a kernel with veth and bridge; `network` skips the test elsewhere, and says why.
"""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest

NET = "10.77.0.0/24"
_FIRST = 11
_NOWHERE = "02:00:00:00:00:01"
"""A locally administered address (IEEE 802, the second bit of the first octet) that no machine here has."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One of them."""

    name: str
    address: str
    prefix: tuple[str, ...] = field(repr=False)
    """What a command begins with that is to run there. It becomes the command's own process: same pid, same group."""

    def cut_off(self, other: "Machine") -> None:
        """Lose everything that either of the two sends to the other."""
        self.lose_what_goes_to(other)
        other.lose_what_goes_to(self)

    def lose_what_goes_to(self, other: "Machine") -> None:
        """Lose what this one sends there; what comes from there still arrives."""
        _ip(self, "neigh", "replace", other.address, "lladdr", _NOWHERE, "dev", "eth0", "nud", "permanent")

    def heal(self, other: "Machine") -> None:
        """Let them reach each other again."""
        for here, there in ((self, other), (other, self)):
            # Deleted where it was never cut, it is an error, and none that matters.
            subprocess.run(
                [*here.prefix, "ip", "neigh", "del", there.address, "dev", "eth0"], capture_output=True, check=False
            )


@contextmanager
def network(*names: str) -> Iterator[Mapping[str, Machine]]:
    """Give machines by their names, all reachable from each other, until the block is left."""
    with ExitStack() as stack:
        try:
            hub = Machine("hub", "", _new_namespace(stack))
            _ip(hub, "link", "add", "bridge", "type", "bridge")
            _ip(hub, "link", "set", "bridge", "up")
            machines = {}
            for number, name in enumerate(names, start=_FIRST):
                machine = Machine(name, NET.replace("0/24", str(number)), _new_namespace(stack))
                machines[name] = machine
                cable = f"cable{number}"
                # Made by its name within, the other end is given to the machine by the process that holds it.
                _ip(hub, "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", machine.prefix[2])
                _ip(hub, "link", "set", cable, "master", "bridge", "up")
                _ip(machine, "addr", "add", f"{machine.address}/24", "dev", "eth0")
                _ip(machine, "link", "set", "eth0", "up")
                _ip(machine, "link", "set", "lo", "up")
        except FileNotFoundError as error:
            pytest.skip(f"no network namespaces: {error.filename} is not installed (Debian: iproute2, util-linux)")
        except _NotAllowedError as error:
            pytest.skip(f"no network namespaces here: {error}")
        yield machines


class _NotAllowedError(Exception):
    """Says what the system said."""


def _new_namespace(stack: ExitStack) -> tuple[str, ...]:
    """Give what a command begins with to run in a namespace of its own, which lives until the stack is left."""
    holder = stack.enter_context(
        subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo; exec cat"],  # it ends when its input does, and that with us
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    )
    assert holder.stdout is not None and holder.stderr is not None
    if not holder.stdout.readline():
        raise _NotAllowedError(holder.stderr.read().decode().strip())
    stack.callback(holder.kill)
    return ("nsenter", "--target", str(holder.pid), "--net")


def _ip(machine: Machine, *arguments: str) -> None:
    done = subprocess.run([*machine.prefix, "ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise _NotAllowedError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
