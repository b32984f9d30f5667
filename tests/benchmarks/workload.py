"""The workload that every sender gets: contacts, a template, the terms of the sign-in link.

In: a number of contacts. Out: a folder with `contacts.csv`, `terms.json` and the template in three dialects
(Jinja2 as `campaign` reads it, Handlebars, Go). The same number gives the same contacts every time.

Limits: the CSV quotes nothing, so that a sender written for the benchmark may split it at commas.
"""

import csv
import json
import random
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

TEMPLATE = Path(__file__).parent / "template"
TEMPLATE_FILES = ("subject.txt", "body.txt", "body.html")
COLUMNS = ("email", "first_name", "last_name", "plan", "order_id")

_FIRST_NAMES = (
    "Ada",
    "Bruno",
    "Carmen",
    "Fatima",
    "Hugo",
    "Jonas",
    "Kofi",
    "Marta",
    "Olga",
    "Yuki",
    "André",
    "Søren",
    "Zoë",
)
_LAST_NAMES = (
    "Abbott",
    "Castro",
    "Duval",
    "Jensen",
    "Moreau",
    "Okoye",
    "Park",
    "Sato",
    "Weber",
    "Müller",
    "Núñez",
    "Škoda",
)
_PLANS = ("Free", "Basic", "Studio", "Team")
_COMMON_DOMAINS = ("example.com", "example.net", "example.org", "mail.example.com", "post.example.net")
"""Most lists have most of their addresses at a few domains, and a long tail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a sender must know beyond contacts and template; `lifetime` is in seconds."""

    secret: str = "benchmark-benchmark-benchmark-benchmark-benchmark"
    domain: str = "acme.myclickfunnels.com"
    redirect_to: str = "https://acme.myclickfunnels.com/courses/welcome?utm_source=email&utm_campaign=autumn"
    lifetime: int = 7 * 24 * 3600
    sender: str = "Acme Courses <team@acme.example>"
    return_path: str = "bounces@acme.example"
    unsubscribe: str = "https://acme.example/u/"
    """The order number follows."""


TERMS = Terms()


def contacts(count: int, *, row_bytes: int = 0) -> Iterator[dict[str, str]]:
    """Yield `count` contacts with different addresses, in a fixed pseudo-random order. `row_bytes`: what a line of
    the file has at least, with a column that makes up for what it lacks; 0 for no such column.
    """
    chance = random.Random(20260901)
    for number in range(count):
        first, last = chance.choice(_FIRST_NAMES), chance.choice(_LAST_NAMES)
        local = "".join(letter for letter in f"{first}.{last}".lower() if letter.isascii())
        tail = chance.random() < 0.3
        domain = f"shop-{chance.randrange(1000)}.example.org" if tail else chance.choice(_COMMON_DOMAINS)
        cells = {
            "email": f"{local}.{number}@{domain}",
            "first_name": first,
            "last_name": last,
            "plan": chance.choice(_PLANS),
            "order_id": f"AC-{chance.randrange(10**8):08d}",
        }
        if row_bytes:
            lacking = row_bytes - len(",".join(cells.values()).encode()) - len(",\n")
            cells["notes"] = (f"{number} likes courses. " * (1 + lacking // 18))[: max(lacking, 0)]
        yield cells


def handlebars(template: str) -> str:
    """Translate from the Jinja2 of `template/`.

    >>> handlebars('{{ contact.plan }}: {% if contact.plan == "Free" %}a{% else %}b{% endif %}')
    '{{contact.plan}}: {{#if free}}a{{else}}b{{/if}}'
    """
    text = template.replace('{% if contact.plan == "Free" %}', "{{#if free}}")
    text = text.replace("{% else %}", "{{else}}").replace("{% endif %}", "{{/if}}")
    return re.sub(r"\{\{ ([\w.]+) \}\}", r"{{\1}}", text)


def go(template: str) -> str:
    """Translate from the Jinja2 of `template/`, to fields of a Go struct.

    >>> go('{{ contact.order_id }} {{ link.url }} {% if contact.plan == "Free" %}a{% endif %}')
    '{{.OrderID}} {{.Link}} {{if eq .Plan "Free"}}a{{end}}'
    """
    fields = {
        "contact.email": "Email",
        "contact.first_name": "FirstName",
        "contact.last_name": "LastName",
        "contact.plan": "Plan",
        "contact.order_id": "OrderID",
        "link.url": "Link",
    }
    text = template.replace('{% if contact.plan == "Free" %}', '{{if eq .Plan "Free"}}')
    text = text.replace("{% else %}", "{{else}}").replace("{% endif %}", "{{end}}")
    return re.sub(r"\{\{ ([\w.]+) \}\}", lambda name: "{{." + fields[name[1]] + "}}", text)


def write(folder: Path, count: int, *, row_bytes: int = 0) -> Path:
    """Write the workload of `count` contacts into `folder`, which is made if need be; give the folder. `row_bytes`: as
    for `contacts`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in TEMPLATE_FILES:
        source = (TEMPLATE / name).read_text(encoding="utf-8")
        (folder / name).write_text(source, encoding="utf-8")
        (folder / f"{name}.hbs").write_text(handlebars(source), encoding="utf-8")
        (folder / f"{name}.tmpl").write_text(go(source), encoding="utf-8")
    (folder / "terms.json").write_text(json.dumps(asdict(TERMS), indent=1), encoding="utf-8")
    with (folder / "contacts.csv").open("w", encoding="utf-8", newline="") as file:
        columns = (*COLUMNS, "notes") if row_bytes else COLUMNS
        rows = csv.DictWriter(file, columns, lineterminator="\n", quoting=csv.QUOTE_NONE)
        rows.writeheader()
        rows.writerows(contacts(count, row_bytes=row_bytes))
    return folder
