"""What a check finds, for programs: every finding has the same fields, and none is told twice."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import campaign
from campaign.check.findings import Findings, Quiet
from campaign.commands.check_document import finding_document
from campaign.deliverability import Finding, Severity
from campaign.errors import CampaignError, LedgerError, SettingsError

ROOT = Path(campaign.__file__).parent
FIELDS = {"kind", "rule", "what", "where", "fix"}


def found_in_every_way() -> list[dict[str, object]]:
    found = Findings(Quiet())
    found.ok("window", "open")
    found.note("odd", rule="contacts_odd")
    found.note("odd", rule="html_clipped", where="body.html", fix="make it shorter")
    found.fault(SettingsError("it is missing", where="the environment", fix="set it"))
    found.tell(Finding(severity=Severity.OK, rule="spam", what="fine"))
    found.tell(Finding(severity=Severity.NOTE, rule="spam", what="so so", where="row 1", fix="look"))
    found.tell(Finding(severity=Severity.WRONG, rule="spam", what="bad", where="row 1", fix="look"))
    return [finding_document(one) for one in found.found]


def test_every_finding_has_the_same_fields() -> None:
    found = found_in_every_way()
    assert all(one.keys() >= FIELDS and all(isinstance(one[field], str) for field in FIELDS) for one in found)
    assert all(one["rule"] and one["what"] for one in found)
    assert [one["kind"] for one in found] == ["ok", "note", "note", "wrong", "ok", "note", "wrong"]


def test_the_older_names_are_kept() -> None:
    for one in found_in_every_way():
        extra = {name: one[name] for name in one.keys() - FIELDS}
        expected = {"ok": {"words": one["what"], "subject": one["rule"]}, "note": {"words": one["what"]}, "wrong": {}}
        assert extra == expected[str(one["kind"])]


def test_what_is_wrong_is_told_once_though_details_have_come_since() -> None:
    found = Findings(Quiet())
    for _ in range(2):
        found.fault(SettingsError("it is missing"))
        found.detail("  more")
    (one,) = found.found
    assert one.details == ("more", "more") and (found.wrong, found.notes) == (1, 0)


@pytest.mark.parametrize(
    ("error", "rule"),
    [
        (SettingsError("x"), "settings"),
        (LedgerError("x"), "ledger"),
        (CampaignError("x", reason="sign_in_refused"), "sign_in_refused"),
    ],
)
def test_an_error_without_a_rule_has_its_reason_or_its_kind(error: CampaignError, rule: str) -> None:
    found = Findings(Quiet())
    found.fault(error)
    assert [one.rule for one in found.found] == [rule]


def _rules(path: Path) -> Iterator[str]:
    """Every rule that a module names; a part that is put in is any word."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        for word in node.keywords if isinstance(node, ast.Call) else ():
            if word.arg == "rule" and isinstance(word.value, ast.Constant):
                yield re.escape(str(word.value.value))
            elif word.arg == "rule" and isinstance(word.value, ast.JoinedStr):
                yield "".join(
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+"
                    for part in word.value.values
                )


def test_every_rule_of_the_check_is_in_the_guide() -> None:
    text = (ROOT / "guide" / "json.md").read_text("utf-8")
    rules = {rule for path in (ROOT / "check").glob("*.py") for rule in _rules(path)}
    assert {"html_clipped", r"link_missing_in_\w+"} <= rules
    assert [rule for rule in sorted(rules) if re.search(f"`{rule}`", text) is None] == []
