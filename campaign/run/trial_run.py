"""A trial: the messages of a few rows to whoever tries the campaign out, and what the server said to each.

    rows ─▶ contacts ─▶ test messages ─▶ one session, one message after the other ─▶ `TrialResult`

It opens no ledger and writes no results: nobody is marked, nothing counts, and a run goes on as if it had not been.
Raises UsageError before the first message; from then on nothing: what went wrong stands in the results.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from campaign.contacts import ContactsFile
from campaign.errors import CampaignError, ContactsError, InvalidContactError, UsageError
from campaign.model import Attempt, Row
from campaign.run.row_choice import RowChoice, rows_of
from campaign.run.trial_messages import TrialMessages, contact_of
from campaign.smtp.awaited_delivery import AwaitedDelivery, Delivery
from campaign.smtp.session.connect import connect
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.server import Server
from campaign.worker.policy import Action, judge, refusal, said

FEW = 3
"""Rows that are tried where none are named: the first ones that can be mailed."""
MOST = 100
"""Messages in one trial: more are no trial, but a send to the wrong person."""

_IN_A_RUN = {
    Action.REJECTED: "said of a contact, it makes the row `rejected`",
    Action.RETRY: "a run would try the row again later",
    Action.AGAIN: "a run would slow down, and send it again",
    Action.IN_DOUBT: "a run would call the row `in_doubt`",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialMessage:
    """One message to be sent, or why there is none."""

    row: int
    email: str
    """The contact's; "" where the row has none."""
    to: str
    attempt: Attempt | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """What became of one message."""

    message: TrialMessage
    accepted: bool | None
    """None: it had left, and no reply came."""
    words: str
    """What the server said, or why nothing was sent or said."""
    code: int | None = None
    enhanced: str | None = None
    fix: str = ""
    """What a run would make of it, or what to do."""
    seconds: float | None = None
    """From when the message began to leave until the server had answered it."""
    stops: bool = False
    """Whether the server refuses us, so that a run would stop, and nobody be marked."""


def trial_rows(contacts: ContactsFile, choice: RowChoice | None, *, where: str) -> list[Row]:
    """Give the chosen rows; without a choice, the first few with an address. Raises UsageError."""
    if choice is not None:
        return choice.of(contacts, where=where)
    rows = list(islice((row for row in rows_of(contacts, first_chunk=100) if row.email and not row.fault), FEW))
    if not rows:
        raise ContactsError(
            "nobody can be mailed: there is nothing to try",
            where=str(contacts.path),
            fix="put right what campaign check says of its rows, or name another file",
        )
    return rows


def make_messages(rows: Sequence[Row], makers: Iterable[TrialMessages], columns: Sequence[str]) -> list[TrialMessage]:
    """Make each row's message to each tester. Raises TemplateError, LinkError."""
    made = []
    for maker in makers:
        for row in rows:
            attempt, why = None, ""
            try:
                attempt = maker.make(contact_of(row, columns))
            except InvalidContactError as error:
                why = f"{error.what} ({error.where})" if error.where else error.what
            made.append(TrialMessage(row=row.number, email=row.email or "", to=maker.to, attempt=attempt, why=why))
    return made


def deliver(
    messages: Sequence[TrialMessage], server: Server, *, pipelining: bool, heard: Callable[[TrialResult], None]
) -> list[TrialResult]:
    """Send them. `heard` is told each result as it comes. Raises UsageError where no session can be had at all."""
    results: list[TrialResult] = []
    line: AwaitedDelivery | None = None
    hopeless: CampaignError | None = None
    for one in messages:
        if one.attempt is None:
            result = TrialResult(message=one, accepted=False, words=one.why, fix="a run would call the row `invalid`")
        elif hopeless is not None:
            result = TrialResult(message=one, accepted=False, words="not tried")
        else:
            try:
                if line is None or line.over:
                    line = _line(server, pipelining, line)
                result, hopeless = _result(one, line.deliver(one.attempt), server)
            except SessionError as error:
                if not any(earlier.message.attempt for earlier in results):
                    raise UsageError(error.what, where=error.where, fix=error.fix, reason=error.reason) from None
                hopeless = error
                result = TrialResult(message=one, accepted=False, words=error.what, fix=error.fix)
        results.append(result)
        heard(result)
    if line is not None:
        line.close()
    return results


def _line(server: Server, pipelining: bool, last: AwaitedDelivery | None) -> AwaitedDelivery:
    if last is not None:
        last.close()
    return AwaitedDelivery(connect(server), timeout=server.timeout, pipelining=pipelining)


def _result(message: TrialMessage, delivery: Delivery, server: Server) -> tuple[TrialResult, CampaignError | None]:
    """What is told of it, and why no other message need be tried."""
    if delivery.reply is None:
        left = delivery.body_left
        words = f"{delivery.why}, {'after' if left else 'before'} the message had left"
        fix = "it may have arrived: look" if left else "try again"
        return TrialResult(message=message, accepted=None if left else False, words=words, fix=fix), None
    reply, phase = delivery.reply, delivery.phase
    verdict = judge(phase, reply)
    error = refusal(verdict, phase, reply, where=f"smtp.host {server.host}") if verdict.stop else None
    accepted = verdict.action is Action.SENT
    fix = "" if accepted else error.fix if error is not None else _IN_A_RUN[verdict.action]
    words = said(reply) if accepted else error.what if error is not None else f"refused at {phase}: {said(reply)}"
    return (
        TrialResult(
            message=message,
            accepted=accepted,
            words=words,
            code=reply.code,
            enhanced=reply.enhanced,
            fix=fix,
            seconds=delivery.seconds,
            stops=error is not None,
        ),
        error,
    )
