"""The word after "sent" is the same wherever it is told: status, results, the report, JSON, a frame, and `resend`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.api import Campaign
from campaign.commands.json_documents import status_document
from campaign.commands.report_document import report_document
from campaign.commands.status import show_status
from campaign.evidence import EvidenceKind
from campaign.model import Status
from campaign.report import report_html
from campaign.run.plan import Resend
from campaign.run.report_now import report_now
from tests.campaigns import Silent, SmallCampaign
from tests.conftest import StartServer
from tests.later_words import PLACE, settle
from tests.smtp_server import CATALOGUE, FaultServer, local_part

PEOPLE = ("ann", "bob", "cleo", "dan", "eve", "silent")


@pytest.fixture
def server(smtp_server: StartServer) -> FaultServer:
    return smtp_server(CATALOGUE["body_accepted_cut"](match=local_part("silent")), allow_defects=True)


@pytest.fixture
def campaign(tmp_path: Path, server: FaultServer) -> SmallCampaign:
    made = SmallCampaign(tmp_path / "campaign")
    made.contacts([(f"{name}@people.example", name, "gold") for name in PEOPLE], header=("email", "name", "feedback"))
    summary = made.send(server.port)
    assert summary.counts[Status.SENT] == 5 and summary.counts[Status.IN_DOUBT] == 1
    assert [*made.results()[0]][:4] == ["email", "name", "feedback", "status"], "nothing is settled, nothing is renamed"
    settle(
        made, ("ann", EvidenceKind.BOUNCED), ("bob", EvidenceKind.COMPLAINT), ("cleo", EvidenceKind.UNSUBSCRIBED),
        ("silent", EvidenceKind.ACCEPTED), ("eve", EvidenceKind.BOUNCED), ("eve", EvidenceKind.COMPLAINT),
    )  # fmt: skip
    return made


def test_whoever_asks_is_told_the_same(campaign: SmallCampaign, capsys: pytest.CaptureFixture[str]) -> None:
    face = Campaign(campaign.load(25))
    status = face.status()
    assert {word: count for word, count in status.counts.items() if count} == {Status.SENT: 4, Status.BOUNCED: 2}
    show_status(campaign.path, output=None, sandbox=False, json=False)
    said = capsys.readouterr().out
    assert "small: 4 of 6 sent\n" in said and "  bounced            2  accepted, and came back\n" in said
    assert "what came back: 2 complaints, 1 unsubscribed\n" in said and "--include bounced" not in said
    document = status_document(status)
    told = document["afterwards"]
    assert isinstance(told, dict) and (told["complaints"], told["unsubscribed"]) == (2, 1) and told["evidence_at"]
    assert sum(one["count"] for one in told["came_back"]) == 2
    report = report_now(face.settings)
    assert json.loads(json.dumps(report_document(report, None)))["afterwards"] == told
    assert [(one.number, one.status, one.reason) for one in report.people] == [
        (1, Status.BOUNCED, "550 5.1.1 No such user"), (5, Status.BOUNCED, "550 5.1.1 No such user"),
    ]  # fmt: skip
    assert sum(sum(bar.counts.values()) for bar in report.pictures.bars) == 6, "at the time of the send, all of them"
    page = report_html(report)
    assert "4 of 6 messages were accepted by the mail server, and have not come back." in page
    assert (
        "How soon messages came back" in page and "2, 33.33 % of 6 accepted" in page and "2, 50.00 % of 4 sent" in page
    )


def test_results_say_what_came_back_and_what_it_rests_on(campaign: SmallCampaign) -> None:
    face = Campaign(campaign.load(25))
    face.write_results()
    rows = {row["name"]: row for row in campaign.results()}
    assert [*rows["ann"]][-2:] == ["feedback", "evidence"] and rows["ann"]["contact_feedback"] == "gold"
    assert (rows["ann"]["status"], rows["ann"]["evidence"], rows["ann"]["feedback"]) == ("bounced", PLACE, "")
    assert rows["bob"]["status"] == "sent" and rows["bob"]["feedback"].startswith("complaint 2")
    assert (rows["silent"]["status"], rows["silent"]["evidence"]) == ("sent", PLACE)
    assert rows["dan"]["evidence"] == rows["dan"]["feedback"] == ""
    frame = face.results()
    assert frame["feedback"].isna().tolist() == [True, False, False, True, False, True]
    assert frame["contact_feedback"].tolist() == ["gold"] * 6


def test_bounced_rows_go_again_only_if_asked_for_and_never_to_who_complained(
    campaign: SmallCampaign, smtp_server: StartServer
) -> None:
    """Also by a copy of the results, which has the columns of later words."""
    face = Campaign(campaign.load(25))
    face.write_results()
    source = (campaign.folder / "small-results.csv").rename(campaign.folder / "copy.csv")
    server = smtp_server()
    assert campaign.resend(server.port).exit_code == 1, "somebody did not get it"
    campaign.resend(server.port, resend=Resend(source=source))
    assert not server.accepted
    ended = campaign.resend(server.port, resend=Resend(source=source, include=(Status.BOUNCED,)))
    assert [message.recipients[0] for message in server.accepted] == ["ann@people.example"]
    assert any(words.startswith("1 row is left alone: ") for words in campaign.observer.notices)
    assert (ended.sent_now, ended.counts[Status.SENT], ended.counts[Status.BOUNCED]) == (1, 5, 1)
    rows = {row["name"]: row for row in campaign.results()}
    assert rows["ann"]["contact_feedback"] == "gold" and rows["ann"]["evidence"] == ""


@pytest.mark.parametrize("anew", [False, True])
def test_a_column_of_the_contacts_that_is_called_feedback_is_theirs_in_files_of_before_and_after_a_settling(
    campaign: SmallCampaign, smtp_server: StartServer, anew: bool
) -> None:
    if anew:
        Campaign(campaign.load(25)).write_results()
    source, results = campaign.folder / "corrected.csv", (campaign.folder / "small-results.csv").read_text("utf-8")
    assert ("contact_feedback" in results) is anew
    source.write_text(results.replace("ann,gold", "ann,silver"))
    campaign.resend(smtp_server().port, resend=Resend(source=source, include=(Status.BOUNCED,)))
    rows = {row["name"]: row for row in campaign.results()}
    assert (rows["ann"]["contact_feedback"], rows["ann"]["feedback"], rows["ann"]["status"]) == ("silver", "", "sent")
    assert rows["bob"]["contact_feedback"] == "gold" and rows["bob"]["feedback"].startswith("complaint")


def test_a_bounced_row_whose_address_was_corrected_goes_to_the_new_one(
    campaign: SmallCampaign, smtp_server: StartServer
) -> None:
    Campaign(campaign.load(25)).write_results()
    source = campaign.folder / "corrected.csv"
    source.write_text((campaign.folder / "small-results.csv").read_text("utf-8").replace("ann@people", "anna@people"))
    server = smtp_server()
    ended = campaign.resend(server.port, resend=Resend(source=source))
    assert [message.recipients[0] for message in server.accepted] == ["anna@people.example"]
    assert (ended.counts[Status.SENT], ended.counts[Status.BOUNCED]) == (5, 1)


class Meanwhile(Silent):
    """Hears that results are written, and has something happen then, once."""

    def __init__(self, happens: Callable[[], None] | None) -> None:
        super().__init__()
        self.times = 0
        self._happens = happens

    def writing(self, rows: int, total: int) -> None:
        self.times += 1
        happens, self._happens = self._happens, None
        if happens is not None:
            happens()


@pytest.mark.parametrize("settled", [True, False])
def test_what_is_proved_while_a_run_writes_its_results_stands_in_them(
    settled: bool, tmp_path: Path, smtp_server: StartServer
) -> None:
    """Whoever settles leaves the results to the run that goes on."""
    campaign = SmallCampaign(tmp_path / "campaign").people(3)
    campaign.observer = meanwhile = Meanwhile(
        (lambda: settle(campaign, ("p1", EvidenceKind.BOUNCED))) if settled else None
    )
    summary = campaign.send(smtp_server().port)
    assert meanwhile.times == 1 + settled
    words = ["sent", "bounced" if settled else "sent", "sent"]
    assert [row["status"] for row in campaign.results()] == words
    assert summary.counts[Status.BOUNCED] == settled and summary.counts[Status.SENT] == 3 - settled
