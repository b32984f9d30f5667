"""The real command against a real server."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

from tests.campaigns import SmallCampaign
from tests.crashes.sender import environment
from tests.real_servers.letters import altered, message_id, unlike
from tests.real_servers.relay import Relay

_GIVE_UP = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a run has said."""

    code: int
    said: str
    sent: int
    """Messages sent by this run."""
    seconds: float


def relay_environment(relay: Relay) -> dict[str, str]:
    """What the command needs of its surroundings to trust the relay, and to sign in."""
    more = {}
    if relay.ca_file is not None:
        more["SSL_CERT_FILE"] = str(relay.ca_file)
    if relay.password is not None:
        more["CAMPAIGN_SMTP__PASSWORD"] = relay.password
    return more


def command(campaign: SmallCampaign, relay: Relay, *words: str) -> Ended:
    """Run `campaign WORDS campaign.toml` to its end: `send` and its options, mostly."""
    arguments = [sys.executable, "-m", "campaign", *words, str(campaign.path)]
    if words[0] in ("send", "resend"):
        arguments += ["--yes", "--json"]
    surroundings = environment() | relay_environment(relay)
    done = subprocess.run(
        arguments, env=surroundings, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_GIVE_UP
    )
    outcome = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return Ended(
        code=done.returncode,
        said=done.stderr,
        sent=outcome.get("sent_now", 0),
        seconds=outcome.get("seconds", 0.0),
    )


def hold(
    campaign: SmallCampaign, arrived: Counter[bytes], *, letters: bool = True, signatures: bool = True
) -> Counter[str]:
    """Hold the results against the messages that arrived: each `sent` row's once, as it was written, nobody else's
    but of those in doubt. Gives counts by status. `letters`: whether they are those of letters.py; `signatures`:
    whether theirs must hold.
    """
    rows = {row["message_id"]: row for row in campaign.results()}
    times = Counter[str]()
    for message, count in arrived.items():
        times[message_id(message)] += count
    strangers = set(times) - set(rows)
    assert not strangers, f"{len(strangers)} messages are not of this campaign: {list(arrived)[:1]!r}"
    twice = [rows[one]["email"] for one, count in times.items() if count > 1]
    assert not twice, f"delivered twice: {twice[:5]}"
    missing = [row["email"] for one, row in rows.items() if row["status"] == "sent" and one not in times]
    assert not missing, f"sent, but not in the mailbox: {missing[:5]}"
    unsaid = [(rows[one]["email"], rows[one]["status"]) for one in times if rows[one]["status"] not in _MAY_ARRIVE]
    assert not unsaid, f"in the mailbox, but {unsaid[:5]}"
    for message in arrived if letters else ():
        row = rows[message_id(message)]
        wrong = unlike(message, row) + (altered(message) if signatures else [])
        assert not wrong, f"{row['email']}: {wrong}"
    return Counter(row["status"] for row in rows.values())


_MAY_ARRIVE = ("sent", "in_doubt")
