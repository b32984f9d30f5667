"""The words for rows of a corrected file that the campaign never had: rows in, an error to raise out."""

from collections.abc import Sequence

from campaign.errors import ResultsError
from campaign.model import Row

_NAMED = 5


def unknown_rows(rows: Sequence[Row], *, where: str) -> ResultsError:
    """Name the first few rows, of the file `where`, and say what to do."""
    named = ", ".join(f"row {row.number} (line {row.line})" for row in rows[:_NAMED])
    left = len(rows) - _NAMED
    count = "1 row is" if len(rows) == 1 else f"{len(rows):,} rows are"
    return ResultsError(
        f"{count} none that this campaign ever had, as it seems",
        where=f"{where}, {named}" + (f" and {left:,} more" if left > 0 else ""),
        fix="add new people to the contacts file, and run `campaign send`; in a row whose address you corrected, "
        "leave the other cells as they are, its message_id above all",
    )
