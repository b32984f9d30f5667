"""Eight messages in flight on each connection of real servers, and what of it they refuse: every row's word is true.

Recipients are refused for good or for now, alone and many in a row; messages are refused once they are there, for what
they hold or for their size.
"""

import re
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.real_servers import exim, postfix
from tests.real_servers.letters import HEADER, odd_contacts, set_up
from tests.real_servers.relay import Relay
from tests.real_servers.sending import command, hold
from tests.real_servers.servers import available

pytestmark = pytest.mark.real_servers
COUNT, CONNECTIONS, LARGE = 300, 3, 60_000
FOR_GOOD, FOR_NOW = ("refused", "content", "large"), ("later",)
"""What the addresses begin with that are refused. The first of each at RCPT, the others once the message is there."""
_POSTFIX = """
smtpd_error_sleep_time = 0
smtpd_discard_ehlo_keywords = size
message_size_limit = 50000
smtpd_recipient_restrictions = check_recipient_access regexp:{{/^refused/ 550 5.1.1 nobody}, {/^later/ 450 4.2.1 later}}
smtpd_end_of_data_restrictions = check_recipient_access regexp:{{/^content/ 554 5.7.1 no}}
"""
"""It does not tell how large messages may be, and does not make one wait after every tenth error."""
_EXIM_RCPT = "  defer local_parts = ^later\n       message = later\n  accept\n"
_EXIM_DATA = """  deny condition = ${if >{$message_size}{50000}}
       message = too large
  deny condition = ${if match{$recipients}{^content}}
       message = no
"""
USED: dict[str, Callable[[str], int]] = {
    "Postfix": lambda log: sum(map(int, re.findall(r"disconnect from .* bdat=(\d+)", log))),
    "Exim": lambda log: len(re.findall(r" <= .* P=e?smtps? .*\bK\b", log)),
}
"""How many messages have come by BDAT, by the server's log."""


def rows() -> list[tuple[str, str, str]]:
    """Everything odd; one in ten is refused alone, and twelve of each hundred in a row."""
    found = []
    for number, (address, name, note) in enumerate(odd_contacts(COUNT)):
        hundred, place = divmod(number, 100)
        kind = ""
        if place >= 88:
            kind = "later" if hundred == 1 else "refused"
        elif place % 10 == 3:
            kind = (*FOR_GOOD, *FOR_NOW)[place // 10 % 4]
        if kind:
            address = f"{kind}{number}@people.example"
        found.append((address, name, "l" * LARGE if kind == "large" else note))
    return found


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(postfix.start(main=_POSTFIX), id="Postfix"),
        pytest.param(exim.start(access=_EXIM_RCPT, at_data=_EXIM_DATA), id="Exim"),
    ],
)
def test_what_is_refused_in_flight_is_refused_to_the_row_that_it_was_said_of(
    tmp_path: Path, server: AbstractContextManager[Relay]
) -> None:
    """The servers' limits are their defaults: for RSETs, for chunks that they refuse, for errors in a row. What goes by
    BDAT meets none of them. A connection that has one message at a time still may, as long as the server is not known:
    a refused recipient and its DATA are two errors, and Postfix hangs up after twenty without a message.
    """
    with available(server) as relay:
        for security in ("none", "starttls"):
            campaign = set_up(tmp_path / security, security, relay, security, connections=CONNECTIONS, in_flight=8)
            campaign.settings["retry"] = {"tries": 2, "first_wait": "100ms", "longest_wait": "200ms", "stop_after": 99}
            campaign.load(relay.port)
            campaign.contacts(rows(), HEADER)
            before = Counter(relay.delivered())
            log = len(relay.log.read_text("utf-8", "replace"))

            ended = command(campaign, relay, "send")

            hold(campaign, Counter(relay.delivered()) - before)
            assert campaign.statuses() == {address: _expected(address) for address, _, _ in rows()}, ended.said
            said = relay.log.read_text("utf-8", "replace")[log:]
            used = USED[relay.name.split()[0]](said)
            assert used > 2 * CONNECTIONS, f"only {used} of {COUNT} messages went that way: {ended.said}"
            assert not re.search(r"too many (?!errors after DATA )|synchroni[sz]ation error", said), said[-3000:]


def _expected(address: str) -> str:
    if address.startswith(FOR_GOOD):
        return "rejected"
    return "failed" if address.startswith(FOR_NOW) else "sent"
