"""What we call ourselves in EHLO: a full name if there is one, else the literal of our address (RFC 5321 4.1.4).

`ehlo_name` takes the address on our side of a connection; nothing is raised. Limits: a name that is one by form may
still not be known to others; `smtp.ehlo_name` says what is right where the machine can't know.
"""

import contextlib
import queue
import socket
import threading
from functools import cache
from ipaddress import ip_address

from campaign.host_names import is_full_host_name

_NOBODYS = ("localhost", "localdomain", "invalid")
"""Names under these say nothing: RFC 6761; localdomain is custom. (One under `internal` or `lan` stays: the relay of a
private network may well know it. So does one of several labels under `local`, as Windows domains have it; a single one
is what the machine calls itself on the local link, RFC 6762.)"""
_PATIENCE = 2.0
"""Seconds for the system's look-up, once a process."""


def is_full_name(name: str) -> bool:
    """Say whether a name can stand in EHLO, by its form: labels of letters, digits and hyphens, with dots between."""
    labels = name.lower().split(".")
    return is_full_host_name(name) and labels[-1] not in _NOBODYS and not (labels[-1] == "local" and len(labels) == 2)


def ehlo_name(local_address: str) -> str:
    """Give the name for a connection from this address.

    First the host's own name, then what the system's look-up makes of it (as `hostname -f` does, mostly from
    /etc/hosts), then the name of the address. That look-up may ask the DNS, which may not answer: it is made once a
    process, and waited for two seconds, not for each connection.
    """
    name = socket.gethostname()
    return name if is_full_name(name) else _looked_up(name, local_address) or _literal(local_address)


@cache
def _looked_up(host_name: str, local_address: str) -> str | None:
    found: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def look_up() -> None:
        found.put(next(filter(is_full_name, _names(host_name, local_address)), None))

    threading.Thread(target=look_up, name="ehlo-name", daemon=True).start()  # it can't be called off
    try:
        return found.get(timeout=_PATIENCE)
    except queue.Empty:
        return None


def _names(host_name: str, local_address: str) -> list[str]:
    names = []
    with contextlib.suppress(OSError, UnicodeError):
        names += [info[3] for info in socket.getaddrinfo(host_name, None, flags=socket.AI_CANONNAME)]
    with contextlib.suppress(OSError):
        names.append(socket.getnameinfo((local_address, 0), socket.NI_NAMEREQD)[0])
    return names


def _literal(address: str) -> str:
    """RFC 5321 section 4.1.3."""
    number = ip_address(address)
    mapped = number.ipv4_mapped if number.version == 6 else None
    return f"[{mapped}]" if mapped else f"[{'IPv6:' if number.version == 6 else ''}{number}]"
