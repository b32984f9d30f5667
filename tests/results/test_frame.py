"""The results as a frame: the CSV's rows and names, with types, and nothing turned into something else."""

import io
from datetime import UTC, datetime

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.ledger.cells import encode_cells
from campaign.result_rows import ResultRow
from campaign.results import COLUMNS, write_table
from campaign.results.frame import read_frame


def row(cells: str, email: str | None = "a@b.example", **known: object) -> ResultRow:
    values: dict[str, object] = {
        "cells": cells,
        "email": email,
        "status": "sent",
        "attempts": 1,
        "smtp_code": 250,
        "enhanced_status": None,
        "detail": "",
        "settled_at": 1_764_180_000,
        "link_expires_at": None,
        "link_fingerprint": "ab12",
    }
    return ResultRow(**(values | known))  # type: ignore[arg-type]  # the test's own table


def frame(columns: list[str], *rows: ResultRow) -> pandas.DataFrame:
    table = io.StringIO()
    write_table(table, columns, rows, lambda email: f"<1.{email}>")
    return read_frame(table)


def test_contacts_cells_stay_what_they_are() -> None:
    found = frame(["email", "code", "name"], row('["a@b.example","007","NA"]'), row('["c@d.example","","1e5"]'))
    assert found["code"].tolist() == ["007", ""] and found["name"].tolist() == ["NA", "1e5"]


def test_ours_have_types_and_na_where_there_is_nothing() -> None:
    found = frame(["email"], row('["a@b.example"]'), row('["x"]', None, status="invalid", smtp_code=None, attempts=0))
    assert found["attempts"].dtype == "Int64" and found["attempts"].tolist() == [1, 0]
    assert found["smtp_code"].isna().tolist() == [False, True]
    assert found["settled_at"][0].to_pydatetime() == datetime(2025, 11, 26, 18, 0, tzinfo=UTC)
    assert str(found["settled_at"].dtype) == "datetime64[ns, UTC]"
    assert found["link_expires_at"].isna().all() and str(found["link_expires_at"].dtype) == "datetime64[ns, UTC]"
    assert found["message_id"].isna().tolist() == [False, True]
    assert found["detail"].isna().all() and found["detail"].dtype == "string"


def test_no_rows_are_a_frame_all_the_same() -> None:
    found = frame(["email"])
    assert found.empty and list(found.columns) == ["email", *COLUMNS]
    assert str(found["settled_at"].dtype) == "datetime64[ns, UTC]" and found["attempts"].dtype == "Int64"


def test_a_column_of_the_file_that_is_called_as_ours_keeps_its_text() -> None:
    found = frame(["email", "status"], row('["a@b.example","5"]'))
    assert found["contact_status"].tolist() == ["5"] and found["status"].tolist() == ["sent"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20))
def test_whatever_is_in_a_cell_comes_back(text: str) -> None:
    found = frame(["email", "x"], row(encode_cells(["a@b.example", text])))
    assert found["x"].tolist() == [text]


@pytest.mark.parametrize("name", ["a,b", 'a"b', "a b"])
def test_so_do_the_names_of_columns(name: str) -> None:
    assert frame([name], row('["1"]')).columns[0] == name
