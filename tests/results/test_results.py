"""The results CSV: every row in its place, ours at the end, harmless, and whole or not at all."""

import csv
import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import LedgerError, ResultsError
from campaign.result_rows import ResultRow
from campaign.results import COLUMNS, harmless, moment, unguarded, write_results
from campaign.visible import visible
from tests.disks import read_only


def standing(cells: Sequence[str], **values: Any) -> ResultRow:
    given: dict[str, Any] = {
        "cells": json.dumps(cells, ensure_ascii=False, separators=(",", ":")), "email": "a@b.example", "status": "sent",
        "attempts": 1, "smtp_code": 250, "enhanced_status": "2.0.0", "detail": "Ok", "settled_at": 1_800_000_000,
        "link_expires_at": 1_800_003_600, "link_fingerprint": "abc",
    }  # fmt: skip
    return ResultRow(**given | values)


def message_id(email: str) -> str:
    return f"<{email}>"


def written(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_the_columns_of_the_input_then_ours(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    write_results(path, ["email", "name"], [standing(["a@b.example", "Ann"])], message_id)
    assert path.read_text("utf-8") == (
        "email,name,status,attempts,smtp_code,enhanced_status,detail,message_id,settled_at,link_expires_at,"
        "link_fingerprint\n"
        "a@b.example,Ann,sent,1,250,2.0.0,Ok,<a@b.example>,2027-01-15T08:00:00+00:00,2027-01-15T09:00:00+00:00,abc\n"
    )


def test_a_row_that_nothing_is_known_of(tmp_path: Path) -> None:
    blank = standing(
        ["nobody"], email=None, status="invalid", attempts=0, smtp_code=None, enhanced_status=None, detail="",
        settled_at=None, link_expires_at=None, link_fingerprint=None,
    )  # fmt: skip
    write_results(tmp_path / "r.csv", ["email"], [blank], message_id)
    assert written(tmp_path / "r.csv")[1] == ["nobody", "invalid", "0", *[""] * 7]


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_AWKWARD = st.sampled_from(["", " ", ",", '"', "\n", "\r", "\r\n", "\\", "a,b", '"q"', "\0", "\x1f", "\x85", "\u2028"])


@given(
    rows=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(_TEXT | _AWKWARD, min_size=width, max_size=width), max_size=4)
    ),
    detail=_TEXT | _AWKWARD,
)
def test_every_cell_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], detail: str
) -> None:
    path = tmp_path_factory.mktemp("results") / "r.csv"
    columns = [f"column {number}" for number in range(len(rows[0]) if rows else 1)]
    write_results(path, columns, [standing(cells, detail=detail) for cells in rows], message_id)
    with path.open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert [[line[column] for column in columns] for line in found] == rows
    assert all(line["detail"] == harmless(visible(detail)) and line["link_fingerprint"] == "abc" for line in found)


def test_our_own_columns_fed_back_in_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    columns = ["email", *COLUMNS[:4], "name", *COLUMNS[4:]]
    cells = ["a@b.example", *["failed", "7", "451", "4.0.0"], "A, B", *["=1+1"] * 5]
    write_results(path, columns, [standing(cells)], message_id)
    header, line = written(path)
    assert header == ["email", "name", *COLUMNS]
    assert line[:5] == ["a@b.example", "A, B", "sent", "1", "250"]


