"""Re-sending: what goes again, to whom, with what; and that nothing which was sent ever does."""

import csv
import io
import random
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from campaign.errors import ResultsError
from campaign.model import Status
from campaign.run.plan import Resend
from tests.campaigns import SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer, Misbehaviour, local_part

PEOPLE = [
    ("sent@x.example", "Sent"),
    ("failed@x.example", "Failed"),
    ("refused@x.example", "Refused"),
    ("doubt@x.example", "Doubt"),
    ("bad@", "Invalid"),
    ("sent@x.example", "Twin"),
    ("gone@x.example", "Gone"),
]
BEFORE = ["sent", "failed", "rejected", "in_doubt", "invalid", "duplicate", "suppressed"]


def trouble() -> list[Misbehaviour]:
    return [
        CATALOGUE["rcpt_4xx"](match=local_part("failed")),
        CATALOGUE["rcpt_5xx"](match=local_part("refused")),
        CATALOGUE["body_accepted_cut"](match=local_part("doubt")),
    ]


@pytest.fixture
def campaign(tmp_path: Path, smtp_server: StartServer) -> SmallCampaign:
    """A campaign that has been sent once, with a row of every kind."""
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "gone.csv").write_text("email\ngone@x.example\n")
    made = SmallCampaign(tmp_path / "c" / "in", settings={"contacts": {"suppress": ["../gone.csv"]}}).contacts(PEOPLE)
    server = smtp_server(*trouble(), allow_defects=True)
    summary = made.send(server.port)
    assert_agreement(made, mailed(server))
    assert words(made) == BEFORE, summary
    return made


def mailed(*servers: FaultServer) -> list[str]:
    return [message.recipients[0] for server in servers for message in server.accepted]


def words(campaign: SmallCampaign) -> list[str]:
    return [row["status"] for row in campaign.results()]


def corrected(
    campaign: SmallCampaign, edit: Callable[[list[dict[str, str]]], Iterable[dict[str, str]]], *,
    encoding: str = "utf-8", delimiter: str = ",", end: str = "\n",
) -> Path:  # fmt: skip
    """The results as an operator gives them back."""
    rows = list(edit(campaign.results()))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    path = campaign.folder / "corrected.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def changed(rows: list[dict[str, str]], number: int, **cells: str) -> list[dict[str, str]]:
    rows[number - 1] |= cells
    return rows


def test_what_failed_goes_again_and_nothing_else(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    before = campaign.results()
    server = smtp_server()
    summary = campaign.resend(server.port)
    assert mailed(server) == ["failed@x.example"]
    after = campaign.results()
    assert [row["status"] for row in after] == ["sent", "sent", *BEFORE[2:]]
    assert after[0] == before[0]
    assert after[1]["attempts"] == str(int(before[1]["attempts"]) + 1) == "4"
    assert after[1]["message_id"] == before[1]["message_id"] == server.accepted[0].message_id
    assert summary.exit_code == 1


def test_links_are_fresh(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    before = campaign.results()[1]
    campaign.settings["link"] = {"grace": "3h"}
    campaign.resend(smtp_server().port)
    after = campaign.results()[1]
    assert after["link_fingerprint"]
    assert after["link_fingerprint"] != before["link_fingerprint"]
    assert after["link_expires_at"] > before["link_expires_at"]


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ((Status.REJECTED,), {"failed", "refused"}),
        ((Status.IN_DOUBT,), {"failed", "doubt"}),
        ((Status.REJECTED, Status.IN_DOUBT), {"failed", "refused", "doubt"}),
    ],
)
def test_refused_and_doubtful_rows_go_only_when_asked_for(
    campaign: SmallCampaign, smtp_server: StartServer, include: tuple[Status, ...], expected: set[str]
) -> None:
    ids = {row["email"]: row["message_id"] for row in campaign.results()}
    server = smtp_server()
    campaign.resend(server.port, resend=Resend(include=include))
    assert {one.partition("@")[0] for one in mailed(server)} == expected
    assert all(ids[one.recipients[0]] == one.message_id for one in server.accepted)
    assert campaign.resend(smtp_server().port, resend=Resend(include=include)).sent_now == 0


