"""A campaign is settled by what later evidence proves, and by nothing else."""

import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import ContactsError, LedgerError, SettingsError, UsageError
from campaign.evidence import Evidence, EvidenceKind, Unread
from campaign.message.message_id import message_id
from campaign.model import Status
from campaign.run.settle import MoreEvidence, SettleOrder, proof_of, settle
from campaign.run.settlement import Settlement
from campaign.settings import load_settings
from campaign.settle.ours import Ours
from tests.campaigns import SmallCampaign
from tests.evidence_files import bounce_mail, postfix_lines, write_log
from tests.smtp_server import CATALOGUE, FaultServer

REJECTED = "p1@people.example"


@pytest.fixture(scope="module")
def sent_once(tmp_path_factory: pytest.TempPathFactory) -> SmallCampaign:
    small = SmallCampaign(tmp_path_factory.mktemp("settle") / "small").people(5)
    lost = CATALOGUE["body_accepted_cut"](times=1)
    refused = CATALOGUE["rcpt_5xx"](match=lambda now: REJECTED in now.addresses)
    with FaultServer(lost, refused) as server:
        small.send(server.port)
    return small


class Settled:
    """A copy of a campaign of which one row is in doubt, one rejected, and three are sent."""

    def __init__(self, small: SmallCampaign, folder: Path) -> None:
        shutil.copytree(small.folder, folder)
        self.folder = folder
        self.settings = load_settings(folder / "campaign.toml", environ={})
        self.ids = {row["email"]: row["message_id"] for row in small.results()}
        self.doubtful = self.someone("in_doubt")
        self.sent = self.someone("sent")

    def __call__(self, *evidence: Path, **order: object) -> Settlement:
        return settle(self.settings, SettleOrder(evidence=evidence, **order))  # type: ignore[arg-type]

    def someone(self, word: str) -> str:
        return next(email for email, found in self.words().items() if found == word)

    def words(self) -> dict[str, str]:
        copied = SmallCampaign.__new__(SmallCampaign)
        copied.folder, copied.name = self.folder, "small"
        return copied.statuses()

    def log(self, name: str, email: str, **story: object) -> Path:
        lines = postfix_lines(self.ids[email], email, queue_id="4F2A1B", **story)  # type: ignore[arg-type]
        return write_log(self.folder / name, lines)


@pytest.fixture
def campaign(sent_once: SmallCampaign, tmp_path: Path) -> Settled:
    return Settled(sent_once, tmp_path / "small")


def test_the_campaign_to_settle_is_as_the_tests_say(campaign: Settled) -> None:
    assert sorted(campaign.words().values()) == ["in_doubt", "rejected", "sent", "sent", "sent"]


def test_a_row_in_doubt_is_sent_once_the_log_proves_that_it_was_taken(campaign: Settled) -> None:
    settled = campaign(campaign.log("mail.log", campaign.doubtful))
    assert [(move.before, move.after, move.source, move.rows) for move in settled.moves] == [
        (Status.IN_DOUBT, Status.SENT, "Postfix log", 1)
    ]
    assert settled.exit_code == 0 and settled.counts[Status.IN_DOUBT] == 0
    assert settled.results == campaign.folder / "small-results.csv"
    assert campaign.words()[campaign.doubtful] == "sent"


def test_a_message_that_the_log_names_and_no_more_moves_nothing(campaign: Settled) -> None:
    settled = campaign(campaign.log("mail.log", campaign.doubtful, taken=False))
    assert settled.moves == () and settled.counts[Status.IN_DOUBT] == 1


def test_the_same_again_changes_nothing_in_whatever_copy(campaign: Settled) -> None:
    log = campaign.log("mail.log", campaign.doubtful, status="bounced", dsn="5.1.1", words="host x said: 550 No")
    first = campaign(log)
    assert first.moved
    packed = campaign.folder / "mail.log.1.gz"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    again = campaign(log, packed)
    assert again.moves == () and again.unchanged["Postfix log"] > 0
    assert again.counts == first.counts


def test_a_story_that_was_cut_in_two_by_rotation_is_read_as_one(campaign: Settled) -> None:
    log = campaign.log("whole.log", campaign.doubtful)
    lines = log.read_text().splitlines(keepends=True)
    (campaign.folder / "mail.log.1").write_text("".join(lines[:2]))
    (campaign.folder / "mail.log").write_text("".join(lines[2:]))
    settled = campaign(campaign.folder / "mail.log", campaign.folder / "mail.log.1")
    assert settled.moved == 1 and settled.files == 2