def test_a_column_that_is_called_as_one_of_ours_keeps_its_cells_under_another_name(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    columns = ["email", "status", "detail", "contact_detail", "Status"]
    write_results(path, columns, [standing(["a@b.example", "gold", "blue", "green", "x"])], message_id)
    header, line = written(path)
    assert header == ["email", "contact_status", "contact_detail_", "contact_detail", "Status", *COLUMNS]
    assert line[:6] == ["a@b.example", "gold", "blue", "green", "x", "sent"]


def test_with_several_servers_there_is_a_column_that_says_which(tmp_path: Path) -> None:
    """A column of the contacts' own with that name has another one then, and only then."""
    path, rows = tmp_path / "r.csv", [standing(["a@b.example", "theirs"], server="ses")]
    write_results(path, ["email", "server"], rows, message_id, servers=True)
    (header, row) = written(path)
    assert header == ["email", "contact_server", *COLUMNS, "server"] and row[1] == "theirs" and row[-1] == "ses"
    write_results(path, ["email", "server"], rows, message_id)
    (header, row) = written(path)
    assert header == ["email", "server", *COLUMNS] and row[1] == "theirs"


def test_results_with_a_server_that_are_fed_back_in_lose_it_with_our_other_columns(tmp_path: Path) -> None:
    columns, cells = ["email", *COLUMNS, "server"], ["a@b.example", *[""] * 9, "ses"]
    write_results(tmp_path / "r.csv", columns, [standing(cells)], message_id)
    assert written(tmp_path / "r.csv")[0] == ["email", *COLUMNS]


def test_where_something_came_back_there_are_columns_that_say_what_and_where_that_is_found(tmp_path: Path) -> None:
    """Behind the server's; other people's file names start no formula."""
    path, place = tmp_path / "r.csv", "=mail, 1.log:7, queue id 4F2"
    row = standing(["a@b.example", "theirs"], server="ses", feedback="complaint 2026-11-27", evidence=place)
    write_results(path, ["email", "evidence"], [row, standing(["b", "x"])], message_id, servers=True, later=True)
    header, first, second = written(path)
    assert header == ["email", "contact_evidence", *COLUMNS, "server", "feedback", "evidence"]
    assert first[-3:] == ["ses", "complaint 2026-11-27", f"'{place}"] and second[-3:] == ["", "", ""]
    write_results(path, ["email", "evidence"], [row], message_id)
    assert written(path)[0] == ["email", "evidence", *COLUMNS]


def test_results_with_later_words_that_are_fed_back_in_have_them_replaced_and_not_repeated(tmp_path: Path) -> None:
    columns = ["email", *COLUMNS, "server", "feedback", "evidence"]
    row = standing(["a@b.example", *[""] * 9, "ses", "complaint 2025-01-01", "old"], evidence="new")
    for later in (False, True):
        write_results(tmp_path / "r.csv", columns, [row], message_id, later=later)
        header, line = written(tmp_path / "r.csv")
        assert header == ["email", *COLUMNS, *(["feedback", "evidence"] if later else [])]
    assert line[-2:] == ["", "new"]


def test_the_suppressed_have_no_message_id(tmp_path: Path) -> None:
    write_results(tmp_path / "r.csv", ["email"], [standing(["a@b.example"], status="suppressed")], message_id)
    assert written(tmp_path / "r.csv")[1][1 + COLUMNS.index("message_id")] == ""


def test_nothing_but_our_own_columns(tmp_path: Path) -> None:
    write_results(tmp_path / "r.csv", list(COLUMNS), [standing(["failed", *[""] * 8])], message_id)
    assert [line[0] for line in written(tmp_path / "r.csv")] == ["status", "sent"]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", " '=1", '"=1', "x;=1+1", "x; =1", "a\t@b",
        "\uff1d1+1", "550 no;+41 44", ";=1",
    ],
)  # fmt: skip
def test_no_cell_in_any_country_begins_like_a_formula(text: str) -> None:
    for separators in ("", ";", "\t", ";\t"):
        for line in harmless(text).splitlines():
            cells = [line]
            for separator in separators:
                cells = [part for cell in cells for part in cell.split(separator)]
            for cell in cells:
                assert not cell.strip().lstrip("\"' ").startswith(tuple("=+-@\uff1d")) or cell.startswith("'"), cell


