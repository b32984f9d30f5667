"""A campaign's name is its identity: whatever becomes of contacts, template, window and server between its runs, nobody
is mailed twice, nobody who could be mailed is forgotten, and every row of the file has its word.
"""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import LedgerError
from campaign.model import Status
from campaign.run.plan import Resend
from tests.campaigns import SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer, local_part

_BACKOFF = 0.002
NAMES = ["ann", "bob", "cid", "dan", "eve", "fay", "bad"]
TROUBLES = [
    "rcpt_4xx",
    "rcpt_5xx",
    "body_4xx",
    "body_cut",
    "body_accepted_cut",
    "rcpt_greylist",
    "data_4xx",
    "rcpt_cut",
]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a campaign, and the file that it finds."""

    contacts: tuple[str, ...]
    resend: bool
    include: tuple[Status, ...]
    from_results: bool
    trouble: tuple[tuple[str, str], ...]
    limit: int | None
    suppressed: tuple[str, ...]


RUNS = st.builds(
    Run,
    contacts=st.lists(st.sampled_from(NAMES), min_size=1, max_size=8).map(tuple),
    resend=st.booleans(),
    include=st.lists(st.sampled_from([Status.REJECTED]), unique=True).map(tuple),
    from_results=st.booleans(),
    trouble=st.lists(st.tuples(st.sampled_from(TROUBLES), st.sampled_from(NAMES)), max_size=2).map(tuple),
    limit=st.none() | st.integers(1, 4),
    suppressed=st.lists(st.sampled_from(NAMES), max_size=1).map(tuple),
)


def address(name: str) -> str:
    return "bad@" if name == "bad" else f"{name}@x.example"


_HISTORIES = given(history=st.lists(RUNS, min_size=2, max_size=5))


@settings(max_examples=12)
@_HISTORIES
def test_nobody_twice_and_nobody_forgotten_through_any_history(history: list[Run]) -> None:
    _live_through(history)


@pytest.mark.siege
@settings(max_examples=80)
@_HISTORIES
def test_siege_of_histories(history: list[Run]) -> None:
    _live_through(history)


def _live_through(history: list[Run]) -> None:
    accepted: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        campaign = SmallCampaign(
            Path(folder) / "c",
            settings={
                "contacts": {"suppress": ["gone.csv"]},
                "smtp": {"connections": 2, "timeout": "1m"},
                "retry": {"tries": 2, "first_wait": "1ms", "longest_wait": "2ms"},
            },
        )
        for run in history:
            _run(campaign, run, accepted)
            counts = assert_agreement(campaign, [one for one in accepted if _local(one) in run.contacts])
            assert not {one for one, times in Counter(accepted).items() if times > 1}
            assert [row["email"] for row in campaign.results()] == [address(name) for name in run.contacts]
            assert counts["invalid"] == run.contacts.count("bad")
            if run.limit is None and not run.trouble and not run.resend:
                assert not counts["pending"]


def _local(one: str) -> str:
    return one.partition("@")[0]


def _run(campaign: SmallCampaign, run: Run, accepted: list[str]) -> None:
    """One run. `accepted` is what all servers have accepted so far."""
    (campaign.folder / "gone.csv").write_text(
        "email\n" + "".join(f"{address(one)}\n" for one in run.suppressed if one != "bad")
    )
    campaign.contacts([(address(name), f"row {number}") for number, name in enumerate(run.contacts)])
    results = campaign.folder / f"{campaign.name}-results.csv"
    misbehaviours = [CATALOGUE[what](match=local_part(name)) for what, name in run.trouble]
    with FaultServer(*misbehaviours) as server:
        if run.resend and campaign.ledger.exists():
            source = results if run.from_results and _same_contacts(campaign, run) else None
            campaign.resend(
                server.port, resend=Resend(include=run.include, source=source), limit=run.limit, backoff=_BACKOFF
            )
        else:
            campaign.send(server.port, limit=run.limit, backoff=_BACKOFF)
        accepted += [one.recipients[0] for one in server.accepted]


def _same_contacts(campaign: SmallCampaign, run: Run) -> bool:
    """Whether the results are of the file as it is now: an older one may name people who are in it no more."""
    return [row["email"] for row in campaign.results()] == [address(name) for name in run.contacts]


def test_a_changed_template_and_window_go_on(tmp_path: Path, smtp_server: StartServer) -> None:
    campaign = SmallCampaign(tmp_path / "c").people(6)
    first, second = smtp_server(), smtp_server()
    campaign.send(first.port, limit=3)
    (campaign.folder / "template" / "subject.txt").write_text("Still here, {{ contact.name }}?")
    campaign.settings["window"] = {"lasts": "2h", "timezone": "Asia/Tokyo"}
    campaign.settings["link"] = {"grace": "30m"}
    campaign.send(second.port)
    assert [one.recipients[0] for one in first.accepted + second.accepted] == [
        f"p{number}@people.example" for number in range(6)
    ]
    assert set(campaign.statuses().values()) == {"sent"}


def test_another_name_is_another_campaign(tmp_path: Path, smtp_server: StartServer) -> None:
    campaign = SmallCampaign(tmp_path / "c").people(2)
    campaign.send(smtp_server().port)
    ledger = campaign.ledger
    campaign.name = "other"
    ledger.rename(campaign.ledger)
    server = smtp_server()
    with pytest.raises(LedgerError, match="belongs to another campaign, 'small', not to 'other'"):
        campaign.send(server.port)
    assert server.accepted == []


@pytest.mark.parametrize("damage", ["gone", "empty"])
def test_results_without_their_ledger_stop_the_run(tmp_path: Path, smtp_server: StartServer, damage: str) -> None:
    campaign = SmallCampaign(tmp_path / "c").people(2)
    campaign.send(smtp_server().port)
    if damage == "gone":
        campaign.ledger.unlink()
    else:
        campaign.ledger.write_bytes(b"")
    server = smtp_server()
    for act in (campaign.send, campaign.resend):
        with pytest.raises(LedgerError, match="who was mailed is not known"):
            act(server.port)
    assert server.accepted == []


def test_removed_and_back_again_in_other_letters(tmp_path: Path, smtp_server: StartServer) -> None:
    campaign = SmallCampaign(tmp_path / "c")
    everybody: list[str] = []
    for names in (["ann", "bob"], ["bob"], ["CID", "Bob", "ANN"], ["cid", "ann", "bob", "dan"]):
        server = smtp_server()
        campaign.contacts([(f"{name}@X.example", name) for name in names])
        campaign.send(server.port)
        everybody += [one.recipients[0].lower() for one in server.accepted]
        assert [row["name"] for row in campaign.results()] == names
        assert set(campaign.statuses().values()) == {"sent"}
    assert everybody == [f"{name}@x.example" for name in ("ann", "bob", "cid", "dan")]
