"""Tables of Postfix's lines, and what they prove: of whom, and of nobody."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from campaign.evidence import Evidence, EvidenceKind
from campaign.settle.logs.entry import LogEntry
from campaign.settle.logs.postfix import Postfix
from tests.settle.logs.people import People, read_files

_MINE = "cleanup: 4F2A1B: message-id=<ours1@acme.example>"
_ACTIVE = "qmgr: 4F2A1B: from=<hello@acme.example>, size=1234, nrcpt=1 (queue active)"
_TO = "4F2A1B: to=<p1@people.example>, relay=mx.people.example[192.0.2.1]:25, delay=0.1, delays=0/0/0/0.1, dsn="
_SENT = f"smtp: {_TO}2.0.0, status=sent (250 2.0.0 Ok: queued as ABC)"
_DEFERRED = f"smtp: {_TO}4.4.1, status=deferred (connect to mx.people.example[192.0.2.1]:25: Connection timed out)"
_BOUNCED = (
    f"smtp: {_TO}5.1.1, status=bounced (host mx.people.example[192.0.2.1] said: 550-5.1.1 <p1@people.example> "
    "gone, see https://mx.people.example/why?token=eyJhbGciOi (in reply to RCPT TO command))"
)
_EXPIRED = "qmgr: 4F2A1B: from=<hello@acme.example>, status=expired, returned to sender"
_REMOVED = "qmgr: 4F2A1B: removed"
_OTHERS = "cleanup: 4F2A1B: message-id=<other@example.org>"


def _written(lines: Sequence[str], *, host: str = "mail", name: str = "postfix", start: int = 0) -> str:
    """A line a second."""
    return "".join(
        f"2026-11-26T09:{(start + number) // 60:02}:{(start + number) % 60:02}Z {host} "
        + (f"{name}/{service}[{number}]: {text}\n" if "/" not in service else f"{service[1:]}[1]: {text}\n")
        for number, (service, _, text) in enumerate(line.partition(": ") for line in lines)
    )


def _read(folder: Path, *texts: str) -> list[Evidence]:
    files = []
    for number, text in enumerate(texts):
        files.append(folder / f"mail.log.{number}")
        files[-1].write_text(text)
    return read_files(files)


ACCEPTED, DELIVERED, BOUNCED = EvidenceKind.ACCEPTED, EvidenceKind.DELIVERED, EvidenceKind.BOUNCED


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        ([_MINE, _ACTIVE, _SENT, _REMOVED], [ACCEPTED, DELIVERED]),
        ([_MINE, _ACTIVE, _DEFERRED, _ACTIVE, _DEFERRED], [ACCEPTED]),
        ([_MINE, _DEFERRED], [ACCEPTED]),  # the queue manager's line is lost
        ([_MINE, _SENT], [DELIVERED]),
        ([_MINE, _ACTIVE, _BOUNCED, _REMOVED], [ACCEPTED, BOUNCED]),
        ([_MINE, _BOUNCED.replace("5.1.1, status=bounced", "4.1.1, status=SOFTBOUNCE")], [ACCEPTED]),
        ([_MINE, _SENT.replace("dsn=2.0.0", "tls=may:none, dsn=2.0.0")], [DELIVERED]),
        ([_MINE, _SENT.replace(" delays=0/0/0/0.1, dsn=2.0.0,", "")], [DELIVERED]),  # before 2.3
        ([_MINE, _SENT.replace("25, delay", "25, conn_use=3, delay").replace("smtp:", "lmtp:")], [DELIVERED]),
        # An alias: the contact is whom it was for, not whom it goes to.
        ([_MINE, _BOUNCED.replace("to=<p1", "to=<other@else.example>, orig_to=<P1"), _REMOVED], [ACCEPTED, BOUNCED]),
        # A copy for somebody else, and whatever becomes of it.
        ([_MINE, _BOUNCED.replace("p1@people.example>,", "archive@acme.example>,")], [ACCEPTED]),
        ([_MINE, _SENT.replace("p1@", "archive@"), _BOUNCED.replace("p1@", "archive@")], [ACCEPTED]),
        # Given up in the end: once the file is gone, and if it is the contact for whom it waited.
        ([_MINE, _ACTIVE, _DEFERRED, _ACTIVE, _DEFERRED, _EXPIRED, _REMOVED], [ACCEPTED, BOUNCED]),
        ([_MINE, _ACTIVE, _DEFERRED, _EXPIRED.replace("=exp", "=force-exp"), _REMOVED], [ACCEPTED, BOUNCED]),
        ([_MINE, _ACTIVE, _DEFERRED, _EXPIRED, "qmgr: 4F2A1B: status=deferred (bounce failed)"], [ACCEPTED]),
        ([_MINE, _ACTIVE, _DEFERRED, _EXPIRED, _SENT, _REMOVED], [ACCEPTED, DELIVERED]),
        ([_MINE, _ACTIVE, _DEFERRED.replace("p1@", "archive@"), _EXPIRED, _REMOVED], [ACCEPTED]),
        ([_MINE, _ACTIVE, _SENT, _DEFERRED.replace("p1@", "archive@"), _EXPIRED, _REMOVED], [ACCEPTED, DELIVERED]),
        # The header line alone, and what stands there in place of an acceptance.
        ([_MINE], []),
        ([_MINE, "smtpd: lost connection after DATA (75 bytes) from mailer.acme.example[192.0.2.9]"], []),
        ([_MINE, "cleanup: 4F2A1B: milter-reject: END-OF-MESSAGE from x[192.0.2.9]: 5.7.1 no;", _ACTIVE], []),
        ([_MINE, "cleanup: 4F2A1B: milter-discard: END-OF-MESSAGE from x[192.0.2.9]: x;", _ACTIVE], []),
        ([_MINE, "cleanup: 4F2A1B: reject: header Subject: x from x[192.0.2.9]; from=<a@b> to=<c@d>: no", _ACTIVE], []),
        ([_MINE, "cleanup: 4F2A1B: discard: body x from x[192.0.2.9]; from=<a@b> to=<c@d>: no", _ACTIVE], []),
        ([_MINE, "cleanup: 4F2A1B: hold: header Subject: x from x[192.0.2.9]; from=<a@b> to=<c@d>: no"], []),
        ([_MINE, "cleanup: 4F2A1B: hold: header X: y from x[]; from=<a> to=<c>: z",
          "postsuper: 4F2A1B: released from hold", _ACTIVE], [ACCEPTED]),
        ([_MINE, "cleanup: 4F2A1B: warning: header Subject: x from x[]; from=<a> to=<c>: z", _ACTIVE], [ACCEPTED]),
        # The id is somebody else's by then.
        ([_MINE, _OTHERS, _ACTIVE, _SENT], []),
        ([_MINE, "smtpd: 4F2A1B: client=unknown[192.0.2.9]", _ACTIVE], []),
        ([_MINE, "pickup: 4F2A1B: uid=0 from=<root>", _ACTIVE], []),
        ([_MINE, _REMOVED, _ACTIVE], []),
        ([_MINE, "postsuper: 4F2A1B: removed", _ACTIVE], []),
        ([_MINE, "postsuper: 4F2A1B: requeued", _ACTIVE], []),
        ([_MINE, _ACTIVE.replace("hello@acme.example", "")], []),  # a bounce has no sender
        # Lines were dropped: only one that names the contact shows whose id it is.
        ([_MINE, "/rsyslogd: imuxsock[pid 7]: begin to drop messages due to rate-limiting", _ACTIVE], []),
        ([_MINE, "/systemd-journald: Suppressed 812 messages from postfix@-.service", _ACTIVE, _SENT], [DELIVERED]),
        ([_MINE, "/rsyslogd: imuxsock lost 7 messages from pid 7 due to rate-limiting",
          _SENT.replace("p1@", "archive@")], []),
        ([_MINE, "/sshd: Suppressed 812 messages from postfix@-.service", _ACTIVE], [ACCEPTED]),
        # What strangers may put into a line.
        ([_MINE, f"smtpd: NOQUEUE: reject: RCPT from x[192.0.2.9]: 4F2A1B: helo=<{_ACTIVE[6:]}>"], []),
        ([_MINE, f"cleanup: 4F2A1B: warning: header Subject: {_SENT[6:]} from x[192.0.2.9]; from=<> to=<>: x"], []),
        ([_MINE, f"smtpd: 4F2A1B: reject: RCPT from x[192.0.2.9]: 550 {_ACTIVE[6:]}"], []),
        ([_MINE, f"{_DEFERRED}, status=bounced (no)"], [ACCEPTED]),
        ([_MINE, _DEFERRED.replace("Connection", "dsn=5.0.0, status=bounced (x)")], [ACCEPTED]),
        ([_MINE, f"/postfix: {_ACTIVE[6:]}"], []),
        ([_MINE, f"/evil: postfix/qmgr[1]: {_ACTIVE[6:]}"], []),
        (["cleanup: 4F2A1B: message-id=<a@b> <ours1@acme.example>", _ACTIVE], []),
        (["cleanup: 4F2A1B: resent-message-id=<ours1@acme.example>", _ACTIVE], []),
        (["smtpd: 4F2A1B: message-id=<ours1@acme.example>", _ACTIVE], []),
    ],
)  # fmt: skip
def test_what_lines_prove(lines: list[str], kinds: list[EvidenceKind], tmp_path: Path) -> None:
    found = _read(tmp_path, _written(lines))
    assert [evidence.kind for evidence in found] == kinds
    assert all(evidence.message_id == "<ours1@acme.example>" for evidence in found)


def test_a_long_line_takes_no_longer_than_its_length(tmp_path: Path) -> None:
    """With two ways to share out the fields, this would take many minutes."""
    endless = f"smtp: {_TO.removesuffix('dsn=')}{'a=b, ' * 100_000}status"
    assert _read(tmp_path, _written([_MINE, endless])) == []


def test_what_evidence_says(tmp_path: Path) -> None:
    """The reply of the other server with its code, no address and no link in it; where it stands, and an id for it."""
    _, bounced = _read(tmp_path, _written([_MINE, _ACTIVE, _BOUNCED], name="postfix-out/submission"))
    assert bounced == Evidence(
        kind=BOUNCED,
        moment=1795683602,
        id="mail/postfix-out/4F2A1B/1795683602/bounced",
        source="Postfix log",
        place="mail.log.0:3, queue id 4F2A1B",
        message_id="<ours1@acme.example>",
        recipient="p1@people.example",
        code=550,
        enhanced="5.1.1",
        detail="host mx.people.example[192.0.2.1] said: 550-5.1.1 <(address)> gone, see [link] "
        "(in reply to RCPT TO command)",
    )


@pytest.mark.parametrize("moved", [{"host": "other"}, {"name": "postfix-in"}, {"start": -1}])
def test_another_host_another_instance_an_earlier_moment(moved: dict[str, object], tmp_path: Path) -> None:
    """The same id is another message there, or was then."""
    host, name = str(moved.get("host", "mail")), str(moved.get("name", "postfix"))
    begun = _written([_MINE], start=9)
    later = _written([_ACTIVE], host=host, name=name, start=8 if "start" in moved else 10)
    assert _read(tmp_path, begun + later) == []
    assert len(_read(tmp_path, begun + _written([_ACTIVE], start=10))) == 1


def test_a_story_goes_on_in_the_next_file(tmp_path: Path) -> None:
    """… which begins in the same second, too; and whatever order they are named in."""
    for next_second in (0, 1):
        begun, going_on = _written([_MINE]), _written([_ACTIVE, _SENT], start=next_second)
        for texts in ((begun, going_on), (going_on, begun)):
            # Of files that begin together, the name decides in `settle`; so the tie is not tried here.
            if next_second or texts[0] is begun:
                assert [evidence.kind for evidence in _read(tmp_path, *texts)] == [ACCEPTED, DELIVERED]


def test_where_a_file_is_missing_an_id_alone_proves_nothing(tmp_path: Path) -> None:
    """Meanwhile it may have got another owner. A long id has one for ever."""
    begun, much_later = _written([_MINE]), _written([_ACTIVE, _REMOVED], start=1200)
    assert _read(tmp_path, begun, much_later) == []
    assert [one.kind for one in _read(tmp_path, begun, _written([_DEFERRED, _ACTIVE], start=1200))] == [ACCEPTED]
    long = [text.replace("4F2A1B", "4dHzJC0Wfkz3kVt") for text in (begun, much_later)]
    assert [evidence.kind for evidence in _read(tmp_path, *long)] == [ACCEPTED]


def test_a_copy_of_an_older_part_opens_nothing_again(tmp_path: Path) -> None:
    """An aborted message's line, read once more after its id has gone to somebody else, meets no line of theirs."""
    whole = [_MINE, *["smtpd: connect from x[192.0.2.9]"] * 5, _OTHERS, *["smtpd: connect from x[192.0.2.9]"] * 5]
    texts = _written(whole), _written([_MINE, *whole[1:3]]), _written([_ACTIVE], start=12)
    assert _read(tmp_path, *texts) == []


