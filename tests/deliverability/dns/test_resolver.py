"""The resolver: what a name server does, and what is made of it. What was not answered is never taken for absent."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import dns.asyncresolver
import dns.resolver
import pytest

from campaign.deliverability.dns.resolver import Answer, Kind, NameServer, NoNameServerError, Outcome, Resolver
from tests.dns_server import Misbehaviour, Zone
from tests.smtp_server.server import HOST


def asked(server: NameServer, *questions: tuple[str, Kind]) -> list[Answer]:
    async def ask() -> list[Answer]:
        resolver = Resolver(server)
        return list(await asyncio.gather(*(resolver.ask(*question) for question in questions)))

    return asyncio.run(ask())


def test_each_type_comes_as_plain_text(zone: Zone) -> None:
    zone.txt("acme.se", "v=spf1 -all").mx("acme.se", "MX1.acme.se", "mx2.acme.se")
    zone.address("acme.se", "192.0.2.1", "2001:db8::1")
    txt, mx, four, six = asked(zone.server(), *((("acme.se", kind)) for kind in ("TXT", "MX", "A", "AAAA")))
    assert txt.values == ("v=spf1 -all",)
    assert mx.values == ("mx1.acme.se", "mx2.acme.se")
    assert (four.values, six.values) == (("192.0.2.1",), ("2001:db8::1",))


def test_a_null_mx_is_a_dot(zone: Zone) -> None:
    (answer,) = asked(zone.mx("acme.se", ".").server(), ("acme.se", "MX"))
    assert answer.values == (".",)


@pytest.mark.parametrize("pieces", [255, 60, 1])
def test_strings_of_a_long_txt_are_joined_with_nothing_between(zone: Zone, pieces: int) -> None:
    text = "v=DKIM1; p=" + "0123456789abcdef" * 40
    (answer,) = asked(zone.txt("k._domainkey.acme.se", text, pieces=pieces).server(), ("k._domainkey.acme.se", "TXT"))
    assert answer.values == (text,)


def test_what_is_no_text_in_a_txt_is_shown_as_such(zone: Zone) -> None:
    zone.txt("acme.se", "v=spf1 a:ä.se").txt("k.acme.se", "Ä", pieces=1).records["k.acme.se", "TXT"][0].data[1] = (
        b"\xff"
    )
    whole, broken = asked(zone.server(), ("acme.se", "TXT"), ("k.acme.se", "TXT"))
    assert whole.values == ("v=spf1 a:ä.se",)
    assert broken.values == ("\ufffd\ufffd",)


def test_a_name_without_the_record_and_no_name_are_told_apart(zone: Zone) -> None:
    zone.txt("acme.se", "something")
    empty, missing = asked(zone.server(), ("acme.se", "MX"), ("nobody.se", "MX"))
    assert (empty.outcome, missing.outcome) == (Outcome.NO_RECORD, Outcome.NO_NAME)
    assert empty.void and missing.void


def test_an_alias_is_followed(zone: Zone) -> None:
    zone.cname("s1._domainkey.acme.se", "s1.relay.net").txt("s1.relay.net", "p=AAAA").cname("x.acme.se", "gone.net")
    found, dangling = asked(zone.server(), ("s1._domainkey.acme.se", "TXT"), ("x.acme.se", "TXT"))
    assert found.values == ("p=AAAA",)
    assert dangling.outcome is Outcome.NO_NAME


def test_a_truncated_answer_is_fetched_by_tcp(zone: Zone) -> None:
    zone.txt("acme.se", "x" * 3000).wrong["acme.se"] = "truncated"
    (answer,) = asked(zone.server(), ("acme.se", "TXT"))
    assert answer.values == ("x" * 3000,)
    assert zone.asked["acme.se", "TXT", "udp"] == zone.asked["acme.se", "TXT", "tcp"] == 1


@pytest.mark.parametrize(
    ("wrong", "words"), [("SERVFAIL", "says SERVFAIL"), ("REFUSED", "says REFUSED"), ("silent", "no answer within")]
)
def test_what_fails_says_nothing_of_the_record(zone: Zone, wrong: Misbehaviour, words: str) -> None:
    zone.txt("acme.se", "v=spf1 -all").wrong["acme.se"] = wrong
    (answer,) = asked(zone.server(each=0.2), ("acme.se", "TXT"))
    assert answer.unanswered and not answer.void
    assert words in answer.why


def test_a_port_where_nobody_listens_is_no_answer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    (answer,) = asked(NameServer(address=HOST, port=port, each=0.3), ("acme.se", "TXT"))
    assert answer.unanswered


def test_a_question_is_asked_once_however_often_it_comes_up(zone: Zone) -> None:
    zone.txt("acme.se", "v=spf1 -all")
    first, second, third = asked(zone.server(), ("acme.se", "TXT"), ("ACME.se", "TXT"), ("acme.se.", "TXT"))
    assert first == second == third
    assert zone.asked.total() == 1


def test_after_the_deadline_nothing_is_asked(zone: Zone) -> None:
    (answer,) = asked(zone.txt("acme.se", "x").server(whole=0), ("acme.se", "TXT"))
    assert answer.unanswered
    assert not zone.asked


def test_the_deadline_cuts_a_question_short(zone: Zone) -> None:
    zone.wrong[""] = "silent"
    answers = asked(zone.server(each=60, whole=0.3), *((f"n{number}.se", "TXT") for number in range(30)))
    assert all(answer.unanswered for answer in answers)


@pytest.mark.parametrize("name", ["a..b.se", "x" * 64 + ".se", "." * 3, ".".join(["label"] * 60)])
def test_what_can_be_no_name_is_none(zone: Zone, name: str) -> None:
    (answer,) = asked(zone.server(), (name, "TXT"))
    assert answer.outcome is Outcome.NO_NAME
    assert not zone.asked


def test_a_machine_without_a_name_server_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unconfigured(*_: object, **__: object) -> Callable[[], Awaitable[None]]:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.asyncresolver, "Resolver", unconfigured)
    with pytest.raises(NoNameServerError):
        asked(NameServer(), ("acme.se", "TXT"))
