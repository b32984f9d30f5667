"""The results CSV: the ledger's picture, for people.

table   the rows, as text
file    the file that they stand in, which takes the place of nothing that is not ours
"""

from campaign.results.file import Written, refuse_foreign, write_results
from campaign.results.formulas import harmless, unguarded
from campaign.results.table import COLUMNS, EVIDENCE, FEEDBACK, SERVER, moment, our_columns, result_names, write_table

__all__ = [
    "COLUMNS",
    "EVIDENCE",
    "FEEDBACK",
    "SERVER",
    "Written",
    "harmless",
    "moment",
    "our_columns",
    "refuse_foreign",
    "result_names",
    "unguarded",
    "write_results",
    "write_table",
]
