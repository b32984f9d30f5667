"""Several [[smtp]]: who gets which share, what goes another way when one is out of order, nobody mailed twice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from campaign.model import Status
from campaign.run.plan import Resend
from campaign.run.summary import RunSummary
from tests.campaigns import SmallCampaign, assert_agreement
from tests.clocks import noon
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer, Tls, local_part

BACKOFF = 0.02
POLICY = b"550 5.7.1 Refused by policy\r\n"


def of_two(
    folder: Path,
    servers: Sequence[FaultServer],
    people: int,
    *,
    first: Mapping[str, object] = MappingProxyType({}),
    second: Mapping[str, object] = MappingProxyType({}),
    **settings: dict[str, object],
) -> SmallCampaign:
    """A campaign that goes through ses and own; `first` and `second` are what is set for each besides."""
    smtp: dict[str, object] = {"connections": 4, "timeout": "1m"}
    given: dict[str, dict[str, object]] = {"smtp": smtp | settings.pop("smtp", {}), "retry": {"first_wait": "10ms"}}
    given["window"] = {"timezone": noon()}  # some have a limit for the day
    campaign = SmallCampaign(folder / "c", given | settings).people(people)
    ses, own = servers
    campaign.servers = [{"name": "ses", "port": ses.port, **first}, {"name": "own", "port": own.port, **second}]
    return campaign


def accepted(servers: Sequence[FaultServer]) -> list[str]:
    return [message.recipients[0] for server in servers for message in server.accepted]


def send(campaign: SmallCampaign, servers: Sequence[FaultServer], **options: Any) -> RunSummary:
    """Send, and hold the results, with their servers, against what both have accepted."""
    ended = campaign.send(**{"backoff": BACKOFF} | options)
    hold(campaign, servers)
    return ended


def hold(campaign: SmallCampaign, servers: Sequence[FaultServer]) -> None:
    assert_agreement(campaign, accepted(servers))
    of_each = {name: {*accepted([server])} for name, server in zip(("ses", "own"), servers, strict=True)}
    for row in campaign.results():
        if row["status"] == "sent":
            assert row["email"] in of_each[row["server"]], row


def test_each_takes_what_it_can_where_no_weight_is_set(tmp_path: Path, smtp_server: StartServer) -> None:
    servers = smtp_server(), smtp_server(CATALOGUE["body_slow"](delay=0.02))
    assert send(of_two(tmp_path, servers, 300), servers).counts[Status.SENT] == 300
    quick, slow = (len(server.accepted) for server in servers)
    assert quick > slow > 0


@pytest.mark.parametrize(("weights", "wanted"), [((1, 1), 500), ((3, 1), 750), ((9, None), 900)])
@pytest.mark.parametrize("processes", [1, 2])
def test_weights_are_kept_within_a_tenth(
    tmp_path: Path, smtp_server: StartServer, weights: tuple[int, int | None], wanted: int, processes: int
) -> None:
    """Also where one of them is the slower one."""
    servers = smtp_server(CATALOGUE["body_slow"](delay=0.002)), smtp_server()
    heavy, light = ({} if weight is None else {"weight": weight} for weight in weights)
    campaign = of_two(tmp_path, servers, 1000, first=heavy, second=light)
    send(campaign, servers, processes=processes)
    assert Counter(row["status"] for row in campaign.results()) == {"sent": 1000}
    first, second = (len(server.accepted) for server in servers)
    assert abs(first - wanted) <= wanted / 10 and abs(second - (1000 - wanted)) <= (1000 - wanted) / 10


def test_a_lower_priority_waits_while_a_higher_one_takes_mail(tmp_path: Path, smtp_server: StartServer) -> None:
    servers = smtp_server(), smtp_server()
    campaign = of_two(tmp_path, servers, 200, first={"priority": 2}, second={"priority": 1})
    send(campaign, servers)
    assert [len(server.accepted) for server in servers] == [0, 200]
    assert not servers[0].connections


OUT_OF_ORDER = {
    "refuses our sender": (CATALOGUE["mail_5xx"](), "the server refuses our sender at MAIL"),
    "refuses the session": (CATALOGUE["connect_5xx"](), "No service for you"),
    "hangs up": (CATALOGUE["connect_cut"](), "hung up"),
    "has a policy": (CATALOGUE["rcpt_5xx"](reply=POLICY), "20 failures in a row"),
    "has no quota left": (CATALOGUE["rcpt_5xx"](reply=b"550 5.4.5 Daily quota exceeded\r\n"), "quota"),
    "dies at each body": (CATALOGUE["data_cut"](), "hung up"),
}


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(("fault", "why"), OUT_OF_ORDER.values(), ids=OUT_OF_ORDER)
@pytest.mark.parametrize("priority", [1, 2])
def test_what_one_does_not_take_goes_through_the_other(
    tmp_path: Path, smtp_server: StartServer, fault: object, why: str, pipelining: bool, priority: int
) -> None:
    """Nobody is marked for it, and it is said once."""
    servers = smtp_server(fault, pipelining=pipelining), smtp_server(pipelining=pipelining)
    campaign = of_two(tmp_path, servers, 200, second={"priority": priority})
    ended = send(campaign, servers)
    assert ended.counts[Status.SENT] == 200 and ended.exit_code == 0, ended.trouble
    assert {row["server"] for row in campaign.results()} == {"own"}
    (said,) = [words for words in campaign.observer.notices if words.startswith("ses is out: ")]
    assert why in said and "; its share goes through own" in said


def test_a_refused_sign_in_takes_out_one_server_only(tmp_path: Path, smtp_server: StartServer) -> None:
    """The other takes nothing until that is known, lest it has had everybody by then."""
    wants = smtp_server(tls=Tls.GOOD, implicit_tls=True, logins={"us": "another"})
    (tmp_path / "ca.pem").write_bytes(wants.ca_pem)
    slow = CATALOGUE["body_slow"](delay=0.0, until=lambda: bool(campaign.observer.notices))
    servers = wants, smtp_server(slow)
    first: dict[str, object] = {"username": "us", "security": "tls", "ca_file": str(tmp_path / "ca.pem")}
    campaign: SmallCampaign = of_two(tmp_path, servers, 50, first=first, second={"security": "none"})
    assert send(campaign, servers).counts[Status.SENT] == 50
    assert any(words.startswith("ses is out: ") and "535" in words for words in campaign.observer.notices)


def test_a_small_run_that_one_server_refuses_alike_goes_through_the_other(
    tmp_path: Path, smtp_server: StartServer
) -> None:
    """Too few to stop for: it is seen at the end."""
    servers = smtp_server(CATALOGUE["rcpt_5xx"](reply=POLICY)), smtp_server()
    campaign = of_two(tmp_path, servers, 20, first={"weight": 1}, second={"weight": 1})
    assert send(campaign, servers).counts[Status.SENT] == 20
    assert any("refused alike" in words for words in campaign.observer.notices)


def test_an_unknown_mailbox_is_refused_for_good_by_whichever_server(tmp_path: Path, smtp_server: StartServer) -> None:
    unknown = CATALOGUE["rcpt_5xx"](match=local_part("p7"))
    servers = smtp_server(unknown), smtp_server(unknown)
    campaign = of_two(tmp_path, servers, 40)
    assert send(campaign, servers).counts == {
        status: {Status.SENT: 39, Status.REJECTED: 1}.get(status, 0) for status in Status
    }
    (refused,) = [row for row in campaign.results() if row["status"] == "rejected"]
    assert refused["server"] in ("ses", "own") and refused["attempts"] == "1"


def test_a_row_that_one_defers_may_go_through_the_other_and_its_tries_count_over_both(
    tmp_path: Path, smtp_server: StartServer
) -> None:
    busy = CATALOGUE["rcpt_4xx"](match=local_part("p3"))
    servers = smtp_server(busy), smtp_server(busy)
    campaign = of_two(tmp_path, servers, 20, first={"weight": 1}, second={"weight": 1})
    campaign.settings["retry"]["tries"] = 4
    ended = send(campaign, servers)
    assert ended.counts[Status.FAILED] == 1 and ended.counts[Status.SENT] == 19
    (failed,) = [row for row in campaign.results() if row["status"] == "failed"]
    assert failed["attempts"] == "4"


@pytest.mark.parametrize("pipelining", [True, False])
def test_what_was_under_way_at_a_server_that_dies_goes_again_and_what_is_in_doubt_never(
    tmp_path: Path, smtp_server: StartServer, pipelining: bool
) -> None:
    """It takes fifty messages; the body of each that follows leaves, and there is no reply any more."""
    dies = CATALOGUE["body_accepted_cut"](match=lambda now: now.message > 10)
    servers = smtp_server(dies, pipelining=pipelining), smtp_server(pipelining=pipelining)
    campaign = of_two(tmp_path, servers, 300, retry={"first_wait": "10ms", "stop_after": 3})
    ended = send(campaign, servers)
    doubts = [row["email"] for row in campaign.results() if row["status"] == "in_doubt"]
    assert ended.counts[Status.SENT] + len(doubts) == 300 and doubts
    times = Counter(accepted(servers))
    assert max(times.values()) == 1
    assert not {*doubts} & {*accepted(servers[1:])}
    assert all(row["server"] == "ses" for row in campaign.results() if row["status"] == "in_doubt")


def test_a_server_that_hangs_delays_no_other_mail(tmp_path: Path, smtp_server: StartServer) -> None:
    """What it was given and has not taken goes another way, long before its timeout."""
    hangs = CATALOGUE["rcpt_hang"](match=lambda now: now.message > 1)
    servers = smtp_server(hangs), smtp_server()
    campaign = of_two(tmp_path, servers, 200, smtp={"timeout": "10m"})
    assert send(campaign, servers).counts[Status.SENT] == 200
    assert any("ses is out: it has taken nothing for" in words for words in campaign.observer.notices)


def test_a_server_that_throttles_for_long_is_passed_over_and_what_it_says_is_told(
    tmp_path: Path, smtp_server: StartServer
) -> None:
    slow = CATALOGUE["mail_throttle"](above_rate=0.0)
    servers = smtp_server(slow), smtp_server()
    campaign = of_two(tmp_path, servers, 60, second={"priority": 2})
    assert send(campaign, servers, backoff=0.005).counts[Status.SENT] == 60
    assert len(servers[1].accepted) >= 59  # the first message is within any rate
    (out,) = [words for words in campaign.observer.notices if words.startswith("ses is out")]
    assert "at MAIL: " in out and "its share goes through own" in out


def test_a_server_that_is_well_again_comes_back(tmp_path: Path, smtp_server: StartServer) -> None:
    """The other is slow enough that there is time for it."""
    servers = smtp_server(CATALOGUE["mail_5xx"](times=1)), smtp_server(CATALOGUE["body_slow"](delay=0.02))
    campaign = of_two(tmp_path, servers, 400)
    assert send(campaign, servers, backoff=0.005).counts[Status.SENT] == 400
    assert "ses takes mail again" in campaign.observer.notices
    assert servers[0].accepted


def test_the_run_stops_where_no_server_is_left(tmp_path: Path, smtp_server: StartServer) -> None:
    """With the first one's reason; nobody is marked."""
    servers = smtp_server(CATALOGUE["mail_5xx"]()), smtp_server(CATALOGUE["rcpt_5xx"](reply=POLICY))
    campaign = of_two(tmp_path, servers, 100)
    ended = send(campaign, servers)
    assert ended.counts[Status.PENDING] == 100 and ended.exit_code == 3
    assert ended.trouble is not None and ended.trouble.reason == "sender_refused"
    assert ended.trouble.what.startswith("no server is left: ses: the server refuses our sender")
    assert "; own: 20 failures in a row" in ended.trouble.what


