"""OpenSMTPD: what its lines prove, where the return path has the key. They are those of OpenSMTPD 6.8."""

import pytest

from campaign.settle.logs.opensmtpd import OpenSMTPD
from tests.settle.logs.senders import key_of, return_path, short, told

_EVPID, _SESSION = "17cd043b64f29bd3", "df6f86aec93c8334"
_MESSAGE = f"{_SESSION} smtp message msgid=17cd043b size=281 nrcpt=1 proto=ESMTP"
_ENVELOPE = f"{_SESSION} smtp envelope evpid={_EVPID} from=<{return_path(3)}> to=<p3@people.example>"
_DELIVERY = (
    f"df6f86b16e5bd8c2 mta delivery evpid={_EVPID} from=<{return_path(3)}> to=<p3@people.example> rcpt=<-> "
    'source="127.0.0.1" relay="127.0.0.1 (localhost)" delay=0s '
)
_LOCAL = (
    f"df6f86b16e5bd8c2 mda delivery evpid={_EVPID} from=<{return_path(3)}> to=<p3@people.example> "
    "rcpt=<p3@people.example> user=vmail delay=0s result=Ok stat=Delivered"
)
_EXPIRED = (
    f"relay: Expire for {_EVPID}: from=<{return_path(3)}>, to=<p3@people.example>, rcpt=<->, delay=4d, "
    "stat=Envelope expired"
)


def _log(*lines: str, tag: str = "smtpd") -> list[str]:
    return [f"Nov 26 21:00:00 mail {tag}[7]: {line}" for line in lines]


@pytest.mark.parametrize(
    ("lines", "proved"),
    [
        ([_MESSAGE, _ENVELOPE], ["accepted 3"]),
        ([_ENVELOPE], []),
        ([_MESSAGE], []),
        ([_MESSAGE.replace("17cd043b", "27cd043b"), _ENVELOPE], []),
        ([_MESSAGE.replace(_SESSION, "0" * 16), _ENVELOPE], []),
        ([_MESSAGE, _ENVELOPE.replace(return_path(3), "news@acme.example")], []),
        ([_MESSAGE, _ENVELOPE.replace(return_path(3), "")], []),  # a bounce
        ([_MESSAGE, _ENVELOPE.replace(return_path(3), "a@b").replace("p3@people.example", return_path(3))], []),
        ([f'{_DELIVERY}result="Ok" stat="250 2.0.0 Ok: queued"'], ["delivered 3"]),
        ([_LOCAL], ["delivered 3"]),
        ([_LOCAL.replace("user=vmail", "user=vmail method=maildir").replace("to=<p3@", "to=<else@")], ["delivered 3"]),
        ([f'{_DELIVERY}result="PermFail" stat="550 5.1.1 No such user"'], ["bounced 3"]),
        ([f'{_DELIVERY}result="TempFail" stat="450 4.2.1 Mailbox busy"'], []),
        ([f'{_DELIVERY}result="PermFail" stat="550 no"'.replace("to=<p3@", "to=<else@")], []),
        ([f'{_DELIVERY}result="TempFail" stat="450 result="Ok" stat="250 ok"'], []),
        ([_DELIVERY.replace(return_path(3), "a@b") + 'result="PermFail" stat="550 no"'], []),
        ([_EXPIRED], ["bounced 3"]),
        ([_EXPIRED.replace("Expire", "Remove")], []),
        ([_EXPIRED.replace("to=<p3@", "to=<else@")], []),
    ],
)
def test_what_proves_what(lines: list[str], proved: list[str]) -> None:
    assert short(told(OpenSMTPD(), _log(*lines))) == proved
    assert not told(OpenSMTPD(), _log(*lines, tag="postfix/smtpd"))


def test_what_it_says() -> None:
    found = told(OpenSMTPD(), _log(f'{_DELIVERY}result="PermFail" stat="550 5.1.1 No such user"'))[0]
    assert (found.code, found.enhanced, found.detail) == (550, "5.1.1", "550 5.1.1 No such user")
    assert (found.key, found.place) == (key_of(3), f"mail.log:1, queue id {_EVPID}")
