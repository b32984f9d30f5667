"""The way from `init` to a campaign that is sent, as commands to paste: each command ends with the next useful one.

    init ─▶ preview ─▶ check ─▶ send --sandbox ─▶ report --sandbox ─▶ check
         ─▶ send --test-to ─▶ send --limit 3 ─▶ send ─▶ settle ─▶ report

Takes how the program was called, and what the command found; gives words with a command each, for `show_next`. What is
left of a run that has rows to see to is `next_commands`' to say.
"""

from collections.abc import Sequence
from dataclasses import replace

from campaign.terminal.invocation import Invocation

Step = tuple[str, str]
"""Words, and the command."""


def after_init(invocation: Invocation) -> Sequence[Step]:
    """The folder is made."""
    return [
        ("look at its messages", invocation.line("preview")),
        ("send them to a server inside this program", invocation.line("send", "--sandbox")),
    ]


def after_preview(invocation: Invocation) -> Sequence[Step]:
    """The messages are there to look at."""
    return [("once they are what you want, to find out what else could go wrong", invocation.line("check"))]


def after_check(invocation: Invocation, *, ready: bool, mailable: bool, left: int | None) -> Sequence[Step]:
    """Whether it is `ready` to send; whether there are `mailable` messages at all, and how many earlier runs have
    `left`: None where there was none.
    """
    sandbox = invocation.line("send", "--sandbox")
    if not mailable or left == 0:
        return []
    if not ready:
        return [("until then, to try the whole run without a server and without secrets", sandbox)]
    alone = replace(invocation, output=None)
    return [
        ("to try the whole run first, against a server inside this program", sandbox),
        *(
            [("to get a few of the messages yourself first", alone.line("send", "--test-to", "YOUR-ADDRESS"))]
            if left is None
            else []
        ),
        ("to send to the first three, yourself and two colleagues", invocation.line("send", "--limit", "3")),
    ]


def after_run(invocation: Invocation, *, in_doubt: bool) -> Sequence[Step]:
    """All of a run is done. `in_doubt`: rows are, so that settling them was spoken of."""
    plain = replace(invocation, settings={})
    report = ("to show what became of everybody", plain.line("report"))
    if invocation.sandbox or in_doubt:
        return [report]
    words = "tomorrow, to find out what came back, by the mail server's log, your provider's events, or bounces"
    return [(words, plain.line("settle", "MAIL.LOG")), report]


def after_report(invocation: Invocation) -> Sequence[Step]:
    """The page is written."""
    if not invocation.sandbox:
        return []
    return [("that was the sandbox; before you send for real", replace(invocation, sandbox=False).line("check"))]
