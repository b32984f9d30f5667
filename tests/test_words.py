"""What a person reads: one style, singular and plural, and words that a reader of simple English gets at once."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import campaign

ROOT = Path(campaign.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
ASSETS = sorted([*(ROOT / "pages").glob("*.html"), *ROOT.rglob("*.md"), ROOT.parent / "README.md"])
ERRORS = re.compile(r"(?:Error|Fault|StopReason|Refusal|refused)$")
NAMES = ("Amazon", "Excel", "Exchange", "Exim", "Gmail", "Microsoft", "Postal", "Postfix", "Proofpoint", "Ctrl")
"""Words that begin with a capital wherever they stand."""


def _strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text but the docstrings, with its line; what is filled in is "{}"."""
    hidden: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            hidden.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            hidden.update(id(part) for part in node.values)
            yield node.lineno, _text(node)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in hidden:
            yield node.lineno, node.value


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def _error_words(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """What errors say: `what` and `fix`, where they are written out."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if ERRORS.search(name):
            given = [*node.args, *(word.value for word in node.keywords if word.arg in ("what", "fix"))]
            yield from ((one.lineno, _text(one)) for one in given)


def _parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_there_is_a_singular_and_a_plural(path: Path) -> None:
    """Never "message(s)", whatever the number."""
    found = [(line, words) for line, words in _strings(_parsed(path)) if re.search(r"\w\((?:s|es|ies)\)", words)]
    # A pattern for what others write may have an optional letter.
    assert [(line, words) for line, words in found if "\\" not in words and "?:" not in words] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_errors_are_written_in_one_style(path: Path) -> None:
    """As they are shown, behind "error: " and "to do: ": with a small letter, without a full stop at the end."""
    for line, words in _error_words(_parsed(path)):
        where = f"{path.name}, line {line}: {words!r}"
        first = words.partition(" ")[0].strip(",;:'")
        assert not (first.istitle() and len(first) > 1 and first not in NAMES), f"{where} begins with a capital"
        assert not re.search(r"(?<!\.)\.$", words), f"{where} ends with a full stop"


@pytest.mark.parametrize("word", ["mended", "mend it", "mend them", "no session with", "to send again what", "got it"])
def test_words_that_are_hard_to_get_are_not_used(word: str) -> None:
    for path in FILES:
        for line, words in _strings(_parsed(path)):
            assert " " not in words or not _has(words, word), f"{path.name}, line {line}"
    for path in ASSETS:
        assert not _has(path.read_text("utf-8"), word), path.name


def _has(text: str, word: str) -> bool:
    return re.search(rf"\b{word}\b", text) is not None
