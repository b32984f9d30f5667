"""What a DKIM signature costs beside composing the message: `python -m tests.benchmarks.signing`.

In one run and one process, in turns, so that both meet the same machine: link, texts and message of a contact, without
a signature and with one of each kind. Prints microseconds of the quickest turn, and how many times the unsigned
message's that is. Nothing is sent.
"""

import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from campaign.dkim import SigningKey
from campaign.model import Contact
from campaign.run.plan import open_window
from campaign.worker.message_factory import MessageFactory
from tests.campaigns import SmallCampaign
from tests.dkim.keys import both

TURNS = 20
MESSAGES = 100
"""In a turn."""
SIZES = {"as small as can be": 0, "8 kB of HTML": 8_000, "30 kB of HTML, indented": 30_000}
CONTACT = Contact(number=1, email="ann@people.example", columns={"email": "ann@people.example", "name": "Ann"})
LINE = '        <td style="padding: 0 8px">Hello {{ contact.name }}, a line of text as templates have it.</td>\n'


def main() -> None:
    """Measure, and print a table for each size of message."""
    rsa, ed25519 = both()
    ways: dict[str, tuple[SigningKey, ...]] = {
        "unsigned": (),
        "RSA-2048": (rsa,),
        "Ed25519": (ed25519,),
        "both": (rsa, ed25519),
    }
    for words, size in SIZES.items():
        with tempfile.TemporaryDirectory() as scratch:
            campaign = SmallCampaign(Path(scratch) / "campaign")
            if size:
                constant = LINE.replace("{{ contact.name }}", "you") if "indented" in words else LINE.lstrip()
                (campaign.folder / "template" / "body.html").write_text(
                    '<p>{{ contact.name }}</p><a href="{{ link.url }}">in</a>\n' + constant * (size // len(constant))
                )
            plan = campaign.plan(25).message_plan(open_window())
            factories = {way: MessageFactory(replace(plan, signing_keys=keys)) for way, keys in ways.items()}
            quickest, octets = _quickest(factories)
        print(f"{words} ({octets:,} octets):")
        for way, microseconds in quickest.items():
            more = microseconds - quickest["unsigned"]
            times = more / quickest["unsigned"]
            print(f"  {way:<10} {microseconds:>8.1f} µs" + (f"   +{more:.1f} µs, {times:.1f} times" if more else ""))


def _quickest(factories: dict[str, MessageFactory]) -> tuple[dict[str, float], int]:
    now, found, octets = datetime.now(UTC), dict.fromkeys(factories, float("inf")), 0
    for _ in range(TURNS):
        for way, factory in factories.items():
            start = time.process_time()
            for _ in range(MESSAGES):
                octets = len(factory.make(CONTACT, now)[2].data)
            found[way] = min(found[way], (time.process_time() - start) / MESSAGES * 1e6)
    return found, octets


if __name__ == "__main__":
    main()
