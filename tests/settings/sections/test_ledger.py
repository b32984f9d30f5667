"""[ledger]: a file or a database, and no password where others can read it."""

import pytest

from campaign.ledger_place import DatabasePlace
from campaign.settings import output_paths, own_files, secret_files
from tests.settings.campaign_files import MINIMAL, Document, Folder, changed

PASSWORD = "CAMPAIGN_LEDGER__PASSWORD"
URL = "postgresql://campaign@db.acme.example/campaign"


def _at(url: str) -> Document:
    return changed(ledger={"url": url})


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "postgresql://db/campaign",
        "postgresql://mail%40acme@[2001:db8::1]:5433/c?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql://one:5432,two:5432/campaign?target_session_attrs=read-write",
        "postgresql://%2Fvar%2Frun%2Fpostgresql/campaign",
        "postgresql:///campaign?host=/var/run/postgresql&application_name=a:b@c",
        "postgresql:///?service=campaign",
        "postgresql://db/?dbname=campaign",
    ],
)
def test_what_libpq_takes_is_taken(folder: Folder, url: str) -> None:
    assert folder.load(_at(url)).ledger.url == url


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("db.acme.example/campaign", "begin with postgresql://"),
        ("mysql://db/campaign", "begin with postgresql://"),
        ("postgresql://u:hunter2@db/campaign", "password in it"),
        ("postgresql://u:hun/ter2@db/campaign", "password in it"),
        ("postgresql://u:hun@ter2@db/campaign", "password in it"),
        ("postgresql://u@db/campaign?password=hunter2", "password in it"),
        ("postgresql://u@db/campaign?sslpassword=hunter2", "password in it"),
        ("postgresql://u@db/campaign?PASSWORD=hunter2", "PostgreSQL does not have"),
        ("postgresql://u@db/campaign?passwd=hunter2", "PostgreSQL does not have"),
        ("postgresql://u@db/campaign?scram_client_key=hunter2", "password in it"),
        ("postgresql://u%3Ahunter2@db/campaign", "password in it"),
        ("postgresql://db/campaign?user=u%3Ahunter2", "password in it"),
        ("postgresql://db/campaign?user=u;password=hunter2", "no database's address"),
        ("postgresql://u@db/campaign%", "no database's address"),
        ("postgresql://u@[::1]5432/campaign", "no database's address"),
        ("postgresql:///campaign", "no host"),
        ("postgresql://u@db", "no database"),
        ("postgresql://db:port/campaign", "no database's address"),
        ("postgresql://db:0/campaign", "no database's address"),
        ("postgresql://db/campaign?sslmode", "no database's address"),
        ("postgresql://[db/campaign", "no database's address"),
        ("postgresql://d b/campaign", "no database's address"),
    ],
)
def test_what_is_none_is_refused_and_never_quoted(folder: Folder, url: str, word: str) -> None:
    """It may hold a password."""
    error = folder.refusal(_at(url))
    assert "ledger.url" in error.what and word in error.what
    assert "hun" not in str(error) and "ter2" not in str(error)


def test_a_campaign_has_one_ledger(folder: Folder) -> None:
    error = folder.refusal(changed(ledger={"url": URL, "path": "autumn.ledger"}))
    assert "ledger.url" in error.what and "ledger.path is set as well" in error.what


def test_the_password_comes_from_the_environment_and_is_shown_nowhere(folder: Folder) -> None:
    loaded = folder.load(_at(URL), {PASSWORD: "hunter2"})
    place = output_paths(loaded, None, False).ledger
    assert place == DatabasePlace(url=URL, campaign="autumn-orders", password="hunter2")
    assert "hunter2" not in repr(loaded) + repr(place) + str(place)
    (folder.path / "secret").write_text("hunter3\n")
    password = folder.load(_at(URL), {f"{PASSWORD}_FILE": "secret"}).ledger.password
    assert password is not None and password.get_secret_value() == "hunter3"


def test_a_password_without_a_database_hurts_nobody(folder: Folder) -> None:
    assert output_paths(folder.load(MINIMAL, {PASSWORD: "x"}), None, False).ledger == (
        folder.path / "autumn-orders.ledger"
    )


def test_a_real_run_goes_by_the_database_and_the_sandbox_by_a_file(folder: Folder) -> None:
    loaded = folder.load(_at(URL))
    found = output_paths(loaded, None, False)
    assert found.ledger == DatabasePlace(url=URL, campaign="autumn-orders")
    assert folder.path / "autumn-orders.ledger" in found.earlier  # one that is there is never ignored
    assert output_paths(loaded, None, True).ledger == folder.path / "autumn-orders-sandbox.ledger"


def test_the_file_that_a_ledger_was_moved_out_of_is_no_attachment(folder: Folder) -> None:
    assert folder.path.resolve() / "autumn-orders.ledger-moved" in own_files(folder.load(_at(URL)))


def test_the_file_of_its_password_is_known_as_a_secret(folder: Folder) -> None:
    found = secret_files(folder.load(_at(URL)), {f"{PASSWORD}_FILE": "secret"})
    assert found == {f"{PASSWORD}_FILE": folder.path.resolve() / "secret"}
