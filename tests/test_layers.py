"""The house's plan, held against the imports: they go down only, rooms do not know each other, libraries have homes."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import campaign

ROOT = Path(campaign.__file__).parent
MODULES = {path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."): path for path in ROOT.rglob("*.py")}

LAYERS = {
    "words": ("__init__", "model", "errors", "durations", "pages"),
    "setup": ("settings", "window"),
    "rooms": (
        *("contacts", "links", "content", "message", "smtp", "delivery", "backoff", "pace"),
        *("ledger", "results", "preview", "report", "sandbox"),
    ),
    "order": ("pipeline",),
    "face": (
        "colour",
        "console",
        "ending",
        "exits",
        "invocation",
        "live_line",
        "options",
        "starter",
        "stdout",
        "terminal",
        "usage",
        "commands",
        "cli",
        "__main__",
    ),
}
ORDER = list(LAYERS)
PART_OF = {part: layer for layer, parts in LAYERS.items() for part in parts}

HOMES = {
    "pandas": {"contacts"},
    "email_validator": {"contacts", "settings"},  # the contacts' addresses, and the operator's own
    "jwt": {"links"},
    "jinja2": {"content"},
    "markupsafe": {"content"},
    "inscriptis": {"content"},
    "lxml": {"content"},
    "pydantic": {"settings"},
    "pydantic_settings": {"settings"},
    "scramp": {"smtp"},
    "tenacity": {"backoff"},
    "sqlite3": {"ledger", "pipeline", "commands"},  # the latter only pass a connection on to the ledger's questions
    "aiosmtpd": {"sandbox"},
    "rich": {"live_line", "terminal"},  # how wide characters are; the guide; typer brings it
    "typer": {"cli", "options", "exits", "usage", "console", "commands"},
}
"""Third-party libraries, and those of Python's own that the design gives one room."""


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    """What a file imports, dotted and whole, with its line: wherever it stands, in a function, too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = ("campaign", *path.relative_to(ROOT).parts)[: -node.level]
                base = ".".join([*package, *filter(None, [node.module])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield (whole if whole.removeprefix("campaign.") in MODULES else base, node.lineno)


def _part(module: str) -> str:
    """The part of the house that a module of ours belongs to."""
    name = module.removeprefix("campaign").removeprefix(".")
    return name.split(".")[0] or "__init__"


def test_every_module_has_its_place_in_the_plan() -> None:
    assert {_part(name) for name in MODULES} == set(PART_OF)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_go_down_only_and_rooms_do_not_import_each_other(name: str) -> None:
    part = _part(name)
    for imported, line in _imports(MODULES[name]):
        if imported.split(".")[0] != "campaign":
            continue
        other = _part(imported)
        if other == part:
            continue
        where = f"campaign/{name.replace('.', '/')}.py, line {line}: {part} imports {other}"
        mine, theirs = ORDER.index(PART_OF[part]), ORDER.index(PART_OF[other])
        assert theirs <= mine, f"{where}, which lies above it"
        if PART_OF[part] == "rooms":
            assert PART_OF[other] == "words", f"{where}: a room knows the words and itself"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_each_library_lives_in_its_room(name: str) -> None:
    for imported, line in _imports(MODULES[name]):
        library = imported.split(".")[0]
        homes = HOMES.get(library)
        where = f"campaign/{name.replace('.', '/')}.py, line {line}"
        assert homes is None or _part(name) in homes, f"{where}: {library} lives in {', '.join(homes or ())}"


def test_every_library_that_is_installed_for_us_has_a_home() -> None:
    known = {*HOMES, *sys.stdlib_module_names, "campaign"}
    imported = {name.split(".")[0] for path in MODULES.values() for name, _ in _imports(path)}
    assert imported <= known, f"no room is given to {imported - known}"
