"""What of a ledger is copied, table by table: all that the campaign knows of its people, and nothing of a run that goes
on. The same columns stand in both databases (`campaign/ledger/sqlite/tables.py`, `tables.py`).
"""

from collections.abc import Mapping

COPIED: Mapping[str, tuple[str, ...]] = {
    "contact": ("address", "id", "roster", "row"),
    "suppressed": ("address", "list", "line"),
    "entry": ("row", "line", "contact", "email", "status", "detail", "chosen", "cells"),
    "delivery": (
        *("contact", "status", "attempts", "tries", "smtp_code", "enhanced", "detail", "settled_at"),
        *("link_expires_at", "link_fingerprint", "server"),
    ),
    "timeline": ("begins", "seconds", "rate", "allowed", "accepted", "put_off"),
    "erased": ("mark", "day"),
    "evidence": (
        *("contact", "kind", "id", "moment", "source", "place", "code", "enhanced", "detail", "recorded_at", "word"),
        *("word_before", "code_before", "enhanced_before", "detail_before", "settled_before"),
    ),
    "later_word": ("contact", "evidence", "feedback", "reopened_at", "came_back_at", "left_at", "reply"),
}
"""Besides these: facts, of which each place has some of its own; and the tally, which is counted anew."""
