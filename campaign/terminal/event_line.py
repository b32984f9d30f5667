"""One event as one line of JSON on stderr.

Takes plain values. Raises nothing: that nobody reads it is no reason to stop. Not by `logging`: there are no levels, no
handlers and no loggers to choose from here, and what that does about a stream that is gone is to print a traceback.
"""

import contextlib
import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO


def write_event(
    event: str, fields: Mapping[str, object], *, stream: TextIO | None = None, at: float | None = None
) -> None:
    """Write one line. `at`: Unix seconds; None: now. All but ASCII is escaped, so no terminal obeys what is in it."""
    line = json.dumps({"time": _iso(time.time() if at is None else at), "event": event, **fields}, default=str)
    with contextlib.suppress(OSError, ValueError):
        out = stream or sys.stderr
        out.write(f"{line}\n")
        out.flush()


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