@pytest.mark.parametrize("processes", [1, 2])
def test_a_server_has_no_more_than_its_messages_of_the_day(
    tmp_path: Path, smtp_server: StartServer, processes: int
) -> None:
    servers = smtp_server(), smtp_server()
    campaign = of_two(tmp_path, servers, 300, first={"daily_limit": 70}, second={"priority": 2})
    assert send(campaign, servers, processes=processes).counts[Status.SENT] == 300
    assert [len(server.accepted) for server in servers] == [70, 230]
    assert "ses has had its 70 messages of the day; its share goes through own until tomorrow" in (
        campaign.observer.notices
    )


def test_rows_wait_for_tomorrow_where_every_server_has_had_its_day(tmp_path: Path, smtp_server: StartServer) -> None:
    servers = smtp_server(), smtp_server()
    limits: dict[str, object] = {"daily_limit": 20}
    campaign = of_two(tmp_path, servers, 100, first=limits, second=limits)
    assert send(campaign, servers, wait=False).counts[Status.PENDING] == 60
    assert [len(server.accepted) for server in servers] == [20, 20]


def test_each_server_keeps_its_own_rate(tmp_path: Path, smtp_server: StartServer) -> None:
    servers = smtp_server(), smtp_server()
    campaign = of_two(tmp_path, servers, 120, first={"rate": 20})
    ended = send(campaign, servers)
    assert ended.counts[Status.SENT] == 120
    assert len(servers[0].accepted) <= 20 * (int(ended.seconds) + 1)
    assert len(servers[1].accepted) > 60