def test_files_put_together_in_a_wrong_order(tmp_path: Path) -> None:
    """What lies between was read before, and the id may have another owner."""
    older, between, newer = _written([_MINE]), _written([_OTHERS, _ACTIVE], start=1200), _written([_ACTIVE], start=2400)
    assert _read(tmp_path, between + older + newer) == []
    assert [evidence.kind for evidence in _read(tmp_path, between + older + _written([_SENT], start=2400))] == [
        DELIVERED
    ]


@pytest.mark.parametrize("program", ["sshd", "postfix/smtpd"])
def test_logs_of_other_things_cover_nothing(program: str, tmp_path: Path) -> None:
    """auth.log and mail.warn go on while mail.log was rotated, and are read before it."""
    mail = _written([_MINE], start=9), _written([_ACTIVE], start=10)
    other = "".join(f"2026-11-26T09:{minute:02}:00Z mail {program}[1]: warning: x\n" for minute in range(60))
    assert [evidence.kind for evidence in _read(tmp_path, other, *mail)] == [ACCEPTED]


def test_a_copy_proves_the_same_thing(tmp_path: Path) -> None:
    """… under the same ids, so that it is no news."""
    text = _written([_MINE, _ACTIVE, _SENT, _REMOVED])
    found = _read(tmp_path, text, text)
    assert [evidence.id for evidence in found[:2]] == [evidence.id for evidence in found[2:]]


