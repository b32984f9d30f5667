"""What the ledger says held against what the server has accepted, while a run goes on and at its end.

The two are read one after the other, so what is asked at any moment is what no moment may break, in an order that makes
it so: whoever had been accepted before the ledger was read has a claim in it, or its outcome; whoever is `sent` in it
has been accepted by the time the server's record is read after it; and nobody is in the record twice.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from campaign.ledger_place import DatabasePlace
from tests.campaigns import SmallCampaign, assert_agreement
from tests.crashes.record import FaultServerRecord
from tests.crashes.standing import ResultRow
from tests.postgres.standing import read_standing

_BEGUN = frozenset({"sent", "sending", "in_doubt"})


@dataclass
class Figures:
    """What a test has shown."""

    kills: Counter[str] = field(default_factory=Counter)
    contacts: int = 0
    sent: int = 0
    lost: int = 0
    twice: int = 0
    in_doubt: int = 0
    bound: int = 0
    """The most that may be in doubt: two for each connection that the killed may have had open."""

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in self.kills.most_common())
        return (
            f"{self.kills.total()} kills ({kinds}), {self.contacts} contacts: lost {self.lost}, twice {self.twice}, "
            f"sent {self.sent}, in doubt {self.in_doubt} (bound {self.bound})"
        )


class Judge:
    """Of one campaign with one server, which accepts all that it is given and writes it into `record`."""

    def __init__(self, campaign: SmallCampaign, place: DatabasePlace, record: Path) -> None:
        self.figures = Figures()
        self.record = FaultServerRecord(record)
        self._campaign = campaign
        self._place = place
        self._accepted: Counter[str] = Counter()

    def look(self, when: str) -> ResultRow:
        """Hold the two against each other at this moment; `when`: what a failure says of it."""
        self._hear()
        before = set(self._accepted)
        standing = read_standing(self._place)
        self._hear()
        statuses = standing.statuses
        twice = [address for address, count in self._accepted.items() if count > 1]
        assert not twice, f"{when}: accepted twice: {twice[:5]}"
        lost = [(one, statuses.get(one)) for one in before if statuses.get(one) not in _BEGUN]
        assert not lost, f"{when}: accepted, but {lost[:5]}"
        invented = [one for one, status in statuses.items() if status == "sent" and one not in self._accepted]
        assert not invented, f"{when}: sent, but never accepted: {invented[:5]}"
        doubtful = standing.counts["in_doubt"]
        assert doubtful <= self.figures.bound, f"{when}: {doubtful} in doubt, {self.figures.bound} allowed"
        assert standing.sound, f"{when}: the rows that are kept count of are not those that are there"
        return standing

    def finish(self) -> Figures:
        """Hold the results of a run that has ended against the record: one row for each contact, one word each."""
        standing = self.look("at the end")
        assert "sending" not in standing.counts, "a claim has no outcome"
        rows = self._campaign.results()
        found = assert_agreement(self._campaign, self._accepted.elements())
        figures = self.figures
        figures.contacts = len(rows)
        figures.lost = found["pending"] + len(set(self._accepted) - {row["email"] for row in rows})
        figures.twice = sum(count > 1 for count in self._accepted.values())
        figures.sent, figures.in_doubt = found["sent"], found["in_doubt"]
        assert figures.lost == figures.twice == 0, str(figures)
        assert figures.in_doubt <= figures.bound, str(figures)
        assert set(found) <= {"sent", "in_doubt"}, found
        return figures

    def accepted(self) -> int:
        """Give how many messages the server has accepted."""
        return self.record.count()

    def _hear(self) -> None:
        self._accepted.update(address.lower() for address in self.record.news())
