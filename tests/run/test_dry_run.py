"""A run without a server: everybody's message made, none sent, nothing left behind, no link that signs anybody in."""

import email
import email.policy
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import OctKey

from campaign.errors import ContactsError, TemplateError, WindowError
from campaign.model import Content, Status
from campaign.run.dry_run import check, dry_run_rows, dry_run_window, preview
from campaign.run.dry_run_findings import DryRunRow
from tests.campaigns import SECRET, SmallCampaign

ROWS = [
    ("ann@people.example", "Ann"),
    ("nobody", "Nobody"),
    ("ANN@People.example", "Ann again"),
    ("quiet@people.example", "Quiet"),
    ("bob@people.example", "Bob\nCc: all@people.example"),
    ("zoë@people.example", "Zoë"),
    ("dan@people.example", "Dan"),
]
STATUSES = ["pending", "invalid", "duplicate", "suppressed", "invalid", "pending", "pending"]


@pytest.fixture
def campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallCampaign:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    made = SmallCampaign(tmp_path / "campaign", settings={"contacts": {"suppress": ["quiet.csv"]}}).contacts(ROWS)
    (made.folder / "quiet.csv").write_text("quiet@people.example\n")
    return made


def rehearsed(campaign: SmallCampaign, *, limit: int | None = None, heard: list[int] | None = None) -> list[DryRunRow]:
    heard = [] if heard is None else heard
    return list(dry_run_rows(campaign.load(25), limit=limit, reading=heard.append))


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_every_row_is_judged_in_order(campaign: SmallCampaign) -> None:
    found = rehearsed(campaign)
    assert [one.row.contact.number for one in found] == list(range(1, len(ROWS) + 1))
    assert [one.status for one in found] == STATUSES
    assert [one.made is not None for one in found] == [status == "pending" for status in STATUSES]
    assert [bool(one.detail) for one in found] == [status != "pending" for status in STATUSES]
    ann = found[0].made
    assert ann is not None
    assert ann[1].subject == "Hello Ann"
    assert ann[2].envelope.recipient == "ann@people.example"


def test_what_only_a_template_can_find_out_is_found_out(campaign: SmallCampaign) -> None:
    (campaign.folder / "template" / "subject.txt").write_text("Hello {{ contact.name[9] }}")
    found = rehearsed(campaign)
    assert [one.status for one in found].count(Status.INVALID) == 4
    assert found[0].made is None
    assert "str has no '9'" in found[0].detail


@pytest.mark.parametrize("limit", [0, 1, 3, 100])
def test_a_limit_takes_the_first_rows(campaign: SmallCampaign, limit: int) -> None:
    found = rehearsed(campaign, limit=limit)
    assert [one.status for one in found] == STATUSES[:limit]


def test_it_tells_how_many_rows_it_has_read(campaign: SmallCampaign) -> None:
    heard: list[int] = []
    rehearsed(campaign, heard=heard)
    assert heard[-1] == len(ROWS)


def test_nothing_is_left_behind_and_no_ledger_is_made(campaign: SmallCampaign, tmp_path: Path) -> None:
    settings = campaign.load(25)
    before = files(tmp_path)
    check(settings, reading=lambda _: None)
    assert files(tmp_path) == before
    assert not campaign.ledger.exists()


def test_nothing_is_left_behind_either_when_it_is_broken_off(campaign: SmallCampaign, tmp_path: Path) -> None:
    """By whatever: there is nothing to see while it goes on."""
    settings = campaign.load(25)
    before = files(tmp_path)
    steps = dry_run_rows(settings, reading=lambda _: None)
    next(steps)
    assert files(tmp_path) == before
    steps.close()  # type: ignore[attr-defined]  # it is a generator
    assert files(tmp_path) == before


