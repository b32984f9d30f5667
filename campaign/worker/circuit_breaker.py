"""What went wrong in a worker: said once, counted in a row, and the reason to stop where there is one."""

from typing import Literal

from campaign.errors import CampaignError
from campaign.worker.worker_report import Notice, StopReason


class CircuitBreaker:
    """Notices for the operator, the failures in a row, and why the run stops."""

    def __init__(self, *, stop_after: int, where: str) -> None:
        self.reason: StopReason | None = None
        """Why the run stops, once it does."""
        self.in_a_row: list[int] = []
        """The contacts of the last failures that look like our own fault or the server's."""
        self.suspicious: dict[int, str] = {}
        """The contacts whose last reply looks like our own fault or the server's, and what was alike about it, as long
        as no message is accepted: `evidence` looks at them at the end of the run.
        """
        self._stop_after = stop_after
        self._where = where
        self._notices: list[Notice] = []

    def stop(self, error: CampaignError) -> None:
        """Stop for this reason, unless there is one already."""
        if self.reason is None:
            reason = error.reason or "trouble"
            self.reason = StopReason(what=error.what, where=error.where, fix=error.fix, reason=reason)

    def count_failure(self, contact: int, detail: str) -> None:
        """Count a failure that may not be the contact's; too many in a row are a reason to stop."""
        self.in_a_row.append(contact)
        if len(self.in_a_row) >= self._stop_after:
            self.stop(
                CampaignError(
                    f"{_failures(len(self.in_a_row))} like our own or the server's; the last: {detail}",
                    where=self._where,
                    fix="put it right, then run the same command again; retry.stop_after sets how many failures "
                    "are too many",
                    reason="failures",
                )
            )

    def note_suspicion(self, contact: int, suspicion: str | None) -> None:
        """Hear of a contact's latest reply that was no yes: what is suspicious about it, or None."""
        if suspicion is not None:
            self.suspicious[contact] = suspicion
        elif self.suspicious:
            self.suspicious.pop(contact, None)

    def no_session(self, why: str, wait: float) -> None:
        """Hear that no session can be had, and that the next is tried in `wait` seconds."""
        if self.reason is None:
            self.notice(f"{why}; next attempt in {wait:.0f} s")

    def message_accepted(self) -> None:
        """A message was accepted: whatever failed before it was not everybody's fault."""
        if self.reason is None and (self.in_a_row or self.suspicious):
            self.in_a_row.clear()
            self.suspicious.clear()

    def notice(self, words: str, ends_with: Literal["connections", "rate"] | None = None, server: str = "") -> None:
        """Tell the operator, unless that was told just now."""
        self._add(Notice(words, ends_with, server))

    def notice_once(self, words: str, about: str) -> None:
        """Tell the operator, unless this or another worker has told `about` it in this run."""
        self._add(Notice(words, once=about))

    def notice_of_ledger(self, words: str) -> None:
        """Tell whoever runs this worker of its way to the ledger: the run's owner has its own."""
        self._add(Notice(words, of_ledger=True))

    def _add(self, notice: Notice) -> None:
        if notice not in self._notices:
            self._notices.append(notice)

    def notices(self) -> tuple[Notice, ...]:
        """Give what has not been told yet."""
        told, self._notices = tuple(self._notices), []
        return told


def _failures(count: int) -> str:
    return "a failure that looks" if count == 1 else f"{count} failures in a row that look"
