"""How a run gets on with a server that throttles: the real command, against a local server that refuses what is over.

Takes a folder; gives an `Encounter` for each kind. Limits: the server is Python's and in this process, so it must be
slower than the machine by far: what it takes is a token bucket's.
"""

import itertools
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from campaign.model import Phase
from tests.benchmarks.senders import clean_environment
from tests.benchmarks.table import markdown
from tests.benchmarks.targets import Target
from tests.campaigns import SECRET, SmallCampaign
from tests.smtp_server import CATALOGUE, FaultServer, Misbehaviour
from tests.smtp_server.misbehaviours import Action, Situation

OUTAGE = 20.0
"""Seconds for which a server takes nothing."""
RECOVERED = 0.9
"""Of what the server takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """One run against one server."""

    name: str
    limit: float
    """Messages a second that the server takes."""
    messages: int
    accepted: int
    refused: int
    """Messages that were begun and not taken."""
    seconds: float
    """From the first try to the last message taken."""
    recovery: float | None
    """Seconds from the end of the outage to the first second at nine tenths of the limit; None: there was none."""

    @property
    def ratio(self) -> float:
        """The time it took ÷ the shortest there can be."""
        return self.seconds / (self.messages / self.limit)


class _Outage:
    """True from the first message on, for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.began: float | None = None

    def __call__(self, now: Situation) -> bool:
        if self.began is None:
            self.began = time.time()
        return time.time() < self.began + self.seconds


def encounters(scratch: Path, *, limit: float, messages: int) -> list[Encounter]:
    """Run them all, one after the other."""
    found = []
    over = {
        "450 at RCPT": CATALOGUE["rcpt_throttle"](above_rate=limit),
        "451 at the body": CATALOGUE["body_throttle"](above_rate=limit),
        "421 at MAIL, and it hangs up": CATALOGUE["mail_throttle_421"](above_rate=limit),
    }
    for name, throttle in over.items():
        found.append(_meet(scratch, name, (throttle,), _Outage(0.0), limit, messages))
    outages: dict[str, tuple[Phase, bytes, Action]] = {
        "450 at RCPT": (Phase.RCPT, b"450 4.7.1 Slow down\r\n", Action.ANSWER),
        "421 at MAIL, and it hangs up": (Phase.MAIL, b"421 4.7.0 Too fast\r\n", Action.CUT),
    }
    for name, (phase, reply, action) in outages.items():
        outage = _Outage(OUTAGE)
        nothing = Misbehaviour(name=name, phase=phase, reply=reply, action=action, match=outage)
        throttle = CATALOGUE["rcpt_throttle"](above_rate=limit)
        found.append(_meet(scratch, f"nothing for 20 s: {name}", (nothing, throttle), outage, limit, messages))
    return found


def _meet(
    scratch: Path, name: str, faults: Sequence[Misbehaviour], outage: _Outage, limit: float, messages: int
) -> Encounter:
    folder = scratch / f"recovery-{sum(1 for _ in scratch.glob('recovery-*'))}"
    campaign = SmallCampaign(folder, {"smtp": {"connections": 10}}).people(messages)
    with FaultServer(*faults) as server:
        campaign.load(server.port)
        began = time.time()
        subprocess.run(
            [sys.executable, "-m", "campaign", "send", str(campaign.path), "--yes"],
            env=clean_environment() | {"CAMPAIGN_LINK__SECRET": SECRET},
            capture_output=True,
            check=False,
        )
        moments = [one.time for one in server.accepted]
        tried = server.record.commands["MAIL"]
    first = outage.began or min(moments, default=began)
    taken = Counter(int(moment - first) for moment in moments)
    full = (second for second in itertools.count(int(outage.seconds)) if taken[second] >= RECOVERED * limit)
    reached = any(count >= RECOVERED * limit for second, count in taken.items() if second >= int(outage.seconds))
    return Encounter(
        name=name,
        limit=limit,
        messages=messages,
        accepted=len(moments),
        refused=tried - len(moments),
        seconds=max(moments, default=first) - first,
        recovery=next(full) - outage.seconds if reached and outage.seconds else None,
    )


def recovery_table(met: Sequence[Encounter]) -> str:
    """One row an encounter."""
    return markdown(
        ["server", "limit, messages/s", "messages", "refused", "s", "÷ ideal", "recovery, s"],
        [
            [one.name, f"{one.limit:.0f}", f"{one.messages:,}", f"{one.refused:,}", f"{one.seconds:.1f}",
             f"{one.ratio:.2f}", "—" if one.recovery is None else f"{one.recovery:.0f}"]
            for one in met
        ],
    )  # fmt: skip


def recovery_targets(met: Sequence[Encounter]) -> list[Target]:
    """Against a limit, the time; after an outage, how soon it is at full speed."""
    found = []
    for one in met:
        if one.name.startswith("nothing"):
            what = f"{one.name}, s until 90 % of the limit"
            found.append(Target(what=what, bound=30.0, at_least=False, measured=one.recovery, form=".0f"))
        else:
            what = f"limit of {one.limit:.0f}/s, {one.name}, time ÷ ideal"
            found.append(Target(what=what, bound=1.15, at_least=False, measured=one.ratio))
    return found