def test_a_message_that_one_server_finds_too_large_goes_through_the_other(
    tmp_path: Path, smtp_server: StartServer
) -> None:
    servers = smtp_server(size=3000), smtp_server()
    campaign = of_two(tmp_path, servers, 0, second={"priority": 2})
    campaign.contacts([(f"p{number}@people.example", "x" * (4000 if number % 3 else 1)) for number in range(30)])
    assert send(campaign, servers).counts[Status.SENT] == 30
    assert [len(server.accepted) for server in servers] == [10, 20]


def test_rows_that_only_a_server_without_messages_left_could_take_stay_pending(
    tmp_path: Path, smtp_server: StartServer
) -> None:
    servers = smtp_server(size=3000), smtp_server()
    campaign = of_two(tmp_path, servers, 0, second={"priority": 2, "daily_limit": 3})
    campaign.contacts([(f"p{number}@people.example", "x" * (4000 if number % 2 else 1)) for number in range(20)])
    ended = send(campaign, servers, wait=False)
    assert (ended.counts[Status.SENT], ended.counts[Status.PENDING]) == (13, 7)


def test_one_that_is_too_large_for_all_is_rejected(tmp_path: Path, smtp_server: StartServer) -> None:
    servers = smtp_server(size=3000), smtp_server(size=3500)
    campaign = of_two(tmp_path, servers, 0)
    campaign.contacts([(f"p{number}@people.example", "x" * (4000 if number == 3 else 1)) for number in range(10)])
    ended = send(campaign, servers)
    assert (ended.counts[Status.SENT], ended.counts[Status.REJECTED]) == (9, 1)


