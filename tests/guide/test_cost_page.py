"""The page `cost`: its program that parts contacts. Its settings are tried in tests/postgres/test_cost_settings.py."""

import csv
import subprocess
import sys
from pathlib import Path

from tests.guide.blocks import blocks


def test_contacts_are_parted_by_address_and_nobody_is_lost(tmp_path: Path) -> None:
    people = [f"p{number}@people.example" for number in range(40)]
    rows = ["email,name", *(f"{one},Ann" for one in people), " P7@people.example,Bob"]
    (tmp_path / "contacts.csv").write_text("\n".join(rows), "utf-8-sig")
    (program,) = blocks("cost", "python")
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    parts = [
        [row["email"] for row in csv.DictReader(path.read_text("utf-8").splitlines())]
        for path in sorted(tmp_path.glob("contacts-*.csv"))
    ]
    assert len(parts) == 4 and all(parts)
    assert sorted(one for part in parts for one in part) == sorted([*people, " P7@people.example"])
    assert len([part for part in parts if {"p7@people.example", " P7@people.example"} & {*part}]) == 1