@pytest.mark.parametrize("text", ["", "Ok: queued as 4ZX-1=2", "mailbox a@b full", "5 < 6; see a-b", "a, =b", "été"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_moments_are_utc() -> None:
    assert moment(0) == "1970-01-01T00:00:00+00:00"
    assert moment(None) == ""


def test_the_file_is_private_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "real.csv"
    real.parent.mkdir()
    real.write_text("old")
    link = tmp_path / "r.csv"
    link.symlink_to(real)
    write_results(link, ["email"], [standing(["a@b.example"])], message_id)
    assert link.is_symlink()
    assert real.read_text().startswith("email,status")
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_whoever_reads_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("old")

    def looking() -> Iterator[ResultRow]:
        for number in range(3000):
            if number % 1000 == 0:
                assert path.read_text() == "old"
            yield standing([f"{number}@b.example"])

    with path.open() as opened:  # as a spreadsheet has it
        write_results(path, ["email"], looking(), message_id)
        assert opened.read() == "old"
    assert len(written(path)) == 3001
    assert [one.name for one in tmp_path.iterdir()] == ["r.csv"]


def test_a_row_that_is_no_row_is_said_to_be_damage_and_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("old")
    good, bad = standing(["a@b.example"]), standing([])._replace(cells="\\nonsense")
    with pytest.raises(LedgerError, match="row 2 is damaged"):
        write_results(path, ["email"], [good, bad], message_id)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["r.csv"]


def assert_three_parts(error: ResultsError, path: Path) -> None:
    assert "can't be written" in error.what
    assert str(path) in error.where
    assert "campaign results" in error.fix


@pytest.mark.parametrize("where", ["missing/r.csv", "file/r.csv", "folder"])
def test_a_place_where_nothing_can_be_written(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ResultsError) as caught:
        write_results(tmp_path / where, ["email"], [standing(["a@b.example"])], message_id)
    assert_three_parts(caught.value, tmp_path / where)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder"]


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(ResultsError) as caught:
            write_results(path, ["email"], (standing(["a@b.example"]) for _ in range(50_000)), message_id)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert_three_parts(caught.value, path)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["r.csv"]


def test_a_disk_that_is_full(tiny_disk: Path) -> None:
    path = tiny_disk / "r.csv"
    path.write_text("old")
    with pytest.raises(ResultsError, match="No space left on device") as caught:
        write_results(path, ["email"], (standing(["a@b.example"]) for _ in range(100_000)), message_id)
    assert_three_parts(caught.value, path)
    assert path.read_text() == "old"
    assert [one.name for one in tiny_disk.iterdir()] == ["r.csv"]


def test_a_folder_that_may_not_be_written(guarded_folder: Path) -> None:
    path = guarded_folder / "r.csv"
    path.write_text("old")
    with read_only(guarded_folder), pytest.raises(ResultsError) as caught:
        write_results(path, ["email"], [standing(["a@b.example"])], message_id)
    assert_three_parts(caught.value, path)
    assert path.read_text() == "old"


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    """It holds people's data. What a living process, or another program, keeps there is left alone."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    path = tmp_path / "results.csv"
    left = tmp_path / f".results.csv-{ended.pid}-abc"
    others = [
        tmp_path / name
        for name in (f".results.csv-{os.getpid()}-abc", ".results.csv-x-abc", ".results.csv-", f"results-{ended.pid}-a")
    ]
    for file in (left, *others):
        file.write_text("ann@people.example")
    write_results(path, ["email"], [], str)
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])


@given(text=st.text(st.sampled_from("=+-@\uff1d;\t\r\n '\"1a"), max_size=12) | st.text(max_size=6))
def test_what_is_guarded_comes_back_as_it_was(text: str) -> None:
    assert unguarded(harmless(text)) == text


@pytest.mark.parametrize("safe", [False, True])
def test_contact_cells_are_guarded_where_that_is_asked_for_and_what_servers_say_always(
    tmp_path: Path, safe: bool
) -> None:
    path = tmp_path / "r.csv"
    cells = ["+tag@b.example", "=HYPERLINK(1)", "plain"]
    write_results(path, ["email", "=name", "note"], [standing(cells, detail="=1+1")], message_id, safe=safe)
    with path.open(newline="") as file:
        header, row = csv.reader(file)
    guard = "'" if safe else ""
    assert header[:3] == ["email", f"{guard}=name", "note"]
    assert row[:3] == [f"{guard}+tag@b.example", f"{guard}=HYPERLINK(1)", "plain"]
    assert row[header.index("detail")] == "'=1+1"
