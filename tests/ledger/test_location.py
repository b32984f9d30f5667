"""A campaign's ledger under the name that an earlier version gave it is found, taken over, and never ignored."""

from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.errors import LedgerBusyError, LedgerError
from campaign.ledger.location import files_beside, ledger_exists, locate, refuse_what_was_moved, take_over
from campaign.ledger.opening import open_for_reading
from campaign.ledger.sqlite.files import generation_file, moved_file
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger_place import DatabasePlace
from campaign.model import Status
from tests.campaigns import SmallCampaign
from tests.conftest import StartServer
from tests.ledgers import people, settle, words


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "autumn.ledger"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return tmp_path / "autumn-results.ledger"


def begun(path: Path, name: str = "autumn", sent: int = 1) -> None:
    with SqliteRunLedger.open(path, name) as ledger:
        people(ledger, 3)
        settle(ledger, {f"p{number + 1}@people.example": Status.SENT for number in range(sent)})


def test_nothing_anywhere_is_a_new_ledger(path: Path, old: Path) -> None:
    assert locate(path, (old,), "autumn") == path
    assert take_over(path, (old,), "autumn") is None
    assert not path.exists()


def test_an_older_name_is_read_where_it_is_and_taken_over_by_a_run(path: Path, old: Path) -> None:
    begun(old)
    assert locate(path, (old,), "autumn") == old
    assert old.exists() and not path.exists()
    assert take_over(path, (old,), "autumn") == old
    assert not list(old.parent.glob("autumn-results*")) and generation_file(path).exists()
    with SqliteRunLedger.open(path, "autumn") as ledger:
        assert words(ledger) == ["sent", "pending", "pending"]
    assert take_over(path, (old,), "autumn") is None


def test_one_that_a_run_holds_is_busy(path: Path, old: Path) -> None:
    with SqliteRunLedger.open(old, "autumn"), pytest.raises(LedgerBusyError):
        take_over(path, (old,), "autumn")
    assert old.exists()


def test_two_that_may_count_are_refused(path: Path, old: Path, tmp_path: Path) -> None:
    other = tmp_path / "x.ledger"
    begun(old)
    begun(other, sent=2)
    with pytest.raises(LedgerError, match="2 ledgers") as caught:
        take_over(path, (old, other), "autumn")
    assert str(old) in caught.value.where and str(other) in caught.value.where
    begun(path)
    with pytest.raises(LedgerError, match="3 ledgers"):
        locate(path, (old, other), "autumn")


def of_another_campaign(old: Path) -> None:
    begun(old, "spring")


def no_ledger(old: Path) -> None:
    old.write_text("email,name\n")


def empty(old: Path) -> None:
    old.touch()


@pytest.mark.parametrize("make", [of_another_campaign, no_ledger, empty])
def test_what_is_not_this_campaigns_is_left_alone(path: Path, old: Path, make: Callable[[Path], None]) -> None:
    make(old)
    before = old.read_bytes()
    assert locate(path, (old,), "autumn") == path
    assert take_over(path, (old,), "autumn") is None
    assert old.read_bytes() == before


def test_a_file_without_a_byte_is_no_ledger_yet(path: Path) -> None:
    assert not ledger_exists(path, "autumn")
    path.touch()
    assert not ledger_exists(path, "autumn") and ledger_exists(path, "autumn", empty=True)
    path.unlink()
    begun(path)
    assert ledger_exists(path, "autumn")


def test_a_ledger_that_was_brought_into_a_database_is_not_begun_anew(path: Path) -> None:
    """Whoever has lost the setting is told, in the place of mailing everybody again."""
    begun(path)
    path.rename(moved_file(path))
    with pytest.raises(LedgerError, match="brought into a database"):
        SqliteRunLedger.open(path, "autumn")
    with pytest.raises(LedgerError, match="brought into a database"), open_for_reading(path, "autumn"):
        pass
    with pytest.raises(LedgerError, match="is known there"):
        refuse_what_was_moved(path)
    assert not path.exists()


def test_only_a_file_is_missed_by_what_lies_beside_it(path: Path) -> None:
    place = DatabasePlace(url="postgresql://nobody@nowhere.example/campaigns", campaign="autumn")
    assert files_beside(path) == (generation_file(path),) and files_beside(place) == ()
    refuse_what_was_moved(place)
    assert locate(place, (), "autumn") == place, "without a file that might count, the database is not asked"


def test_a_campaign_is_mailed_once_whatever_link_or_output_led_to_it(tmp_path: Path, smtp_server: StartServer) -> None:
    """Seen: 3,000 contacts mailed again through a link to campaign.toml, and with another --output."""
    from typer.testing import CliRunner

    from campaign.cli import app

    server = smtp_server()
    campaign = SmallCampaign(tmp_path / "c").people(5)
    campaign.load(server.port)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "campaign.toml").symlink_to(campaign.path)
    environment = {"CAMPAIGN_LINK__SECRET": "0123456789abcdef0123456789abcdef"}
    for arguments in (
        [str(campaign.path)],
        [str(elsewhere / "campaign.toml")],
        [str(campaign.path), "--output", str(elsewhere / "other.csv")],
    ):
        assert CliRunner().invoke(app, ["send", "--yes", *arguments], env=environment).exit_code == 0
    assert len(server.accepted) == 5
    assert (elsewhere / "other.csv").exists() and not (elsewhere / "other.ledger").exists()


def test_a_path_that_is_set_later_takes_the_usual_ledger_with_it(tmp_path: Path, smtp_server: StartServer) -> None:
    """Seen: killed before there were results, then `[ledger] path` set: thirty people were mailed again."""
    from typer.testing import CliRunner

    from campaign.cli import app

    server = smtp_server()
    campaign = SmallCampaign(tmp_path / "c").people(5)
    campaign.load(server.port)
    environment = {"CAMPAIGN_LINK__SECRET": "0123456789abcdef0123456789abcdef"}
    assert CliRunner().invoke(app, ["send", "--yes", str(campaign.path)], env=environment).exit_code == 0
    (campaign.folder / "small-results.csv").unlink()
    elsewhere = tmp_path / "elsewhere" / "mine.ledger"
    elsewhere.parent.mkdir()
    environment["CAMPAIGN_LEDGER__PATH"] = str(elsewhere)
    assert CliRunner().invoke(app, ["send", "--yes", str(campaign.path)], env=environment).exit_code == 0
    assert len(server.accepted) == 5
    assert elsewhere.exists() and not campaign.ledger.exists()
