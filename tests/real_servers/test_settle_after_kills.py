"""Mail servers and campaigns are killed, replies are lost; then `campaign settle` reads the servers' logs, and the
mailbox judges: who was taken is `sent` or `bounced`, and nobody else's word has moved.

Which process is killed, when, and which reply is lost, is drawn by a seed that the figures show.
"""

import itertools
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign
from tests.conftest import Figures
from tests.crashes.sender import Sender, start
from tests.real_servers.install import Unavailable
from tests.real_servers.killable import (
    NOBODY,
    Killable,
    killable_exim,
    killable_opensmtpd,
    killable_sendmail,
)
from tests.real_servers.lossy_proxy import LossyProxy

pytestmark = pytest.mark.real_servers
_MESSAGE_ID = re.compile(rb"(?im)^message-id:\s*(<[^>]+>)")
_EXIM_ID = re.compile(rb"\(Exim [\d.]+\)\s+(?:\(envelope-from <[^>]*>\)\s+)?id ([\w-]+)")
_CONNECTIONS = 8
_FINISHED = (0, 1)
_TRIES = 8
_LOST = 25
"""Of so many replies to bodies, one is lost."""


@pytest.mark.parametrize(
    ("server", "people", "kills", "verp"),
    [
        (killable_exim, 300, 9, False),
        (killable_sendmail, 200, 5, False),
        (killable_opensmtpd, 200, 3, True),
    ],
)
def test_who_was_taken_is_settled_and_nobody_else(
    tmp_path: Path,
    figures: Figures,
    server: Callable[[], AbstractContextManager[Killable]],
    people: int,
    kills: int,
    verp: bool,
) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    with ExitStack() as stack:
        try:
            killable = stack.enter_context(server())
        except Unavailable as reason:
            pytest.skip(str(reason))
        replies = itertools.count(1)
        proxy = stack.enter_context(LossyProxy(killable.port, lose=lambda: next(replies) % _LOST == 0))
        campaign = _campaign(tmp_path, proxy.port, people, verp=verp)
        done = _send_under_fire(campaign, killable, kills, chance)
        before = {row["message_id"]: row["status"] for row in campaign.results()}
        delivered, bounced = _arrived(killable.delivered(), set(before))
        unproved = _without_a_line(killable, delivered | bounced)
        settled = _settle(campaign, killable.log)
        again = _settle(campaign, killable.log)
    after = {row["message_id"]: row["status"] for row in campaign.results()}
    figures(
        lambda: (
            f"{dict(done)}, {proxy.lost} replies lost; before {dict(Counter(before.values()))}, "
            f"after {dict(Counter(after.values()))}; random.Random({seed})"
        )
    )
    assert sum(done.values()) == kills
    expected = before | dict.fromkeys(delivered, "sent") | dict.fromkeys(bounced, "bounced")
    expected |= {one: before[one] for one in unproved}
    wrong = {one: (before[one], after[one], expected[one]) for one in after if after[one] != expected[one]}
    assert not wrong, f"before, after, and as the mailbox has it: {wrong}\n{settled}"
    assert Counter(before.values())["in_doubt"] > Counter(after.values())["in_doubt"], "nothing was to be settled"
    assert bounced, "nobody bounced"
    assert after == {row["message_id"]: row["status"] for row in campaign.results()}, f"the second time: {again}"


def _campaign(folder: Path, port: int, people: int, *, verp: bool) -> SmallCampaign:
    smtp: dict[str, object] = {"connections": _CONNECTIONS, "timeout": "20s"}
    settings: dict[str, dict[str, object]] = {"smtp": smtp, "retry": {"tries": 20, "stop_after": 500}}
    if verp:
        settings["bounces"] = {"verp": True}
    campaign = SmallCampaign(folder / "campaign", settings=settings)
    campaign.contacts(
        (f"p{number}@{NOBODY if number % 7 == 0 else 'people.example'}", f"Person {number}") for number in range(people)
    )
    campaign.load(port)
    return campaign


def _send_under_fire(campaign: SmallCampaign, killable: Killable, kills: int, chance: random.Random) -> Counter[str]:
    """Send, and kill so many times; then send to the end. Gives how often each was killed."""
    done = Counter[str]()
    run = _start(campaign)
    for _ in range(kills):
        _wait_for_mail(run, killable, chance.randint(1, 60))
        what = chance.choices(("receiver", "server", "campaign"), (6, 2, 2))[0]
        if what == "receiver" and not killable.kill_receiver(chance):
            what = "server"
        if what == "server":
            killable.kill_all()
        elif what == "campaign":
            run.kill()
        done[what] += 1
        if run.poll() is not None:
            run = _start(campaign)
    for _ in range(_TRIES):
        if run.wait() in _FINISHED:
            return done
        run = _start(campaign)
    raise AssertionError(run.said[-3000:])


def _wait_for_mail(run: Sender, killable: Killable, messages: int) -> None:
    """Wait until so many messages more have come, by the length of the log, or the run has ended."""
    end = killable.log.stat().st_size + 300 * messages

    run.wait_until(lambda: killable.log.stat().st_size >= end or run.poll() is not None)


def _start(campaign: SmallCampaign) -> Sender:
    return start("send", str(campaign.path), "--yes", log=campaign.folder / "said")


def _settle(campaign: SmallCampaign, log: Path) -> str:
    ended = start("settle", str(campaign.path), str(log), log=campaign.folder / "settled")
    code = ended.wait()
    assert code in _FINISHED, ended.said
    return ended.said


def _arrived(messages: Sequence[bytes], ours: set[str]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Give the Message-IDs of those that were delivered, and of those that came back, each with where its header is."""
    delivered, bounced = dict[str, bytes](), dict[str, bytes]()
    for message in messages:
        head, _, body = message.partition(b"\n\n")
        own = _ids(head) & ours
        delivered |= dict.fromkeys(own, head)
        if not own:
            bounced |= dict.fromkeys(_ids(body) & ours, body)
    return delivered, bounced


def _without_a_line(killable: Killable, taken: dict[str, bytes]) -> set[str]:
    """Give those that Exim had whole on its disk, and was killed before it wrote the line that says so."""
    log = killable.log.read_bytes()
    found = {one: _EXIM_ID.search(header) for one, header in taken.items()}
    return {one for one, queue_id in found.items() if queue_id and b" %b <= " % queue_id[1] not in log}


def _ids(octets: bytes) -> set[str]:
    return {found.decode() for found in _MESSAGE_ID.findall(octets)}
