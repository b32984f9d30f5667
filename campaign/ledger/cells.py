"""A row's cells ↔ the JSON array of strings that the ledger keeps of them.

`encode_cells` writes most rows without the encoder's detour, byte for byte as it would. `decode_cells` raises
ValueError for what is not such an array.
"""

import json
from collections.abc import Sequence

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_decode = json.JSONDecoder().raw_decode


def encode_cells(cells: Sequence[str]) -> str:
    """Give the cells as a JSON array."""
    inner = '","'.join(cells)
    if inner.isprintable() and "\\" not in inner and inner.count('"') == 2 * len(cells) - 2 >= 0:
        return f'["{inner}"]'  # nothing in it that JSON would escape
    return _encode(cells)


def decode_cells(text: str) -> list[str]:
    """Give the cells of a JSON array."""
    cells, end = _decode(text)
    if end != len(text) or type(cells) is not list:
        raise ValueError("not an array of cells")
    return cells
