"""campaign/guide/relays.md is held against the servers that the tests know."""

from importlib.resources import files
from pathlib import Path

import pytest

from tests.real_servers import page
from tests.real_servers.servers import SERVERS


def _server(row: tuple[str, ...]) -> str:
    return row[0].rpartition(" ")[0]


@pytest.mark.parametrize("table", page.KEYS)
def test_every_server_has_its_rows(table: str) -> None:
    assert {_server(row) for row in page.rows_of(table)} == set(SERVERS)


def test_every_result_is_one_that_the_tests_write() -> None:
    for row in page.rows_of("results"):
        assert len(row) == 6, row
        assert row[1] in ("none", "starttls", "tls") and row[2] in ("yes", "no"), row
        assert "sent, exact" in row[3], row


def test_it_is_the_page_that_is_installed_and_readme_names_it() -> None:
    assert Path(str(files("campaign") / "guide" / "relays.md")) == page.PAGE
    assert "(campaign/guide/relays.md)" in (page.PAGE.parents[2] / "README.md").read_text("utf-8")


def test_new_findings_take_the_place_of_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "relays.md"
    copy.write_text(page.PAGE.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(page, "PAGE", copy)
    before, text = page.rows_of("pipelining"), copy.read_text("utf-8")
    page.write_findings({"pipelining": [("Postfix 99.1", "refused"), ("Another 1", "taken")]})
    after = page.rows_of("pipelining")
    assert ("Postfix 99.1", "refused") in after and ("Another 1", "taken") in after
    assert {_server(row) for row in after} == {*map(_server, before), "Another"}
    assert len(after) == len(before) + 1
    page.write_findings({"pipelining": before})
    assert copy.read_text("utf-8").replace("| Another 1 | taken |\n", "") == text
