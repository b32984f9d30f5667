"""The libraries that only some campaigns need: how to install one that isn't there.

In goes the name of an extra (`dkim`, `css`, `mjml`; pyproject.toml), out comes the command. It names the Python that
runs, since the `pip` on somebody's path may be another's: that one would fetch whatever is called "campaign" elsewhere.
Raises nothing.
"""

import shlex
import sys


def install_command(extra: str) -> str:
    """Give the command for a shell."""
    return f"{shlex.quote(sys.executable or 'python3')} -m pip install 'campaign[{extra}]'"