def test_a_dry_run_says_what_would_be_moved_and_changes_nothing(campaign: Settled) -> None:
    log, stop = campaign.log("mail.log", campaign.doubtful), campaign.folder / "stop.csv"
    before = {path: path.read_bytes() for path in campaign.folder.iterdir() if path.is_file()}
    tried = campaign(log, dry_run=True, suppress=stop)
    assert tried.moved == 1 and tried.counts[Status.IN_DOUBT] == 0 and tried.dry_run
    assert tried.results is None and not stop.exists()
    assert {path: path.read_bytes() for path in campaign.folder.iterdir() if path.is_file()} == before
    assert campaign(log, suppress=stop).moves == tried.moves


def test_who_knows_the_campaign_and_an_address_can_not_write_a_bounce_of_it(campaign: Settled) -> None:
    """Whoever got a message has its Message-ID to check guesses by; their own they can bounce, and no other."""
    guessed = message_id("small", campaign.sent, campaign.ids[campaign.sent].rpartition("@")[2].rstrip(">"))
    (campaign.folder / "forged.eml").write_bytes(bounce_mail(guessed, campaign.sent))
    settled = campaign(campaign.folder / "forged.eml")
    assert settled.moves == () and settled.unmatched == {"delivery report": 1}


def test_bounces_come_back_by_mail_and_are_suppressed_with_all_that_is_on_record(campaign: Settled) -> None:
    for folder in ("cur", "new", "tmp"):
        (campaign.folder / "Maildir" / folder).mkdir(parents=True)
    mail = bounce_mail(campaign.ids[campaign.sent], campaign.sent)
    (campaign.folder / "Maildir/new/1.mx").write_bytes(mail)
    settled = campaign(campaign.folder / "Maildir")
    assert [(move.before, move.after) for move in settled.moves] == [(Status.SENT, Status.BOUNCED)]
    stop = campaign.folder / "stop.csv"
    later = campaign(campaign.log("mail.log", campaign.doubtful), suppress=stop)
    assert later.suppressed is not None and later.suppressed.added == 1
    today = datetime.now(UTC).date()
    assert stop.read_text() == f"email,reason,date\n{campaign.sent},bounced 5.1.1,{today}\n"
    again = campaign(campaign.log("mail.log", campaign.doubtful), suppress=stop)
    assert again.suppressed is not None and again.suppressed.added == 0


def test_a_list_that_can_t_be_added_to_is_told_before_the_ledger_changes(campaign: Settled) -> None:
    log = campaign.log("mail.log", campaign.doubtful)
    for path, error in (
        (campaign.folder / "nowhere" / "stop.csv", ContactsError),
        (campaign.folder / "contacts.csv", SettingsError),
        (campaign.folder / "small-results.csv", SettingsError),
        (campaign.folder / "template", ContactsError),
    ):
        with pytest.raises(error):
            campaign(log, suppress=path)
    assert campaign(log).moved == 1


def test_evidence_of_an_earlier_campaign_of_that_name_is_left_out(campaign: Settled) -> None:
    earlier = datetime.now(UTC) - timedelta(days=3)
    settled = campaign(campaign.log("mail.log", campaign.doubtful, at=earlier))
    assert settled.moves == () and settled.earlier["Postfix log"] > 0


def test_what_can_t_be_read_is_told_and_stops_nothing_else(campaign: Settled) -> None:
    (campaign.folder / "x.bin").write_bytes(os.urandom(1_000))
    (campaign.folder / "a.gz").write_bytes(gzip.compress(b"\0" * 1_000)[:-9])
    settled = campaign(campaign.folder / "x.bin", campaign.log("mail.log", campaign.doubtful), campaign.folder / "a.gz")
    assert settled.moved == 1 and settled.exit_code == 1
    assert {one.where.partition(":")[0] for one in settled.unread} == {"x.bin", "a.gz"}


def test_the_campaigns_own_folder_may_be_named(campaign: Settled) -> None:
    log = campaign.log("mail.log", campaign.doubtful)
    shutil.rmtree(campaign.folder / "template")
    settled = campaign(log.parent)
    assert settled.moved == 1 and settled.exit_code == 0, settled.unread


def test_evidence_that_is_not_there_is_told_before_anything_is_read(campaign: Settled) -> None:
    log = campaign.log("mail.log", campaign.doubtful)
    with pytest.raises(UsageError, match="can't be read"):
        campaign(log, campaign.folder / "nowhere.log")
    assert campaign(log).moved == 1


def test_a_campaign_that_never_was_sent_can_t_be_settled(tmp_path: Path) -> None:
    small = SmallCampaign(tmp_path / "small").people(1)
    with pytest.raises(LedgerError, match="nothing was ever sent"):
        settle(small.load(25), SettleOrder(evidence=(tmp_path,)))
    assert not small.ledger.exists()


def test_results_that_somebody_has_changed_are_kept(campaign: Settled) -> None:
    results = campaign.folder / "small-results.csv"
    results.write_text(results.read_text() + "changed,,,,\n")
    settled = campaign(campaign.log("mail.log", campaign.doubtful))
    assert settled.kept is not None and settled.kept.read_text().endswith("changed,,,,\n")