def test_an_address_beyond_ascii_goes_through_the_server_that_takes_it(
    tmp_path: Path, smtp_server: StartServer
) -> None:
    servers = smtp_server(smtputf8=False), smtp_server(smtputf8=True, allow_defects=True)
    campaign = of_two(tmp_path, servers, 0, second={"priority": 2})
    campaign.contacts([("jürgen@people.example", "J"), ("anna@people.example", "A")])
    assert send(campaign, servers).counts[Status.SENT] == 2
    assert {row["name"]: row["server"] for row in campaign.results()} == {"J": "own", "A": "ses"}


def test_results_with_servers_can_be_sent_again_and_so_can_those_without(
    tmp_path: Path, smtp_server: StartServer
) -> None:
    busy = CATALOGUE["rcpt_4xx"](match=lambda now: now.addresses[0].startswith(("p3@", "p4@")))
    servers = smtp_server(busy), smtp_server(busy)
    campaign = of_two(tmp_path, servers, 10, retry={"first_wait": "10ms", "tries": 1})
    send(campaign, servers)
    results = campaign.folder / "small-results.csv"
    assert results.read_text().splitlines()[0].endswith(",link_fingerprint,server")
    assert Counter(row["status"] for row in campaign.results()) == {"sent": 8, "failed": 2}

    healthy = smtp_server()
    campaign.servers = []  # the same campaign, with one server now
    kept = campaign.folder / "kept.csv"
    kept.write_bytes(results.read_bytes())
    campaign.resend(healthy.port, resend=Resend(source=kept), backoff=BACKOFF)
    assert {row["status"] for row in campaign.results()} == {"sent"}
    assert "server" not in campaign.results()[0]
    assert len(healthy.accepted) == 2


@pytest.mark.parametrize("priority", [1, 2])
def test_the_run_stops_where_one_is_out_of_order_and_the_other_has_had_its_day(
    tmp_path: Path, smtp_server: StartServer, priority: int
) -> None:
    """There is nothing that it could wait for."""
    servers = smtp_server(CATALOGUE["mail_5xx"]()), smtp_server()
    campaign = of_two(tmp_path, servers, 60, first={"priority": priority}, second={"daily_limit": 20})
    ended = send(campaign, servers, wait=False)
    assert (ended.counts[Status.SENT], ended.counts[Status.PENDING]) == (20, 40)
    assert ended.trouble is not None and ended.trouble.reason == "sender_refused"
    assert "own: its messages of the day are gone" in ended.trouble.what


def test_what_one_can_not_take_goes_past_a_server_without_messages_left(
    tmp_path: Path, smtp_server: StartServer
) -> None:
    """To the next that can take it."""
    servers = smtp_server(size=3000), smtp_server(), smtp_server()
    campaign = of_two(tmp_path, servers[:2], 0, second={"priority": 2, "daily_limit": 3})
    campaign.servers.append({"name": "third", "port": servers[2].port, "priority": 3})
    campaign.contacts([(f"p{number}@people.example", "x" * (4000 if number % 2 else 1)) for number in range(20)])
    ended = campaign.send(backoff=BACKOFF, wait=False)
    assert_agreement(campaign, accepted(servers))
    assert ended.counts[Status.SENT] == 20, ended.trouble
    assert [len(server.accepted) for server in servers] == [10, 3, 7]
