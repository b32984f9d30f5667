"""The house's plan, held against the imports: they go down only, rooms of one floor do not know each other, and each
library has one room.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

import campaign

ROOT = Path(campaign.__file__).parent
SOURCES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in ROOT.rglob("*.py")}
"""Every module of the house: its file, relative to the package, and its text."""

FLOORS = (
    ("__main__",),
    ("cli",),
    ("commands",),
    ("terminal", "api"),
    ("check", "testing"),
    ("run",),
    ("worker",),
    (
        *("contacts", "links", "content", "message", "dkim", "smtp", "ledger"),
        *("results", "preview", "report", "metrics", "sandbox", "deliverability", "settle", "cluster"),
    ),
    ("settings",),
    ("contact_clocks",),
    ("schedule",),
    ("window",),
    ("daily_plan",),
    (
        "hours",
        "durations",
        "host_names",
        "private_files",
        "confined_files",
        "relays",
        "visible",
        "core_dumps",
        "extras",
        "histogram",
    ),
    ("evidence", "result_rows", "ledger_place"),
    ("model", "run_now", "errors", "pages", "__init__"),
)
"""From the top to the bottom. What `campaign/__init__.py` hands on of the upper floors, it imports when asked for."""
FLOOR_OF = {part: floor for floor, parts in enumerate(FLOORS) for part in parts}
ROOMS = next(floor for floor in FLOORS if "smtp" in floor)
KNOWN_TO_ROOMS = set(chain(*FLOORS[FLOORS.index(("window",)) + 1 :]))
"""A room takes what it needs as plain values: it knows no settings, and no window."""

HOMES = {
    "pandas": {"contacts", "results", "api"},  # the file read, the frame made, and named as what `results` gives
    "email_validator": {"contacts", "settings"},  # the contacts' addresses, and the operator's own
    "jwt": {"links"},
    "cryptography": {"dkim"},
    "css_inline": {"content"},
    "mrml": {"content"},
    "dns": {"deliverability"},
    "tinycss2": {"deliverability"},
    "cssselect2": {"deliverability"},
    "jinja2": {"content"},
    "markupsafe": {"content"},
    "inscriptis": {"content"},
    "lxml": {"content", "deliverability"},  # HTML made into text, and HTML looked at
    "puremagic": {"message"},
    "prometheus_client": {"metrics"},
    "pygal": {"report"},
    "pydantic": {"settings"},
    "pydantic_settings": {"settings"},
    "scramp": {"smtp"},
    "tenacity": {"worker"},
    "sqlite3": {"ledger"},
    "psycopg": {"ledger"},
    "distributed": {"cluster"},
    "cloudpickle": {"cluster"},
    "flufl": {"settle"},
    "imapclient": {"settle"},
    "aiosmtpd": {"sandbox", "testing"},
    "rich": {"terminal"},  # how wide characters are; typer brings it
    "typer": {"cli", "commands", "terminal"},
}
"""Third-party libraries, and those of Python's own that the design gives one room."""

IS_SQL = re.compile(
    r"\s*(SELECT\s.+|INSERT (OR \w+ )?INTO\s.+|REPLACE INTO\s.+|UPDATE \w+ SET\s.+|DELETE FROM\s.+|PRAGMA \w+.*"
    r"|(CREATE|ALTER|DROP) (TABLE|INDEX)\s.+|BEGIN( \w+)?|COMMIT|ROLLBACK.*|VACUUM.*)",
    re.DOTALL,
).fullmatch


def _part(name: str) -> str:
    """The part of the house that a file or a dotted module of ours belongs to."""
    return name.removeprefix("campaign").lstrip(".").replace("/", ".").removesuffix(".py").split(".")[0] or "__init__"


@cache
def _nodes(source: str) -> tuple[ast.AST, ...]:
    """A file's whole syntax tree, parsed once."""
    return tuple(ast.walk(ast.parse(source)))