def _open_files(pid: int) -> Iterator[str]:
    """The names of what a process at work has open; it may close one before we have looked."""
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield str(descriptor.readlink())


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_preview_that_is_killed_leaves_nothing_in_the_temporary_folder(tmp_path: Path) -> None:
    made = SmallCampaign(tmp_path / "campaign").people(3_000)  # more than SQLite keeps in memory
    made.contacts((f"p{number}@people.example", "x" * 20_000) for number in range(3_000))
    made.load(25)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary)}
    previewing = subprocess.Popen(
        [sys.executable, "-m", "campaign", "preview", str(made.path)], env=environment, stderr=subprocess.DEVNULL
    )
    rows = made.folder / "small-preview" / "rows.jsonl"
    try:
        while not rows.exists() and previewing.poll() is None:
            os.sched_yield()
        assert previewing.poll() is None, "it has ended by itself"
        # Nobody but root may look into a process that can hold secrets.
        looked = os.geteuid() == 0
        held = list(_open_files(previewing.pid)) if looked else []
    finally:
        previewing.kill()
        previewing.wait()
    there = [name for name in held if name.startswith(str(temporary))]
    assert bool(there) == looked
    assert all(name.endswith(" (deleted)") for name in there), "its file has had no name for long"
    assert list(temporary.iterdir()) == []


def test_a_folder_is_touched_only_once_it_is_agreed_to(campaign: SmallCampaign, tmp_path: Path) -> None:
    asked: list[int] = []

    def no(messages: int) -> bool:
        asked.append(messages)
        return False

    folder = tmp_path / "preview"
    preview(campaign.load(25), folder, limit=None, reading=lambda _: None)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    for limit in (None, 2):
        assert preview(campaign.load(25), folder, limit=limit, reading=lambda _: None, agreed=no).declined
    assert asked == [4, 1]  # with the one whose name has a line break, which is seen later
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_it_tells_how_many_messages_it_has_written(campaign: SmallCampaign, tmp_path: Path) -> None:
    heard: list[int] = []
    preview(campaign.load(25), tmp_path / "preview", limit=None, reading=lambda _: None, writing=heard.append)
    assert heard == [1, 1, 1, 1, 1, 2, 3]


def test_rows_have_the_numbers_of_the_file_and_invalid_ones_their_cells(
    campaign: SmallCampaign, tmp_path: Path
) -> None:
    (campaign.folder / "contacts.csv").write_text(
        'email,name\n\nann@people.example,"Ann\nof two lines"\n\n'
        "bo\u200bb(at)people.example,<b>Bob</b>\n,Nobody\ndan@people.example,Dan\n",
        "utf-8",
    )
    (campaign.folder / "template" / "subject.txt").write_text("Hello")
    folder = tmp_path / "preview"
    preview(campaign.load(25), folder, limit=None, reading=lambda _: None)
    index = (folder / "index.html").read_text("utf-8")
    found = re.search(r'<script type="application/json" id="rows">(.*?)</script>', index, re.DOTALL)
    assert found is not None
    rows = json.loads(found[1])
    assert [(row[0], row[7]) for row in rows] == [(1, "3"), (2, "6"), (3, "7"), (4, "8")]
    bob, nobody = rows[1], rows[2]
    assert bob[1] == '"bo\\u200bb(at)people.example"'
    assert bob[8] == '!\temail\t"bo\\u200bb(at)people.example"\n\tname\t"<b>Bob</b>"'
    assert nobody[8] == '!\temail\t""\n\tname\t"Nobody"'
    assert rows[0][8] == rows[3][8] == ""
    assert "row 4 (line 8)" in (folder / "0004-dan.html").read_text("utf-8")


def test_after_a_rehearsal_everybody_is_still_to_be_mailed(campaign: SmallCampaign, tmp_path: Path) -> None:
    preview(campaign.load(25), tmp_path / "preview", limit=None, reading=lambda _: None)
    summary = campaign.send(25, limit=0)
    assert summary.counts[Status.SENT] == 0
    assert summary.counts[Status.PENDING] == 4  # and the row whose name has a line break: that is found out later


def _tokens(text: str) -> list[str]:
    links = re.findall(r"https://[^\s\"<>]+/sso\?[^\s\"<>]+", text)
    return [parse_qs(urlsplit(link.replace("&amp;", "&")).query)["token"][0] for link in links]


def test_the_links_of_a_preview_sign_nobody_in(campaign: SmallCampaign, tmp_path: Path) -> None:
    folder = tmp_path / "preview"
    preview(campaign.load(25), folder, limit=None, reading=lambda _: None)
    tokens = []
    for path in folder.rglob("*.eml"):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        body = message.get_body(("plain",))
        assert body is not None
        tokens += _tokens(body.get_content())
    assert len(tokens) == STATUSES.count("pending")
    for token in tokens:
        with pytest.raises(BadSignatureError):
            jwt.decode(token, OctKey.import_key(SECRET), algorithms=["HS256"])


