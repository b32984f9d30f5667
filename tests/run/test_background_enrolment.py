"""Mail that goes out while the contacts file is still being read: the same results, and an end in good order.

The server is a process of its own: without threads in this one, workers are forked from it, as in a real run.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from campaign.contacts import ContactsFile, Mend
from campaign.errors import ContactsError
from campaign.ledger.sqlite.reading import reading_ledger
from campaign.model import Row, Status
from campaign.run.preconditions import open_contacts_of
from campaign.settings import ContactsSettings
from campaign.window import SendWindow
from tests.campaigns import Silent, SmallCampaign, assert_agreement
from tests.smtp_server import ServerProcess, read_record

ROWS = 2_600


class Asked(Silent):
    """A observer that keeps what it was asked: None where the file was still being read."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_for: list[int | None] = []
        self.read: list[int] = []

    def reading(self, rows: int) -> None:
        self.read.append(rows)

    def confirm(self, total: int | None, window: SendWindow) -> bool:
        self.asked_for.append(total)
        return True


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    record = tmp_path_factory.mktemp("server") / "record.jsonl"
    with ServerProcess(record, "--keep", "nothing", "--misbehave", "rcpt_5xx,local=unknown") as running:
        yield running
    assert read_record(record).defects == []


def campaign(tmp_path: Path, kind: str) -> SmallCampaign:
    """A campaign whose contacts are its own, but for the kind the same as others'."""
    made = SmallCampaign(
        tmp_path / kind,
        settings={"contacts": {"suppress": ["quiet.csv"]}, "smtp": {"connections": 4, "timeout": "1m"}},
        observer=Asked(),
    )
    rows = [(f"p{number}@{kind}.example", f"Person {number}") for number in range(ROWS)]
    for number in range(0, ROWS, 100):
        rows[number] = (f"unknown{number}@{kind}.example", "Unknown")
        rows[number + 1] = (f"P{max(0, number - 1500) + 2}@{kind}.example", "Again")  # in this part, or an earlier one
        rows[number + 3] = ("no address", "Nobody")
        rows[number + 4] = (f"person{number}@{kind}.example", "a name\nof two lines")
    made.contacts(rows)
    (made.folder / "quiet.csv").write_text(f"p5@{kind}.example\nP{ROWS - 1}@{kind}.example\n")
    return made


def accepted(server: ServerProcess, kind: str) -> list[str]:
    found = (message.recipients[0] for message in read_record(server.record).accepted)
    return [address for address in found if address.endswith(f"@{kind}.example")]


def asked_for(made: SmallCampaign) -> list[int | None]:
    assert isinstance(made.observer, Asked)
    return made.observer.asked_for


def test_the_results_are_the_same_as_when_it_is_read_first(tmp_path: Path, server: ServerProcess) -> None:
    first, aside = campaign(tmp_path, "first"), campaign(tmp_path, "aside")
    before = first.send(server.port, processes=1)
    meanwhile = aside.send(server.port, processes=2)
    assert None not in asked_for(first)
    assert asked_for(aside) == [None], "it was not read aside: this test shows nothing"
    assert isinstance(aside.observer, Asked)
    assert aside.observer.read == [], "two things were shown at once"
    assert meanwhile.counts == before.counts
    assert (meanwhile.exit_code, meanwhile.trouble) == (1, None)
    assert aside.observer.heard[-1].total == ROWS
    counts = assert_agreement(aside, accepted(server, "aside"))
    assert counts == assert_agreement(first, accepted(server, "first"))
    assert (counts["invalid"], counts["duplicate"], counts["suppressed"]) == (52, 26, 2)
    assert counts["rejected"] == 26
    assert [_comparable(row, "aside") for row in aside.results()] == [
        _comparable(row, "first") for row in first.results()
    ]
    again = aside.send(server.port, processes=2)
    assert again.sent_now == 0
    assert asked_for(aside) == [None]


