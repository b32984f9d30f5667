"""The rules by which a program tells one finding of `campaign check` from another: the guide has them all."""

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import campaign
from campaign.commands.guide import page

ROOT = Path(campaign.__file__).parent
OF_THE_DNS = re.compile(r"(spf|dkim|dmarc|dns)_[a-z_]+").fullmatch


def rules_in(source: str) -> Iterator[str]:
    """The constants that are handed on as rules, by keyword or to `found.ok`; and what looks like one of the DNS's."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            given = [keyword.value for keyword in node.keywords if keyword.arg == "rule"]
            given += node.args[:1] if isinstance(node.func, ast.Attribute) and node.func.attr == "ok" else []
            yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and OF_THE_DNS(node.value):
            yield node.value


def test_the_guide_has_every_rule() -> None:
    files = chain((ROOT / "check").glob("*.py"), (ROOT / "deliverability").rglob("*.py"))
    rules = {rule for file in files for rule in rules_in(file.read_text("utf-8"))}
    assert {"contacts", "spam", "spf_missing", "dmarc_none", "window_too_short"} < rules
    guide = page("json") + page("inbox")
    assert [rule for rule in sorted(rules) if f"`{rule}`" not in guide] == []
