"""The examples of a page of the guide, as they stand there."""

import re
import textwrap

from campaign.commands.guide import page


def blocks(subject: str, language: str) -> list[str]:
    """Every block in this language, in order."""
    written = re.findall(rf"^ *```{language}\n(.*?)^ *```", page(subject), re.MULTILINE | re.DOTALL)
    found = [textwrap.dedent(one) for one in written]
    assert found, f"{subject} has no block in {language}"
    return found