class Mailbox:
    """Evidence from elsewhere."""

    def __init__(self, *evidence: Evidence) -> None:
        self._evidence = evidence
        self.is_settled = False

    looked_at = 1

    def evidence(self, ours: Ours, tell: Callable[[Unread], None], since: int | None) -> Iterator[Evidence]:
        yield from self._evidence
        tell(Unread("a mail", "INBOX"))

    def settled(self) -> None:
        self.is_settled = True


def test_evidence_from_elsewhere_counts_and_its_source_hears_when_it_is_on_record(campaign: Settled) -> None:
    now = int(datetime.now(UTC).timestamp())
    bounce = Evidence(EvidenceKind.BOUNCED, now, "1", "mail", "INBOX", message_id=campaign.ids[campaign.sent])
    box: MoreEvidence = (seen := Mailbox(bounce, bounce._replace(message_id="<stranger@x>", id="2")))
    assert campaign(more=(box,), dry_run=True).moved == 1 and not seen.is_settled
    settled = campaign(more=(box,))
    assert settled.moved == 1 and settled.unmatched == {"mail": 1} and settled.unread_total == 1
    assert seen.is_settled


class _Ours:
    def by_key(self, key: str) -> int | None:
        return {"key": 1}.get(key)

    def by_message_id(self, message_id: str) -> int | None:
        return {"id": 2}.get(message_id)

    def by_relay_id(self, relay_id: str) -> int | None:
        return {"relay": 3}.get(relay_id)

    def by_address(self, address: str) -> int | None:
        return {"ada@engine.example": 4}.get(address)

    def has_address(self, contact: int, address: str) -> bool:
        return False


@pytest.mark.parametrize(
    ("kind", "names", "contact", "arrived"),
    [
        (EvidenceKind.BOUNCED, {"key": "key", "message_id": "id"}, 1, True),
        (EvidenceKind.BOUNCED, {"key": "other", "message_id": "id"}, 2, True),
        (EvidenceKind.ACCEPTED, {"relay_id": "relay"}, 3, True),
        (EvidenceKind.BOUNCED, {}, None, False),
        (EvidenceKind.COMPLAINT, {}, None, False),
        (EvidenceKind.UNSUBSCRIBED, {}, 4, False),
        (EvidenceKind.UNSUBSCRIBED, {"key": "key"}, 1, True),
        (EvidenceKind.UNSUBSCRIBED, {"relay_id": "of another campaign"}, None, False),
    ],
)
def test_whose_it_is_says_what_identifies_the_message_and_an_address_only_of_who_asks_to_be_left_alone(
    kind: EvidenceKind, names: dict[str, str], contact: int | None, arrived: bool
) -> None:
    evidence = Evidence(kind, 1, "1", "x", "x", recipient="ada@engine.example", **names)  # type: ignore[arg-type]
    proof = proof_of(evidence, _Ours())
    assert (proof and proof.contact) == contact
    assert proof is None or proof.arrived is arrived


FRAGMENTS = (
    *("message-id=", "<", ">", " ", "\n", "\r\n", ": ", ",", "4F2A1B", "status=bounced", "status=sent", "dsn=5.1.1"),
    *("2026-11-27T09:00:00+00:00 mx postfix/cleanup[1]: 4F2A1B: ", "Nov 27 09:00:00 mx postfix/smtpd[1]: ", "\0"),
    *('{"event": "bounce", "smtp-id": "', '"}', "[", "]", '{"eventType": "Bounce"', "id=", "<= ", "=> ", "** "),
    *("From MAILER-DAEMON Fri Nov 27 09:00:00 2026\n", "From: MAILER-DAEMON\n", "Subject: unsubscribe\n", "\n\n"),
    *("Content-Type: multipart/report; report-type=delivery-status; boundary=b\n", "--b\n", "Action: failed\n"),
)
"""Of what stands in evidence, but of no kind all that it takes: a Postfix's queue manager, a report's recipient, …"""


@hypothesis.settings(max_examples=15)
@given(st.data())
def test_whatever_stands_in_files_that_is_no_proof_moves_nothing(
    sent_once: SmallCampaign, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    ids = [row["message_id"] for row in sent_once.results()]
    pieces = st.sampled_from([*FRAGMENTS, *ids, *(row["email"] for row in sent_once.results())])
    texts = st.lists(pieces, max_size=30).map("".join).map(str.encode)
    for number, octets in enumerate(data.draw(st.lists(texts | st.binary(max_size=200), max_size=8))):
        packed = gzip.compress(octets)
        (folder / f"{number}.log").write_bytes(octets)
        (folder / f"{number}.gz").write_bytes(packed[: data.draw(st.integers(1, len(packed)))])
    settled = settle(sent_once.load(25), SettleOrder(evidence=(folder,), dry_run=True))
    assert settled.moves == () and settled.feedback == ()
