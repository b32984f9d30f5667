"""Stands for `campaign work` in tests of what places it: says where it is, and obeys what its words tell it.

    python -m tests.cluster.fake_work FOLDER BEHAVIOUR --name NAME

It writes a file `NAME.PID` to the folder while it works, and that is `NAME.drained` once it has drained. `stay` works
until it is drained; `refuse` ends with 2, as settings that don't fit do; `end` ends in order at once; `linger` takes
its time to drain.
"""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType


def main() -> int:
    folder, behaviour, _, name = sys.argv[1:]
    mark = Path(folder) / f"{name}.{os.getpid()}"
    drained = False

    def drain(number: int, frame: FrameType | None) -> None:
        nonlocal drained
        if drained:
            Path(folder, "told-twice").touch()
        drained = True

    signal.signal(signal.SIGTERM, drain)
    if behaviour == "refuse":
        print("error: the link secret is another\n  where: CAMPAIGN_LINK__SECRET\n  to do: set it", file=sys.stderr)
        return 2
    if behaviour == "end":
        return 0
    mark.touch()
    while not drained:
        time.sleep(0.02)
    if behaviour == "linger":
        Path(folder, "draining").touch()
        time.sleep(0.5)
    mark.rename(Path(folder, f"{name}.drained"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
