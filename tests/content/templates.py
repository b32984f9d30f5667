"""Templates, a contact and a link for the tests of this room, and what becomes of them."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

import pytest

from campaign.content import TemplateSet, load_templates
from campaign.errors import CampaignError, InvalidContactError, TemplateError
from campaign.model import Contact, LoginLink

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyK3Rlc3RAY2xpY2tm.8lJvcLsYkw8o3ymMXU3-yRvGxPi01EBCTVcw532ocpY"
URL = f"https://acme.myclickfunnels.com/sso?identifier=zo%C3%AB%40mail.example&strategy=email&token={TOKEN}"
NEW_YORK = ZoneInfo("America/New_York")
ISSUED = datetime(2026, 11, 23, 9, 30, tzinfo=NEW_YORK)
LINK = LoginLink(url=URL, issued_at=ISSUED, expires_at=ISSUED.replace(hour=18, minute=0), fingerprint="0123456789ab")
EMAIL = "zoe@mail.example"

Files: TypeAlias = Mapping[str, str | bytes]


def contact(**columns: str) -> Contact:
    return person({"email": EMAIL, **columns})


def person(columns: Mapping[str, str]) -> Contact:
    return Contact(number=7, email=EMAIL, columns=columns)


def write(root: Path, files: Files) -> Path:
    folder = root / "templates" / "welcome"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def load(root: Path, files: Files, unsubscribe_url: str | None = None) -> TemplateSet:
    return load_templates(write(root, files), campaign_name="autumn", unsubscribe_url=unsubscribe_url)


def text_of(root: Path, text: str, columns: Mapping[str, str] | None = None) -> str:
    templates = load(root, {"subject.txt": "s", "body.txt": text})
    return "".join(templates.render(person(columns or {"email": EMAIL}), LINK).text)


def fault_of(root: Path, files: Files, unsubscribe_url: str | None = None, **columns: str) -> CampaignError:
    templates = load(root, files, unsubscribe_url)
    with pytest.raises((InvalidContactError, TemplateError)) as caught:
        templates.render(contact(**columns), LINK)
    return caught.value


def text_fault(root: Path, text: str, **columns: str) -> CampaignError:
    return fault_of(root, {"subject.txt": "s", "body.txt": text}, **columns)


WELCOME = {
    "subject.txt": "{{ contact.first_name }}, your order is ready\n",
    "body.html": "<p>Hi {{ contact.first_name }}</p>\n<a href='{{ link.url }}'>{{ campaign.name }}</a>\n",
    "body.txt": "Hi {{ contact.first_name }}\n\n{{ link.url }}\n",
}
