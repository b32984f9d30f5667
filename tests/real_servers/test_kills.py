"""The campaign is killed at random moments in front of a real Postfix, with STARTTLS and sign-in: the mailbox judges.

Ten kills of the whole process group with one message in flight on each connection, ten with eight, by the siege of
tests/crashes: nobody lost, nobody mailed twice, and no more in doubt than two for each connection that may have been
open at a kill, times what it may have had in flight.
"""

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign
from tests.conftest import Figures
from tests.crashes import moments
from tests.crashes.launcher import Launcher
from tests.crashes.siege import Siege
from tests.in_flight import DEPTHS
from tests.real_servers import postfix
from tests.real_servers.relay import Relay
from tests.real_servers.sending import relay_environment
from tests.real_servers.servers import available

pytestmark = pytest.mark.real_servers
_KILLS, _CONNECTIONS = 10, 8
_MIXTURE = ((moments.sending, 70), (moments.starting, 10), (moments.enrolling, 10), (moments.writing_results, 10))
_DELIVERED = re.compile(rb"status=sent ")
_TO = re.compile(rb"(?m)^To: (\S+)")


class Mailbox:
    """A `Record`: counts by the log, which is cheap, and gives the recipients by the mailbox, which is the truth."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._read = self._count = 0
        self._given = Counter[str]()

    def count(self) -> int:
        with self._relay.log.open("rb") as log:
            log.seek(self._read)
            news = log.read()
        end = news.rfind(b"\n") + 1
        self._read += end
        self._count += len(_DELIVERED.findall(news, 0, end))
        return self._count

    def news(self) -> list[str]:
        found = [_TO.search(message) for message in self._relay.delivered()]
        everybody = Counter(recipient[1].decode() for recipient in found if recipient)
        assert everybody.total() == len(found), "a message without a recipient"
        news = everybody - self._given
        self._given = everybody
        return list(news.elements())


@pytest.mark.parametrize("in_flight", DEPTHS)
def test_killed_in_front_of_a_real_postfix(tmp_path: Path, figures: Figures, in_flight: int) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    with available(postfix.start(sign_in=True)) as relay, Launcher(relay_environment(relay)) as launcher:
        smtp: dict[str, object] = {
            "host": "localhost",
            "security": "starttls",
            "username": relay.username,
            "connections": _CONNECTIONS,
            "timeout": "30s",
            "in_flight": in_flight,
        }
        campaign = SmallCampaign(tmp_path / "campaign", settings={"smtp": smtp})
        campaign.load(relay.port)
        siege = Siege(
            campaign,
            Mailbox(relay),
            launcher.warm,
            connections=_CONNECTIONS,
            in_flight=in_flight,
            chance=chance,
            mixture=_MIXTURE,
            reserve=800,
        )
        figures(lambda: f"{siege.figures}; random.Random({seed})")
        siege.kill(_KILLS)
        found = siege.finish()
        used = len(re.findall(r" bdat=[1-9]", relay.log.read_text("utf-8", "replace")))
        assert bool(used) == (in_flight > 1), f"{used} connections have carried messages by BDAT"
    assert found.kills.total() == _KILLS
    assert found.lost == found.twice == 0
    assert found.bound is not None and found.in_doubt <= found.bound
