"""At the end of a run in which nobody got through: whether the contacts were refused, or we were.

Too many suspicious refusals in a row stop a run, but a small run ends before there are so many. Where every refusal
was suspicious, all were alike and no message was accepted, it is held to be our own fault: the rows are pending again,
and the run has stopped. Where one of several workers has stopped the run, the suspicious refusals that the others met
are taken back, too. One contact alone proves nothing against us where others of the campaign have been accepted.

Takes the workers' last reports; gives the trouble, if there is one. Raises LedgerError.
"""

from collections import Counter
from collections.abc import Sequence

from campaign.ledger.interface import RunLedger
from campaign.model import Status
from campaign.worker.worker_report import StopReason, WorkerReport


def nobody_accepted(reports: Sequence[WorkerReport], ledger: RunLedger, *, where: str) -> StopReason | None:
    """Judge the run as a whole, and take its refusals back where they look like our own fault. `where` names the
    server.
    """
    settled: Counter[str] = Counter()
    suspicious: dict[int, str] = {}
    for report in reports:
        settled.update(report.settled)
        suspicious |= report.suspicious
    count = settled[Status.REJECTED] + settled[Status.FAILED]
    taken = settled[Status.SENT] + settled[Status.IN_DOUBT]
    alike = set(suspicious.values())
    if any(
        report.trouble for report in reports
    ):  # one worker has stopped the run: what the others saw was no different
        ledger.revert(list(suspicious))
        return None
    if not count or taken or len(alike) != 1:
        return None
    if not ledger.revert_all(list(suspicious), count):
        return None
    refused = "the only message was refused" if count == 1 else f"all {count} were refused alike,"
    return StopReason(
        what=f"nobody got through: {refused} {alike.pop().strip()}; that may be our own fault or the server's, so the "
        f"{'row stays' if count == 1 else 'rows stay'} pending",
        where=where,
        reason="nobody_got_through",
        fix="see what the server says of them in the results; put it right, and run the same command again. A contact "
        "that is refused all the same can be left out (contacts.suppress)",
    )
