"""How this program was called, so that it can print the exact command that goes on from there.

Takes what the command line was given; gives lines that can be pasted into a POSIX shell. Raises nothing.
"""

import shlex
import shutil
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call of the program: whatever of it the next call has to repeat."""

    program: str
    """As it has to be typed; may be several words, already quoted."""
    campaign: Path
    """campaign.toml, as it was given."""
    output: Path | None = None
    sandbox: bool = False
    settings: Mapping[str, object] = field(default_factory=dict)
    """Options that stand for settings ("--host"), with their values; None was not given."""

    def line(self, verb: str, *more: str, without: Collection[str] = ()) -> str:
        """Give the command for `verb`, with `more` arguments and `without` these options of the last call."""
        words = [verb, str(self.campaign)]
        if self.output is not None:
            words += ["--output", str(self.output)]
        if self.sandbox:
            words.append("--sandbox")
        if verb in ("send", "resend"):
            for option, value in self.settings.items():
                if value is not None and option not in without:
                    words += [option, f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)]
        return f"{self.program} {shlex.join([*words, *more])}"


def program() -> str:
    """Say how to type this program's name: `campaign` where the shell finds this very one, else its path."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py" and called.parent.name == "campaign":
        return shlex.join([sys.executable, "-m", "campaign"])
    found = shutil.which("campaign")
    if called.name != "campaign" or (found is not None and Path(found).resolve() == called.resolve()):
        return "campaign"
    if called.is_absolute() and called.is_relative_to(Path.cwd()):
        called = called.relative_to(Path.cwd())
    typed = str(called)
    return shlex.quote(typed if "/" in typed else f"./{typed}")
