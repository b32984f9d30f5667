"""The results as a pandas frame: the same columns, rows and names as the CSV, with types.

In goes the CSV's text; out comes a frame. Columns of the contacts file are `string`: what stood in the file, "" for an
empty cell, so `007` stays `007`, and `NA` stays the name it may be. Ours are `string` too, but for `attempts` and
`smtp_code` (`Int64`) and the moments (`datetime64[ns, UTC]`); where there is nothing, ours are NA (of a moment: NaT).

Limits: all of it is in memory, about 1 kB a row.
"""

from typing import TextIO

import pandas

from campaign.results.table import COLUMNS

_NUMBERS = ("attempts", "smtp_code")
_MOMENTS = ("settled_at", "link_expires_at")


def read_frame(table: TextIO) -> pandas.DataFrame:
    """Read it, from the beginning."""
    table.seek(0)
    frame = pandas.read_csv(table, dtype="string", keep_default_na=False, na_filter=False, lineterminator="\n")
    first = list(frame.columns).index(COLUMNS[0])
    for name in frame.columns[first:]:  # theirs stand in front, and may be called as one that only some results have
        known = frame[name].replace("", pandas.NA)
        if name in _NUMBERS:
            frame[name] = pandas.to_numeric(known).astype("Int64")
        elif name in _MOMENTS:
            frame[name] = pandas.to_datetime(known, utc=True).astype("datetime64[ns, UTC]")
        else:
            frame[name] = known
    return frame
