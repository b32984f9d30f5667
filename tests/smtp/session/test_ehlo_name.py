"""What we call ourselves: by its form a full name, or the literal of our address; and no look-up hangs a connection."""

import socket
import threading
import time

import pytest

from campaign.smtp.session import ehlo_name as module
from campaign.smtp.session.ehlo_name import ehlo_name, is_full_name


@pytest.mark.parametrize(
    "name",
    [
        "mailer.acme.example",
        "a.b",
        "xn--bcher-kva.example",
        "ip-10-0-0-5.ec2.internal",
        "srv.corp.local",
        "M1.Acme.Example",
    ],
)
def test_a_full_name(name: str) -> None:
    assert is_full_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "mailer", "localhost", "localhost.localdomain", "x.localhost", "macbook.local", "192.0.2.1", "1.2.3", "::1",
        "mail_er.acme.example", "-a.example", "a-.example", "a..example", ".example", "a.example.", "a b.example",
        "bücher.example", "a" * 64 + ".example", ".".join(["abc"] * 64), "nobody.invalid", "a.example\r\nQUIT",
    ],
)  # fmt: skip
def test_a_name_that_is_none(name: str) -> None:
    assert not is_full_name(name)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the system says: of the host's name, of its canonical name, and of any address."""
    told: dict[str, str] = {"host": "mailer", "canonical": "mailer", "address": ""}

    def canonical(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(2, 1, 6, told["canonical"], ("192.0.2.1", 0))]

    def name_of_address(*_: object) -> tuple[str, str]:
        if not told["address"]:
            raise socket.gaierror(socket.EAI_NONAME, "no name")
        return told["address"], "0"

    monkeypatch.setattr(socket, "gethostname", lambda: told["host"])
    monkeypatch.setattr(socket, "getaddrinfo", canonical)
    monkeypatch.setattr(socket, "getnameinfo", name_of_address)
    module._looked_up.cache_clear()
    return told


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"host": "mailer.acme.example", "canonical": "other.example"}, "mailer.acme.example"),
        ({"canonical": "mailer.acme.example", "address": "other.example"}, "mailer.acme.example"),
        (
            {"host": "localhost.localdomain", "canonical": "localhost", "address": "out.acme.example"},
            "out.acme.example",
        ),
        ({"host": "10.0.0.5", "canonical": "mail_er.acme.example"}, "[192.0.2.1]"),
        ({"address": "localhost"}, "[192.0.2.1]"),
        ({}, "[192.0.2.1]"),
    ],
)
def test_the_host_then_the_look_up_then_the_literal(
    system: dict[str, str], told: dict[str, str], expected: str
) -> None:
    system |= told
    assert ehlo_name("192.0.2.1") == expected


@pytest.mark.parametrize(
    ("address", "literal"),
    [("192.0.2.1", "[192.0.2.1]"), ("2001:db8::1", "[IPv6:2001:db8::1]"), ("::ffff:192.0.2.1", "[192.0.2.1]")],
)
def test_literals_are_those_of_rfc_5321(system: dict[str, str], address: str, literal: str) -> None:
    """Section 4.1.3."""
    assert ehlo_name(address) == literal


def test_a_dns_that_does_not_answer_is_waited_for_once(system: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    silence = threading.Event()
    asked = []

    def ask(*_: object, **__: object) -> None:
        asked.append(1)
        silence.wait()
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    monkeypatch.setattr(module, "_PATIENCE", 0.3)
    try:
        assert ehlo_name("192.0.2.9") == "[192.0.2.9]"
        started = time.monotonic()
        assert [ehlo_name("192.0.2.9") for _ in range(100)] == ["[192.0.2.9]"] * 100
        assert time.monotonic() - started < 0.3 * 100 and asked == [1]
    finally:
        silence.set()
        module._looked_up.cache_clear()
