"""The sample campaign, with everything on that makes mail arrive: two DKIM keys, an inline image, attachments,
further headers, a display name, sign-in and STARTTLS under an authority that nobody else knows.

In: a folder to make it in, and the relay. Out: `Sample`, which knows what each message must hold.
"""

import csv
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.crashes.sender import ROOT, environment
from tests.real_servers.relay import Relay
from tests.real_servers.signatures import DOMAIN, KeyPair, ed25519, rsa

KEYS = (rsa, ed25519)
LOGO = (
    # A PNG of one pixel.
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89"
    b"\0\0\0\rIDATx\x9cc\xf8\xff\xff\xff\x7f\0\t\xfb\x03\xfd\x05CE\xca\0\0\0\0IEND\xaeB`\x82"
)
TERMS = b"%PDF-1.7\n" + bytes(range(256)) * 20 + b"\r\n.\r\n%%EOF\n"
TERMS_NAME = "Geschäftsbedingungen – Stand 2026, gültig für alle Bestellungen.pdf"
INVITATION = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Acme//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@acme.example\r\n"
    "DTSTAMP:20261126T100000Z\r\nDTSTART:20261201T100000Z\r\nSUMMARY:Abholung – möglich ab 10 Uhr\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n"
).encode()
_GIVE_UP = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The campaign, made and ready to be sent."""

    path: Path
    """campaign.toml."""
    relay: Relay

    def send(self) -> "subprocess.CompletedProcess[str]":
        """Run `campaign send`."""
        surroundings = environment() | {"CAMPAIGN_SMTP__PASSWORD": str(self.relay.password)}
        command = [sys.executable, "-m", "campaign", "send", str(self.path), "--yes"]
        return subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=_GIVE_UP)

    def results(self) -> list[dict[str, str]]:
        """The results CSV."""
        with self.path.with_name("welcome-results.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def receipt(order: str) -> bytes:
    """What one contact has attached."""
    return f"Order {order}\nTotal:  12 €\n.\n\n".encode()


def sample(folder: Path, relay: Relay) -> Sample:
    """Make it."""
    for name in ("sample_data", "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*-results.csv", "*.ledger*"))
    data, layout = folder / "sample_data", folder / "templates" / "_layout" / "base.html"
    _replace(layout, ">Acme</td>", '><img src="cid:logo.png" alt="Acme" width="120" height="40"></td>')
    (folder / "templates" / "login_link" / "logo.png").write_bytes(LOGO)
    (data / TERMS_NAME).write_bytes(TERMS)
    (data / "pickup.ics").write_bytes(INVITATION)
    (data / "receipts").mkdir()
    with (data / "contacts.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["order_number"]:
                (data / "receipts" / f"{row['order_number']}.txt").write_bytes(receipt(row["order_number"]))
    path = data / "campaign.toml"
    _replace(path, 'host = "smtp.acme.example"', f'host = "localhost"\nca_file = "{relay.ca_file}"')
    _replace(path, "port = 587", f"port = {relay.port}")
    # OpenDKIM 2.11 asks the DNS from several threads at once, and crashes of it now and then (a fault in libc).
    _replace(path, "connections = 4", "connections = 1")
    _replace(path, "[window]", f"{_MESSAGE}\n[window]")
    with path.open("a", encoding="utf-8") as file:
        file.writelines(_dkim(key(), data) for key in KEYS)
    return Sample(path=path, relay=relay)


_MESSAGE = f"""
to_name = "{{{{ contact.first_name | default('') }}}} {{{{ contact.last_name | default('') }}}}"
attachments = ["{TERMS_NAME}", "pickup.ics", "receipts/{{{{ contact.order_number }}}}.txt"]
[message.headers]
"Feedback-ID" = "{{{{ campaign.name }}}}:acme"
"X-SES-MESSAGE-TAGS" = "campaign={{{{ campaign.name }}}},plan={{{{ contact.plan }}}}"
"Auto-Submitted" = "auto-generated"
"""


def _dkim(key: KeyPair, folder: Path) -> str:
    file = folder / f"{key.selector}.pem"
    key.write(file)
    return f'\n[[dkim]]\ndomain = "{DOMAIN}"\nselector = "{key.selector}"\nkey_file = "{file.name}"\n'


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1, f"{old} stands {text.count(old)} times in {file.name}"
    file.write_text(text.replace(old, new), "utf-8")