def _plain(*moments: int, program: str = "sshd[9]", says: str = "Server listening") -> str:
    return "".join(f"2026-11-26T09:{at // 60:02}:{at % 60:02}Z mail {program}: {says}\n" for at in moments)


@pytest.mark.parametrize(
    ("program", "says"), [("sshd[9]", "Server listening"), ("postfix/smtpd[9]", "warning: hostname x does not resolve")]
)
def test_a_log_without_mail_beside_it_covers_nothing(program: str, says: str, tmp_path: Path) -> None:
    """`settle /var/log`: auth.log and mail.warn are about the same days. A story goes on past the rotation; and where a
    mail log is missing, theirs does not stand in for it.
    """
    beside = _plain(30, 1300, program=program, says=says)
    begun, going_on = _plain(0) + _written([_MINE], start=60), _written([_ACTIVE, _SENT], start=62)
    assert [evidence.kind for evidence in _read(tmp_path, begun, beside, going_on)] == [ACCEPTED, DELIVERED]
    beside = _plain(62, 1210, program=program, says=says)
    assert _read(tmp_path, begun, beside, _written([_REMOVED.replace("4F2A1B", "A1"), _ACTIVE], start=1211)) == []


def test_each_instance_has_a_log_of_its_own(tmp_path: Path) -> None:
    """A file of one covers nothing of another's, though it goes on for longer."""
    out = [_written([_MINE], name="postfix-out", start=10), _written([_ACTIVE], name="postfix-out", start=20)]
    other = _written([_OTHERS] * 30, name="postfix-in")
    assert [evidence.kind for evidence in _read(tmp_path, out[0], other, out[1])] == [ACCEPTED]