@pytest.mark.parametrize("status", ["failed", "pending", "invalid", "", "nonsense"])
def test_whatever_the_file_says_what_was_sent_is_not_sent_again(
    campaign: SmallCampaign, smtp_server: StartServer, status: str
) -> None:
    path = corrected(campaign, lambda rows: [row | {"status": status, "attempts": "0"} for row in rows])
    server = smtp_server()
    campaign.resend(server.port, resend=Resend(source=path, include=(Status.REJECTED, Status.IN_DOUBT)))
    assert sorted(mailed(server)) == ["doubt@x.example", "failed@x.example", "refused@x.example"]
    assert words(campaign) == ["sent", "sent", "sent", "sent", *BEFORE[4:]]


def test_an_invalid_row_mended_in_the_contacts(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    campaign.contacts([*PEOPLE[:4], ("good@x.example", "Invalid"), *PEOPLE[5:]])
    server = smtp_server()
    campaign.resend(server.port)
    assert sorted(mailed(server)) == ["failed@x.example", "good@x.example"]
    assert words(campaign) == ["sent", "sent", "rejected", "in_doubt", "sent", *BEFORE[5:]]


@pytest.mark.parametrize("shuffled", [False, True])
def test_corrections_in_the_file(campaign: SmallCampaign, smtp_server: StartServer, shuffled: bool) -> None:
    def edit(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        changed(rows, 2, name="Fabian")
        changed(rows, 3, email="accepted@x.example")
        changed(rows, 5, email="good@x.example")
        rows = [row | {"city": f"city {number}"} for number, row in enumerate(rows, 1)]
        if shuffled:
            random.Random(7).shuffle(rows)
        return rows

    (campaign.folder / "template" / "subject.txt").write_text("{{ contact.name }} of {{ contact.city }}")
    path = corrected(campaign, edit)
    server = smtp_server()
    campaign.resend(server.port, resend=Resend(source=path))
    assert sorted(mailed(server)) == ["accepted@x.example", "failed@x.example", "good@x.example"]
    rows = campaign.results()
    locals_ = [row["email"].removesuffix("@x.example") for row in rows]
    assert locals_ == ["sent", "failed", "accepted", "doubt", "good", "sent", "gone"]
    assert [row["name"] for row in rows] == ["Sent", "Fabian", "Refused", "Doubt", "Invalid", "Twin", "Gone"]
    assert [row["city"] for row in rows] == [f"city {number}" for number in range(1, 8)]
    assert words(campaign) == ["sent", "sent", "sent", "in_doubt", "sent", "duplicate", "suppressed"]
    subjects = {one.recipients[0]: re.search(rb"Subject: (.*)\r", one.data or b"") for one in server.accepted}
    found = subjects["failed@x.example"]
    assert found is not None
    assert found[1] == b"Fabian of city 2"


def test_the_results_themselves_as_a_spreadsheet_saves_them(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    """Semicolons, a byte order mark, CRLF, and what it makes of a detail that began like a formula."""

    def edit(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        changed(rows, 3, detail="'=1+1")
        return changed(rows, 5, email="good@x.example")

    path = corrected(campaign, edit, encoding="utf-8-sig", delimiter=";", end="\r\n")
    server = smtp_server()
    campaign.resend(server.port, resend=Resend(source=path))
    assert sorted(mailed(server)) == ["failed@x.example", "good@x.example"]
    rows = campaign.results()
    assert list(rows[0]) == ["email", "name", *list(rows[0])[2:]]
    assert len(set(rows[0])) == len(list(rows[0]))
    assert [row["name"] for row in rows] == [name for _, name in PEOPLE]


def test_only_the_rows_of_the_file_go(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    path = corrected(campaign, lambda rows: [rows[2], rows[2], rows[0]])
    server = smtp_server()
    campaign.resend(server.port, resend=Resend(source=path, include=(Status.REJECTED,)))
    assert mailed(server) == ["refused@x.example"]
    assert words(campaign) == ["sent", "failed", "sent", *BEFORE[3:]]


@pytest.mark.parametrize("column", ["message_id", "status"])
def test_a_file_without_our_columns(campaign: SmallCampaign, smtp_server: StartServer, column: str) -> None:
    def edit(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        changed(rows, 3, email="accepted@x.example")
        return [{name: cell for name, cell in row.items() if name != column} for row in rows]

    server = smtp_server()
    campaign.resend(server.port, resend=Resend(source=corrected(campaign, edit)))
    assert sorted(mailed(server)) == ["accepted@x.example", "failed@x.example"]
    assert len(words(campaign)) == len(PEOPLE)


def test_the_results_of_another_campaign_are_refused(
    campaign: SmallCampaign, tmp_path: Path, smtp_server: StartServer
) -> None:
    other = SmallCampaign(tmp_path / "other", name="other").people(3)
    other.send(smtp_server().port)
    path = corrected(campaign, lambda rows: [*rows[:1], *other.results()])
    server = smtp_server()
    before = campaign.results()
    with pytest.raises(ResultsError, match="another campaign") as caught:
        campaign.resend(server.port, resend=Resend(source=path))
    assert caught.value.where == f"{path}, row 2 (line 3)"
    assert mailed(server) == []
    assert campaign.results() == before


def test_again_and_again(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    """A results file given back twice, and the contacts as they were: who got it keeps it."""
    path = corrected(campaign, lambda rows: changed(changed(rows, 3, email="new@x.example"), 5, email="good@x.example"))
    first, second, third = smtp_server(), smtp_server(), smtp_server()
    campaign.resend(first.port, resend=Resend(source=path))
    before = campaign.results()
    campaign.resend(second.port, resend=Resend(source=path, include=(Status.REJECTED,)))
    campaign.send(third.port)
    assert mailed(second, third) == []
    assert campaign.results() == before


AWKWARD = [
    ("+one@x.example", "+41 44 123"),
    ("-two@x.example", "=1+1"),
    ("three@x.example", "a;=b"),
    ("four@x.example", "'=1"),
    ("five@x.example", "O'Brien"),
    ("=nobody", "-"),
]
"""Addresses and cells that a spreadsheet would calculate, and some that look as if they had been guarded."""


@pytest.fixture
def guarded(tmp_path: Path, smtp_server: StartServer) -> SmallCampaign:
    """A campaign of which nobody got the message, with its results guarded against spreadsheets."""
    made = SmallCampaign(tmp_path / "c", settings={"results": {"spreadsheet_safe": True}})
    made.contacts(AWKWARD).send(smtp_server(CATALOGUE["rcpt_4xx"]()).port)
    assert words(made) == ["failed"] * 5 + ["invalid"]
    assert [row["email"] for row in made.results()][:2] == ["'+one@x.example", "'-two@x.example"]
    return made


@pytest.mark.parametrize("still", [True, False])
def test_guarded_results_are_sent_again_to_the_same_people_with_the_same_cells(
    guarded: SmallCampaign, smtp_server: StartServer, still: bool
) -> None:
    """Also once the option is off again."""
    before = guarded.results()
    file = corrected(guarded, lambda rows: rows)
    guarded.settings["results"]["spreadsheet_safe"] = still
    server = smtp_server()
    guarded.resend(server.port, resend=Resend(source=file))
    assert sorted(mailed(server)) == sorted(email for email, _ in AWKWARD[:5])
    after = guarded.results()
    assert [row["message_id"] for row in after] == [row["message_id"] for row in before]
    guard = "'" if still else ""
    assert after[0]["name"] == f"{guard}+41 44 123"
    assert [row["name"].removeprefix("'") for row in after[:2]] == ["+41 44 123", "=1+1"]
    assert words(guarded) == ["sent"] * 5 + ["invalid"]


def test_a_corrected_cell_of_guarded_results_counts_without_its_guard(
    guarded: SmallCampaign, smtp_server: StartServer
) -> None:
    def edit(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        rows[0]["name"] = "'+41 44 999"
        rows[5]["email"] = "'+six@x.example"
        return rows

    server = smtp_server()
    file = corrected(guarded, edit)
    guarded.settings["results"]["spreadsheet_safe"] = False
    guarded.resend(server.port, resend=Resend(source=file))
    assert sorted(mailed(server)) == sorted([email for email, _ in AWKWARD[:5]] + ["+six@x.example"])
    assert guarded.results()[0]["name"] == "+41 44 999"


def test_cells_that_look_guarded_are_left_where_results_never_were(tmp_path: Path, smtp_server: StartServer) -> None:
    made = SmallCampaign(tmp_path / "c").contacts(AWKWARD)
    made.send(smtp_server(CATALOGUE["rcpt_4xx"]()).port)
    server = smtp_server()
    made.resend(server.port, resend=Resend(source=corrected(made, lambda rows: rows)))
    assert sorted(mailed(server)) == sorted(email for email, _ in AWKWARD[:5])
    assert [row["name"] for row in made.results()] == [name for _, name in AWKWARD]
