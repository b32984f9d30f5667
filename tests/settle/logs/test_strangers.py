"""Whatever strangers' mail puts into the logs of Exim, Sendmail and OpenSMTPD: no traceback, and nothing is proved."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.settle.logs.exim import Exim
from campaign.settle.logs.mail_server import MailServer
from campaign.settle.logs.opensmtpd import OpenSMTPD
from campaign.settle.logs.sendmail import Sendmail
from tests.settle.logs.senders import return_path, told

_OWN = (
    "1xWhgB-0004XS-2g <= ",
    "1xWhgB-0004XS-2g => ",
    "1xWhgB-0004XS-2g ** ",
    "6AQMI2t9006034: from=<",
    "6AQMI2t9006034: to=<",
    "df6f86aec93c8334 smtp message msgid=17cd043b size=1 nrcpt=1 ",
    "df6f86aec93c8334 smtp envelope evpid=17cd043b64f29bd3 from=<",
    "df6f86aec93c8334 mta delivery evpid=17cd043b64f29bd3 from=<",
    "relay: Expire for 17cd043b64f29bd3: from=<",
)
_PIECES = (
    "a@b", "bounces+zzzzzzzzzzzzzzzz@acme.example", "p3@people.example", "<", ">", "> to=<", '"', "\\", " ", ", ", "=",
    " H=(m) [192.0.2.9] P=smtp", " S=9", " id=", "theirs@else.example", ' T="', " for ", " F=<", " R=r",
    ": 550 5.1.1 no",
    ", size=1, class=0, nrcpts=1, msgid=<", ", delay=00:00:00, xdelay=00:00:00, mailer=x, pri=1, dsn=2.0.0, stat=Sent",
    ' rcpt=<-> source="x" relay="y" delay=1s result="Ok" stat="', "\x00", "é", "\U0001f600",
)  # fmt: skip


@pytest.mark.parametrize(("server", "program"), [(Exim, "exim"), (Sendmail, "sendmail"), (OpenSMTPD, "smtpd")])
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(_OWN), st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), max_size=9)),
             max_size=5)
)  # fmt: skip
def test_no_line_of_strangers_proves_anything(
    server: type[MailServer], program: str, lines: list[tuple[str, list[str]]]
) -> None:
    texts = ["".join([start, *pieces]).encode("utf-8", "replace").decode() for start, pieces in lines]
    log = [f"Nov 26 21:00:00 mail {program}[{number}]: {text}" for number, text in enumerate(texts)]
    assert return_path(3) not in "".join(log)
    assert not told(server(), [line.replace("\n", " ").replace("\r", " ") for line in log])