def _imports(modules: Mapping[str, str]) -> Iterator[tuple[str, str, int]]:
    """What each file imports, dotted and whole, with the line: wherever it stands, in a function, too."""
    known = {_dotted(name) for name in modules}
    for file, source in modules.items():
        for node in _nodes(source):
            if isinstance(node, ast.Import):
                yield from ((file, alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    package = ("campaign", *Path(file).parts)[: -node.level]
                    base = ".".join([*package, *filter(None, [node.module])])
                for alias in node.names:
                    whole = f"{base}.{alias.name}"
                    yield file, whole if whole.removeprefix("campaign.") in known else base, node.lineno


def _dotted(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def violations(modules: Mapping[str, str]) -> list[str]:
    """Say each import that goes upward, or across a floor, or past what a room may know. In: files and their texts."""
    found = []
    for file, imported, line in _imports(modules):
        part, other = _part(file), _part(imported)
        if imported.split(".")[0] != "campaign" or other == part or part == "__init__":
            continue
        where = f"campaign/{file}, line {line}: {part} imports {other}"
        if other not in FLOOR_OF:
            found.append(f"{where}, which has no place in the house")
        elif FLOOR_OF[other] < FLOOR_OF[part]:
            found.append(f"{where}, which lies above it")
        elif FLOOR_OF[other] == FLOOR_OF[part] and other != "__init__":
            found.append(f"{where}, which lies beside it")
        elif part in ROOMS and other not in KNOWN_TO_ROOMS:
            found.append(f"{where}: a room knows the words and itself")
    return found


def strangers(modules: Mapping[str, str]) -> list[str]:
    """Say each import of a library outside its room."""
    return [
        f"campaign/{file}, line {line}: {imported.split('.')[0]} lives in {', '.join(sorted(homes))}"
        for file, imported, line in _imports(modules)
        if (homes := HOMES.get(imported.split(".")[0])) is not None and _part(file) not in homes
    ]


def test_every_module_has_its_place_in_the_plan() -> None:
    assert {_part(file) for file in SOURCES} == set(FLOOR_OF)


def test_imports_go_down_only_and_rooms_do_not_import_each_other() -> None:
    assert violations(SOURCES) == []


def test_each_library_lives_in_its_room() -> None:
    assert strangers(SOURCES) == []


def database_talk(modules: Mapping[str, str]) -> list[str]:
    """Say each place outside the ledger's room that holds its database, or writes SQL."""
    found = []
    for file, source in modules.items():
        if _part(file) == "ledger":
            continue
        for node in _nodes(source):
            if isinstance(node, ast.Attribute) and node.attr == "database":
                found.append(f"campaign/{file}, line {node.lineno}: the ledger's database")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and IS_SQL(node.value):
                found.append(f"campaign/{file}, line {node.lineno}: SQL")
    return found


def test_nobody_but_the_ledger_holds_its_database_or_writes_sql() -> None:
    assert database_talk(SOURCES) == []
    rooms = {file: text for file, text in SOURCES.items() if _part(file) == "ledger"}
    assert len(database_talk({f"run/{file}": text for file, text in rooms.items()})) > 100


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("def late(ledger):\n    return ledger.database.execute", "the ledger's database"),
        ('QUESTION = "SELECT count(*) FROM entry"', "SQL"),
        ("def late(name):\n    return f\"UPDATE facts SET value = '{name}'\"", "SQL"),
    ],
)
def test_a_word_to_the_database_from_outside_is_found(line: str, complaint: str) -> None:
    added = {**SOURCES, "run/plan.py": f"{SOURCES['run/plan.py']}\n{line}\n"}
    (found,) = database_talk(added)
    assert found.endswith(complaint)


def test_every_library_that_is_installed_for_us_has_a_home() -> None:
    known = {*HOMES, *sys.stdlib_module_names, "campaign"}
    imported = {name.split(".")[0] for _, name, _ in _imports(SOURCES)}
    assert imported <= known, f"no room is given to {imported - known}"


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("worker/worker.py", "from campaign.run.plan import RunPlan", "worker imports run, which lies above it"),
        ("worker/worker.py", "from campaign import run", "worker imports run, which lies above it"),
        ("worker/worker.py", "import campaign.commands.send", "worker imports commands, which lies above it"),
        ("ledger/sqlite/store.py", "from ...contacts import rows", "ledger imports contacts, which lies beside it"),
        (
            "smtp/pool.py",
            "from campaign.ledger.sqlite.journal import Journal",
            "smtp imports ledger, which lies beside it",
        ),
        ("report/page.py", "from campaign.settings import Settings", "report imports settings: a room knows the words"),
        (
            "settings/load.py",
            "def late():\n    from campaign.smtp import pool",
            "settings imports smtp, which lies above",
        ),
        ("model.py", "from campaign.errors import CampaignError", "model imports errors, which lies beside it"),
        ("run/plan.py", "from campaign.attic import Box", "run imports attic, which has no place in the house"),
    ],
)
def test_an_import_that_breaks_the_plan_is_found(file: str, line: str, complaint: str) -> None:
    """The test of the test: one such line, added to the house as it stands, is one more complaint."""
    added = {**SOURCES, file: f"{SOURCES[file]}\n{line}\n"}
    (found,) = set(violations(added)) - set(violations(SOURCES))
    assert complaint in found


def strangers_in_the_ledger(modules: Mapping[str, str]) -> list[str]:
    """Say each import by which what both databases do alike knows one of them, or one of them the other."""
    found = []
    for file, imported, line in _imports(modules):
        own = re.match(r"ledger/(sql|sqlite|postgres)/", file)
        other = re.match(r"campaign\.ledger\.(sqlite|postgres)\b", imported)
        if own and other and own[1] != other[1]:
            found.append(f"campaign/{file}, line {line}: {own[1]} imports {other[1]}")
    return found


def test_in_the_ledger_what_both_databases_do_alike_knows_neither() -> None:
    assert not strangers_in_the_ledger(SOURCES)


@pytest.mark.parametrize("room", ["sql", "postgres"])
def test_one_that_knows_the_other_database_is_found(room: str) -> None:
    file = f"ledger/{room}/tables.py"
    added = {**SOURCES, file: f"{SOURCES.get(file, '')}\nfrom campaign.ledger.sqlite import schema\n"}
    (found,) = strangers_in_the_ledger(added)
    assert found.endswith(f"{room} imports sqlite")


def test_a_library_outside_its_room_is_found() -> None:
    added = {**SOURCES, "run/plan.py": f"{SOURCES['run/plan.py']}\nimport sqlite3\n"}
    (found,) = set(strangers(added)) - set(strangers(SOURCES))
    assert "sqlite3 lives in ledger" in found


def test_a_circle_within_a_room_is_none() -> None:
    """Modules of one room import each other in one direction only: there is an order in which each comes after all that
    it imports.
    """
    wanted: dict[str, set[str]] = {_dotted(file): set() for file in SOURCES}
    for file, imported, _ in _imports(SOURCES):
        if (other := imported.removeprefix("campaign.")) in wanted and other != _dotted(file):
            wanted[_dotted(file)].add(other)
    while free := [name for name, needs in wanted.items() if not needs & wanted.keys()]:
        for name in free:
            del wanted[name]
    assert not wanted, f"these import each other in a circle, or what does: {sorted(wanted)}"
