"""What a settling says: a table that somebody gets at once, and nothing that there is nothing to say of."""

import re
from dataclasses import replace
from pathlib import Path

from campaign.commands.guide import page
from campaign.commands.settle_document import settle_document
from campaign.evidence import Evidence, EvidenceKind, Proof, Unread, Weighed
from campaign.model import Status
from campaign.run.settlement import Counting, Feedback, Move, Settlement, Suppressed
from campaign.terminal.settlement import show_settlement

NOTHING = Settlement(
    campaign="autumn",
    dry_run=False,
    files=1,
    moves=(),
    feedback=(),
    unchanged={},
    unmatched={},
    earlier={},
    being_sent=0,
    unread=(),
    unread_total=0,
    counts=dict.fromkeys(Status, 0),
    running=None,
    results_path=Path("autumn-results.csv"),
)
OF_THE_GUIDE = replace(
    NOTHING,
    files=5,
    moves=(
        Move(before=Status.IN_DOUBT, after=Status.SENT, source="Postfix log", rows=12),
        Move(before=Status.SENT, after=Status.BOUNCED, source="delivery report", rows=3),
        Move(before=Status.SENT, after=Status.BOUNCED, source="Postfix log", rows=29),
    ),
    feedback=(Feedback(kind=EvidenceKind.COMPLAINT, source="complaint report", rows=2),),
    unchanged={"Postfix log": 18_204},
    unmatched={"delivery report": 7},
    counts={**dict.fromkeys(Status, 0), Status.IN_DOUBT: 1},
    results=Path("autumn-results.csv"),
)


def said(settled: Settlement) -> list[str]:
    lines: list[str] = []
    show_settlement(settled, lines.append)
    return "\n".join(lines).splitlines()


def test_it_says_what_the_guide_shows() -> None:
    (shown,) = re.findall(r"```text\n(autumn: .*?)```", page("settle"), re.DOTALL)
    assert said(OF_THE_GUIDE) == shown.splitlines()


def test_where_nothing_was_found_little_is_said() -> None:
    assert said(NOTHING) == [
        "autumn: 0 rows moved, by 1 file of evidence",
        "nothing in it proves anything about this campaign's rows",
        "nothing is in doubt",
    ]
    assert said(replace(NOTHING, files=0))[0] == "autumn: 0 rows moved, since there was no evidence to read"


def test_what_could_not_be_read_for_one_reason_is_said_once_with_all_its_places() -> None:
    unread = (
        Unread("no log", "a", "name logs"),
        Unread("cut", "x.gz:3", "copy it"),
        Unread("no log", "b", "name logs"),
    )
    assert said(replace(NOTHING, files=0, unread=unread, unread_total=3))[1:-1] == [
        *("not read: no log", "  where: a", "  where: b", "  to do: name logs"),
        *("not read: cut", "  where: x.gz:3", "  to do: copy it"),
    ]


def test_a_suppression_list_that_no_campaign_reads_yet_is_said_to_be_none_so_far() -> None:
    stop = Suppressed(path=Path("/data/stop.csv"), added=0, is_named=False)
    assert said(replace(NOTHING, suppressed=stop))[-3:-1] == [
        "nobody has to be added to the suppression list: /data/stop.csv",
        '  it counts once campaign.toml names it: "stop.csv" in suppress = […], under [contacts]',
    ]
    assert "it counts once" not in "".join(said(replace(NOTHING, suppressed=replace(stop, is_named=True))))


def test_what_else_there_is_to_know_is_said() -> None:
    lines = said(
        replace(
            OF_THE_GUIDE,
            dry_run=True,
            earlier={"mail": 1},
            being_sent=4,
            unread=(Unread("this is damaged", "x.gz:3", "copy it anew"), Unread("that, too", "y")),
            unread_total=12,
            suppressed=Suppressed(path=Path("stop.csv"), added=1),
            running=77,
            results=None,
            kept=Path("kept.csv"),
        )
    )
    assert lines[0] == "autumn: 44 rows would be moved, by 5 files of evidence"
    rest = "\n".join(lines)
    for words in (
        "from before this campaign, and left out: 1 piece of mail",
        "just now: 4; settle once more",
        "not read: this is damaged\n  where: x.gz:3\n  to do: copy it anew\nnot read: that, too\n  where: y\n",
        "not read: 10 more",
        "would be added to the suppression list: 1 person, stop.csv",
        "is kept: kept.csv",
        "process 77",
    ):
        assert words in rest


def test_a_program_is_told_the_same() -> None:
    found = settle_document(replace(OF_THE_GUIDE, unread=(Unread("damaged", "x"),), unread_total=1))
    assert found["moved"] == 44 and found["exit_code"] == 1
    assert found["moves"] == [
        {"before": "in_doubt", "after": "sent", "source": "Postfix log", "rows": 12},
        {"before": "sent", "after": "bounced", "source": "delivery report", "rows": 3},
        {"before": "sent", "after": "bounced", "source": "Postfix log", "rows": 29},
    ]
    assert found["feedback"] == [{"kind": "complaint", "source": "complaint report", "rows": 2}]
    guide = page("json")
    assert [field for field in found if f"`{field}`" not in guide] == []


def test_what_proves_nothing_is_for_a_person_to_look_at_and_no_fault() -> None:
    hint = Unread("this looks like a bounce", "INBOX, UID 7", "look at it", is_hint=True)
    settled = replace(NOTHING, files=0, mails=3, hints=(hint,), hints_total=5)
    assert settled.exit_code == 0
    assert said(settled) == [
        "autumn: 0 rows moved, by 3 mails in the mailbox",
        "for you to look at: this looks like a bounce",
        "  where: INBOX, UID 7",
        "  to do: look at it",
        "for you to look at: 4 more of the kind",
        "nothing is in doubt",
    ]
    assert said(replace(settled, files=2, hints=(), hints_total=0))[0].endswith(
        "2 files of evidence and 3 mails in the mailbox"
    )


def test_a_row_that_was_taken_and_bounced_is_counted_once() -> None:
    counting = Counting()
    for kind, before, after in (
        (EvidenceKind.ACCEPTED, Status.IN_DOUBT, Status.SENT),
        (EvidenceKind.BOUNCED, Status.SENT, Status.BOUNCED),
    ):
        evidence = Evidence(kind=kind, moment=0, id=kind, source="Postfix log", place="mail.log:1")
        counting.add(Weighed(Proof(7, evidence), before=before, after=after))
    settled = counting.settlement(
        campaign="autumn",
        dry_run=False,
        counts=NOTHING.counts,
        running=None,
        results_path=NOTHING.results_path,
        results=None,
        kept=None,
        suppressed=None,
    )
    assert settled.moves == (Move(before=Status.IN_DOUBT, after=Status.BOUNCED, source="Postfix log", rows=1),)
    assert settled.moved == 1
