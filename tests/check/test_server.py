"""`check` asks every server, and each finding says which."""

from pathlib import Path

import pytest

from campaign.check.findings import Findings, Quiet
from campaign.check.server import server
from campaign.check.setup import Known
from campaign.deliverability.finding import Finding, Severity
from tests.campaigns import SmallCampaign
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE


def test_every_server_is_asked_and_what_is_wrong_with_one_hides_nothing_of_the_other(
    tmp_path: Path, smtp_server: StartServer
) -> None:
    healthy, refusing = smtp_server(), smtp_server(CATALOGUE["mail_5xx"]())
    campaign = SmallCampaign(tmp_path / "c").people(1)
    campaign.servers = [
        {"name": "ses", "port": refusing.port},
        {"name": "own", "port": healthy.port},
        {"name": "third", "port": healthy.port, "username": "us"},
    ]
    found = Findings(Quiet())
    server(campaign.load(25), Known(), found)
    wrong = [one for one in found.found if one.severity is Severity.WRONG]
    assert [one.rule for one in wrong] == ["sender_refused"] and "127.0.0.1 of ses" in wrong[0].where
    assert [one.what.partition(": ")[0] for one in found.found if one.rule == "server"] == ["ses", "own"]
    assert sum(one.what.startswith("own: ") for one in found.found if one.rule == "envelope") == 2
    assert [one.what for one in found.found if one.rule == "server_not_asked"] == [
        "third: the server was not asked: the password is missing"
    ]
    assert not healthy.accepted


def test_the_only_server_needs_no_name_in_what_is_found(tmp_path: Path, smtp_server: StartServer) -> None:
    found = Findings(Quiet())
    server(SmallCampaign(tmp_path / "c").people(1).load(smtp_server().port), Known(), found)
    assert found.found[0].what.startswith("127.0.0.1 answers; it offers ")


def test_a_server_that_refuses_what_it_offers_is_told_of_and_one_that_takes_it_is_not(
    tmp_path: Path, smtp_server: StartServer
) -> None:
    for number, refusal in enumerate((None, b"555 5.5.4 Unsupported\r\n")):
        campaign = SmallCampaign(tmp_path / str(number), {"bounces": {"verp": True}}).people(1)
        found = Findings(Quiet())
        listening = smtp_server(dsn=True, dsn_refusal=refusal)
        server(campaign.load(listening.port), Known(), found)
        assert "DSN" in found.found[0].what
        assert [one.severity for one in found.found if one.rule == "dsn_refused"] == [Severity.NOTE] * number
        assert next(one for one in found.found if one.rule == "envelope").what.startswith("MAIL FROM:<hello+"), (
            "the return path that messages have"
        )


@pytest.mark.parametrize(
    ("offered", "fault", "why"),
    [
        (False, None, "the server does not offer CHUNKING"),
        (True, "body_chunk_spilled", "the server does not throw away"),
        (True, None, ""),
    ],
)
def test_whether_several_messages_can_be_in_flight_is_asked_where_it_is_wanted(
    tmp_path: Path, smtp_server: StartServer, offered: bool, fault: str | None, why: str
) -> None:
    listening = smtp_server(*([CATALOGUE[fault]()] if fault else []), chunking=offered)
    campaign = SmallCampaign(tmp_path / "c", {"smtp": {"in_flight": 8}}).people(1)
    found, known = Findings(Quiet()), Known()
    server(campaign.load(listening.port), known, found)
    assert [one.what.partition(": ")[0].partition(", and ")[2][: len(why)] for one in _unused(found)] == [why] * bool(
        why
    )
    assert known.paces["127.0.0.1"].in_flight == (1 if why else 8)
    assert not listening.accepted


def _unused(found: Findings) -> list[Finding]:
    return [one for one in found.found if one.rule == "in_flight_unused"]