def test_a_line_that_syslog_cut_short_still_says_what_became_of_it(tmp_path: Path) -> None:
    for cut in (1, 30):
        (accepted, bounced) = _read(tmp_path, _written([_MINE, _ACTIVE, _BOUNCED[:-cut]]))
        assert (accepted.kind, bounced.kind, bounced.code) == (ACCEPTED, BOUNCED, 550)
    for words in ("status=bounce", "status=bounced (host mx"):
        kinds = [one.kind for one in _read(tmp_path, _written([_MINE, _BOUNCED.partition("status=")[0] + words]))]
        assert kinds == ([BOUNCED] if "(" in words else [])


def test_of_an_alias_only_the_end_without_any_delivery_is_a_bounce(tmp_path: Path) -> None:
    """The contact is an alias of the relay's own for two people: one got it, one is gone."""
    gone, there = (f"to=<{who}@else.example>, orig_to=<p1@people.example>" for who in ("a", "b"))
    bounced, sent = _BOUNCED.replace("to=<p1@people.example>", gone), _SENT.replace("to=<p1@people.example>", there)
    for order in ((bounced, sent), (sent, bounced)):
        found = _read(tmp_path, _written([_MINE, _ACTIVE, *order, _REMOVED]))
        assert [one.kind for one in found] == [ACCEPTED, DELIVERED]
    waits = _DEFERRED.replace("to=<p1@people.example>", there)
    for more in ([waits], [waits, _EXPIRED], [waits, _ACTIVE, sent, _REMOVED]):
        assert BOUNCED not in {one.kind for one in _read(tmp_path, _written([_MINE, _ACTIVE, bounced, *more]))}
    for more in ([], [waits, _EXPIRED], [waits, _ACTIVE, bounced]):
        found = _read(tmp_path, _written([_MINE, _ACTIVE, bounced, *more, _REMOVED]))
        assert [one.kind for one in found] == [ACCEPTED, BOUNCED]
    assert found[-1].code == 550
    # The delivery may stand in what is missing.
    long = [line.replace("4F2A1B", "4dHzJC0Wfkz3kVt") for line in (_MINE, _ACTIVE, bounced, _REMOVED)]
    for cut in (2, 3):
        parts = _written(long[:cut]), _written(long[cut:], start=1200)
        assert [one.kind for one in _read(tmp_path, *parts)] == [ACCEPTED]


def test_a_line_of_many_fields_takes_no_longer_than_it_is(tmp_path: Path) -> None:
    """Square in them, this would take hours."""
    fields = _SENT.replace("delay=0.1, ", "delay=0.1, " * 200_000)
    entry = LogEntry(1795683600, "mail", "postfix/smtp", "1", "", "mail.log:1")
    server = Postfix()
    server.entry(entry._replace(program="postfix/cleanup", text=_MINE.partition(": ")[2]), People())
    for end, kinds in (("", [DELIVERED]), (", status", [])):
        text = fields.partition(": ")[2].partition(", status")[0] + (end or ", status=sent")
        assert [one.kind for one in server.entry(entry._replace(text=text), People())] == kinds
