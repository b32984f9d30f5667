"""A program in SpamAssassin's place, which says what a test wants."""

import sys
from pathlib import Path

_PROGRAM = """#!{python}
import json, os, sys
message = open(sys.argv[-1], "rb").read()
asked = {{"arguments": sys.argv[1:], "environment": dict(os.environ), "message": message.decode()}}
with open({asked!r}, "a") as file:
    file.write(json.dumps(asked) + "\\n")
(mark,) = [word.split()[1] for word in sys.argv if word.startswith("--cf=report ") and "_SCORE_" in word]
sys.stdout.buffer.write(message)
print(mark, {points!r}, {required!r}, "4.0.1")
print({rules!r})
"""


def stand_in(folder: Path, rules: str = "", *, points: str = "0.0", required: str = "5.0") -> Path:
    """Make `spamassassin` in a folder. It notes in asked.json, a line each time, what it was asked."""
    program = folder / "spamassassin"
    program.write_text(
        _PROGRAM.format(
            python=sys.executable, asked=str(folder / "asked.json"), points=points, required=required, rules=rules
        )
    )
    program.chmod(0o700)
    return program
