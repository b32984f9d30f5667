"""Rows by recipient domain, in bounded memory: the largest domains, exactly, whatever number of others there is.

Rows are counted as they come, by domain and status. Once there are more domains than `most`, the smallest are thrown
out, with what all others have in common with them (the summary of Misra and Gries, as Agarwal and others merge them):
who has more than one of `most` of all rows is sure to stay. What has stayed is then counted again, exactly: `again`.
Raises nothing.

Limits: where nobody is that large, those that are named are some of the largest, not the largest.
"""

from collections import Counter
from collections.abc import Iterable

from campaign.model import Status
from campaign.report.data import DomainRows, OtherDomains

_MOST = 20_000
_NAMED = 15

Rows = Counter[tuple[str, str]]
"""How many, by domain and status."""


class Domains:
    """Counts rows. `most`: domains that are kept in mind."""

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._by_domain: dict[str, Counter[str]] = {}
        self._estimates: Counter[str] = Counter()
        self._all: Counter[str] = Counter()
        self.inexact = False
        """Whether some domains have been thrown out: then all rows are to be counted `again`."""

    def add(self, rows: Rows) -> None:
        """Count rows."""
        for (domain, status), count in rows.items():
            self._by_domain.setdefault(domain, Counter())[status] += count
            self._estimates[domain] += count
            self._all[status] += count
        if len(self._by_domain) > 2 * self._most:
            self._throw_out()

    def again(self, chunks: Iterable[Rows]) -> None:
        """Count all rows a second time, of those domains that were kept."""
        self._by_domain = {domain: Counter() for domain in self._by_domain}
        for rows in chunks:
            for (domain, status), count in rows.items():
                if (known := self._by_domain.get(domain)) is not None:
                    known[status] += count

    def named(self, most: int = _NAMED) -> tuple[list[DomainRows], OtherDomains | None]:
        """Give the largest domains, and all others together; rows without an address come as a domain of their own,
        last.
        """
        none = self._by_domain.get("")
        found = sorted((one for one in self._by_domain.items() if one[0]), key=lambda one: (-one[1].total(), one[0]))
        if len(found) == most + 1 and not self.inexact:
            most += 1  # its line would be no longer than that of the others
        several = sum(counts.total() > 1 for _, counts in found)
        if several and len(found) > most:  # who has one row is one of many
            most = min(most, several)
        told = [*found[:most], *([("", none)] if none else [])]
        rest = self._all.copy()
        for _, counts in told:
            rest.subtract(counts)
        named = [DomainRows(domain=domain, counts=_by_status(counts)) for domain, counts in told]
        if not rest.total():
            return named, None
        others = None if self.inexact else len(found) - min(most, len(found))
        return named, OtherDomains(domains=others, counts=_by_status(rest))

    def _throw_out(self) -> None:
        """Keep the largest, less what the largest of the others has."""
        self.inexact = True
        ranked = self._estimates.most_common(self._most + 1)
        less = ranked.pop()[1]
        self._estimates = Counter({domain: count - less for domain, count in ranked if count > less})
        self._by_domain = {domain: self._by_domain[domain] for domain in self._estimates}


def _by_status(counts: Counter[str]) -> dict[Status, int]:
    return {status: counts[status] for status in Status if counts[status]}
