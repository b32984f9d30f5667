"""A row's cells and the JSON of them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.ledger.cells import decode_cells, encode_cells

_CELL = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(['"', "\\", '","', "\x7f", "\u2028", "\n"])


@given(st.lists(_CELL))
def test_as_the_standard_library_writes_it(cells: list[str]) -> None:
    text = encode_cells(cells)
    assert text == json.dumps(cells, ensure_ascii=False, separators=(",", ":"))
    assert decode_cells(text) == cells


@pytest.mark.parametrize("text", ["", "x", "{}", '["a"]x', '["a"', "null", '"a"'])
def test_nothing_else_is_taken_for_cells(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_cells(text)