def _comparable(row: dict[str, str], kind: str) -> tuple[str, ...]:
    """What does not change from run to run."""
    changing = {"message_id", "settled_at", "link_expires_at", "link_fingerprint"}
    return tuple(value.replace(kind, "KIND") for name, value in row.items() if name not in changing)


def test_a_limit_holds_while_it_is_read_and_the_next_run_goes_on(tmp_path: Path, server: ServerProcess) -> None:
    made = campaign(tmp_path, "limited")
    first = made.send(server.port, processes=2, limit=150)
    assert asked_for(made) == [None]
    assert first.exit_code == 3
    taken = sum(first.counts[word] for word in (Status.SENT, Status.REJECTED))
    assert 140 < taken <= 150  # rows that turn out to be invalid count, too
    sent = accepted(server, "limited")
    assert len(sent) == first.counts[Status.SENT]
    numbers = sorted(int(address[1:].partition("@")[0]) for address in sent)
    assert numbers[-1] < 170, "not the first ones"
    rest = made.send(server.port, processes=2)
    assert len(asked_for(made)) == 2 and asked_for(made)[1] is not None
    assert rest.counts[Status.PENDING] == 0
    assert_agreement(made, accepted(server, "limited"))


class Torn(ContactsFile):
    """A contacts file that can't be read to its end."""

    __slots__ = ()

    def rows(self, chunk: int = 5_000, *, mended: Counter[Mend] | None = None) -> Iterator[list[Row]]:
        whole = ContactsFile.rows(self, 2_100, mended=mended)
        yield next(whole)
        raise ContactsError("The file could not be read to its end.", where=str(self.path), fix="Run again.")


def _torn(settings: ContactsSettings, *, allow_empty: bool = False, ledger: Path | None = None) -> ContactsFile:
    whole = open_contacts_of(settings, allow_empty=allow_empty, ledger=ledger)
    return Torn(**{field.name: getattr(whole, field.name) for field in fields(whole)})


def test_a_file_that_fails_in_the_middle_stops_in_good_order_and_the_next_run_goes_on(
    tmp_path: Path, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = campaign(tmp_path, "torn")
    with monkeypatch.context() as patched:
        patched.setattr("campaign.run.runner.open_contacts_of", _torn)
        torn = made.send(server.port, processes=2)
    assert asked_for(made) == [None]
    assert torn.exit_code == 3 and torn.trouble is not None
    assert (torn.trouble.where, torn.trouble.fix) == (str(made.folder / "contacts.csv"), "Run again.")
    sent = accepted(server, "torn")
    assert len(set(sent)) == len(sent)
    with reading_ledger(made.ledger, "small") as database:
        words = dict(database.execute("SELECT status, count(*) FROM delivery GROUP BY 1"))
    assert words.get("sent", 0) == len(sent)
    assert not {"sending", "in_doubt"} & words.keys()

    whole = made.send(server.port, processes=2)
    assert whole.counts[Status.PENDING] == whole.counts[Status.IN_DOUBT] == 0
    assert sum(whole.counts.values()) == ROWS
    assert_agreement(made, accepted(server, "torn"))


def test_a_suppression_list_that_cant_be_used_is_wrong_usage_and_nothing_is_left_of_it(
    tmp_path: Path, server: ServerProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    made = campaign(tmp_path, "quiet")
    made.settings["window"] = {"lasts": "8h"}
    good = (made.folder / "quiet.csv").read_text()
    (made.folder / "quiet.csv").write_text("there is no address in here\n")
    with pytest.raises(ContactsError) as caught:
        made.send(server.port, processes=2)
    assert caught.value.where == str(made.folder / "quiet.csv")
    assert capfd.readouterr().err == ""
    assert accepted(server, "quiet") == []
    with reading_ledger(made.ledger, "small") as database:
        assert database.execute("SELECT value FROM facts WHERE name = 'opened'").fetchone() is None
    (made.folder / "quiet.csv").write_text(good)
    assert made.send(server.port, processes=2).counts[Status.PENDING] == 0
    assert asked_for(made) == [None, None]
    assert_agreement(made, accepted(server, "quiet"))
