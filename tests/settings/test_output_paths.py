"""Where results and ledger lie, and what they must not overwrite."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import SettingsError
from campaign.settings import load_settings, output_paths
from tests.settings.campaign_files import PROPERTY, Folder, changed


def test_results_and_ledger_lie_beside_the_file(folder: Folder) -> None:
    assert output_paths(folder.load(), None, False) == (
        folder.path / "autumn-orders-results.csv",
        folder.path / "autumn-orders.ledger",
        (folder.path / "autumn-orders-results.ledger",),
    )
    assert output_paths(folder.load(), None, True) == (
        folder.path / "autumn-orders-sandbox-results.csv",
        folder.path / "autumn-orders-sandbox.ledger",
        (folder.path / "autumn-orders-sandbox-results.ledger",),
    )


@pytest.mark.parametrize(
    ("output", "earlier", "sandbox_earlier"),
    [
        ("X.csv", "X.ledger", "X-sandbox.ledger"),
        ("X.CSV", "X.ledger", "X-sandbox.ledger"),
        ("X", "X.ledger", "X-sandbox.ledger"),
        ("v1.2", "v1.2.ledger", "v1.2-sandbox.ledger"),
        ("sub/a.b.csv", "sub/a.b.ledger", "sub/a.b-sandbox.ledger"),
    ],
)
def test_an_output_moves_the_results_alone(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, output: str, earlier: str, sandbox_earlier: str
) -> None:
    """One name, one ledger: who was mailed does not hang on where the results go."""
    loaded = folder.load()
    elsewhere = folder.path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    for sandbox, old in ((False, earlier), (True, sandbox_earlier)):
        found = output_paths(loaded, Path(output), sandbox)
        assert found.results == elsewhere / output
        assert found.ledger == output_paths(loaded, None, sandbox).ledger
        assert elsewhere / old in found.earlier


def test_a_ledger_may_have_a_place_of_its_own(folder: Folder) -> None:
    loaded = folder.load(changed(ledger={"path": "kept/who.db"}))
    assert output_paths(loaded, None, False).ledger == folder.path / "kept" / "who.db"
    assert output_paths(loaded, None, True).ledger == folder.path / "kept" / "who-sandbox.db"


def test_a_link_to_the_settings_leads_to_the_same_ledger(folder: Folder, tmp_path: Path) -> None:
    loaded = folder.load()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "link.toml").symlink_to(folder.file)
    linked = load_settings(elsewhere / "link.toml", environ={})
    assert output_paths(linked, None, False) == output_paths(loaded, None, False)
    assert linked.contacts.file == loaded.contacts.file


def test_a_link_in_place_of_the_ledger_is_followed(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (folder.path / "autumn-orders.ledger").symlink_to(tmp_path / "disk" / "who.ledger")
    assert output_paths(folder.load(), None, False).ledger == tmp_path / "disk" / "who.ledger"


@PROPERTY
@given(
    st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,20}", fullmatch=True),
    st.sampled_from([None, "out.csv", "b-sandbox.csv"]),
)
def test_a_sandbox_run_never_shares_a_ledger_with_a_real_one(folder: Folder, name: str, output: str | None) -> None:
    if folder.attempt(changed(name=name)) is None:
        loaded = folder.load(changed(name=name))
        path = None if output is None else folder.path / output
        assert output_paths(loaded, path, True)[1] != output_paths(loaded, path, False)[1]


@pytest.mark.parametrize(
    "output", ["contacts.csv", "gone.csv", "campaign.toml", "linked.csv", ".", "x.ledger", "sub/../contacts.csv"]
)
def test_an_output_that_would_overwrite_what_is_read_is_refused(folder: Folder, output: str) -> None:
    loaded = folder.load(changed(contacts={"suppress": ["gone.csv"]}))
    (folder.path / "contacts.csv").write_text("email\n")
    (folder.path / "linked.csv").symlink_to(folder.path / "contacts.csv")
    (folder.path / "sub").mkdir()
    with pytest.raises(SettingsError) as caught:
        output_paths(loaded, folder.path / output, False)
    assert caught.value.fix and "ledger would" not in caught.value.what


def test_a_ledger_that_would_overwrite_what_is_read_is_refused_by_its_name(folder: Folder) -> None:
    loaded = folder.load(changed(ledger={"path": "contacts.csv"}))
    with pytest.raises(SettingsError) as caught:
        output_paths(loaded, None, False)
    assert caught.value.what == f"the ledger would overwrite {folder.path / 'contacts.csv'}"
    assert "ledger.path" in caught.value.fix
