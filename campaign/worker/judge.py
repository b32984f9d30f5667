"""Replies judged in the light of what the server has taken already.

What may be one recipient's matter once the server has taken a message is looked at in that light: one that any worker
of any run of this campaign sent. So a campaign that goes on at an odd recipient is not stopped by it.
"""

from campaign.ledger.interface import Journal
from campaign.model import Phase, Reply
from campaign.worker.policy import SENT, Verdict, judge


class Judge:
    """One worker's. Raises LedgerError where the ledger can't be asked."""

    def __init__(self, journal: Journal, server: str = "") -> None:
        """`server`: which one, where there are several."""
        self._journal = journal
        self._server = server
        self._proven = False

    def verdict(self, phase: Phase, reply: Reply, *, served: bool) -> Verdict:
        """Give what a reply means. `served`: its connection had taken messages before."""
        verdict = judge(phase, reply, served=served, proven=self._proven)
        if verdict is SENT:
            self._proven = True
        elif verdict.stop and not self._proven:
            otherwise = judge(phase, reply, served=served, proven=True)
            if otherwise != verdict and self._journal.anybody_sent(self._server):
                self._proven = True
                return otherwise
        return verdict