def test_no_two_previews_are_signed_with_the_same_key(campaign: SmallCampaign) -> None:
    def first() -> str:
        made = rehearsed(campaign, limit=1)[0].made
        assert made is not None
        return _tokens("".join(made[1].text))[0].rpartition(".")[2]

    assert first() != first()


def test_a_check_looks_at_links_that_sign_nobody_in(campaign: SmallCampaign) -> None:
    """What it says of a message may quote any of it."""
    looked_at: list[Content] = []
    check(campaign.load(25), reading=lambda _: None, look=lambda _row, content, _constants: looked_at.append(content))
    assert looked_at
    for content in looked_at:
        with pytest.raises(BadSignatureError):
            jwt.decode(_tokens("".join(content.text))[0], OctKey.import_key(SECRET), algorithms=["HS256"])


def test_what_a_check_has_seen(campaign: SmallCampaign) -> None:
    seen = check(campaign.load(25), reading=lambda _: None)
    assert seen.counts == Counter(STATUSES)
    assert [one.row.contact.number for one in seen.faults] == [2, 5]
    assert seen.smtputf8 == 1
    sizes = [len(one.made[2].data) for one in rehearsed(campaign) if one.made]
    assert abs(seen.sizes.largest - max(sizes)) < 20  # a boundary's length may differ
    assert seen.sizes.largest > min(sizes)


def test_of_many_faults_the_first_are_kept(campaign: SmallCampaign) -> None:
    campaign.contacts([("nobody", str(number)) for number in range(50)])
    seen = check(campaign.load(25), reading=lambda _: None)
    assert seen.counts == {Status.INVALID: 50}
    assert [one.row.contact.number for one in seen.faults] == list(range(1, 21))


def test_a_preview_shows_every_row_with_its_message_or_the_reason_why_there_is_none(
    campaign: SmallCampaign, tmp_path: Path
) -> None:
    folder = tmp_path / "preview"
    seen = preview(campaign.load(25), folder, limit=None, reading=lambda _: None)
    assert seen.counts == Counter(STATUSES)
    assert len(list(folder.rglob("*.eml"))) == 3
    index = (folder / "index.html").read_text("utf-8")
    rows = re.search(r'<script type="application/json" id="rows">(.*?)</script>', index, re.DOTALL)
    assert rows is not None
    shown = ["ready" if status == "pending" else status for status in STATUSES]
    assert [(row[0], row[2]) for row in json.loads(rows[1])] == list(enumerate(shown, 1))
    assert all(bool(row[4]) != (row[2] == "ready") for row in json.loads(rows[1]))
    assert "throw-away key" in index


def test_a_preview_of_the_first_rows(campaign: SmallCampaign, tmp_path: Path) -> None:
    seen = preview(campaign.load(25), tmp_path / "preview", limit=2, reading=lambda _: None)
    assert seen.counts == {Status.PENDING: 1, Status.INVALID: 1}
    assert len(list((tmp_path / "preview").rglob("*.eml"))) == 1


def test_what_is_wrong_as_a_whole_is_said_before_anything_is_written(campaign: SmallCampaign, tmp_path: Path) -> None:
    settings = campaign.load(25)
    (campaign.folder / "quiet.csv").unlink()
    with pytest.raises(ContactsError):
        check(settings, reading=lambda _: None)
    (campaign.folder / "template" / "body.txt").write_text("{{ link.url")
    with pytest.raises(TemplateError):
        check(settings, reading=lambda _: None)
    (campaign.folder / "contacts.csv").unlink()
    with pytest.raises(ContactsError):
        check(settings, reading=lambda _: None)


def test_a_rehearsal_before_the_window_makes_the_messages_of_the_window(campaign: SmallCampaign) -> None:
    opens = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
    campaign.settings["window"] = {"opens": opens.isoformat(), "lasts": "8h"}
    assert dry_run_window(campaign.load(25)).opens == opens
    made = rehearsed(campaign, limit=1)[0].made
    assert made is not None
    assert made[0].expires_at == opens + timedelta(hours=8) + campaign.load(25).link.grace


def test_a_rehearsal_after_the_window_says_that_it_is_over(campaign: SmallCampaign) -> None:
    campaign.settings["window"] = {"closes": "2026-01-01T00:00:00"}
    with pytest.raises(WindowError) as caught:
        rehearsed(campaign)
    assert "window.closes" in caught.value.where
