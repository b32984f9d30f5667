"""The rows' last words, counted for the pictures: by time, by tries, by domain; many rows at a time, none kept.

Takes what the ledger says of all rows (`FinalWord`s) and what was measured (`Stretch`es); gives `Pictures`. Moments are
Unix seconds inside, and in the zone of the report outside. Memory is that of some ten thousand counts. Raises nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

from campaign.histogram import Histogram, Stretch, merged, percentile, seconds_of
from campaign.model import Status
from campaign.report.data import Bar, Pictures, TimeToAccept, TriesNeeded, Waits
from campaign.report.domains import Domains, Rows
from campaign.report.time_axis import bar_seconds, first_bar
from campaign.result_rows import FinalWord

SETTLED = (Status.SENT, Status.BOUNCED, Status.REJECTED, Status.FAILED, Status.IN_DOUBT, Status.INVALID)
"""What a row can become at a certain moment, while mail goes out."""
_UNITS = (1, 60, 900)
"""Seconds: by how much time is told apart; coarser where there is too much of it. All zones' hours begin with one."""
_MOST_MOMENTS = 20_000
_WAITS = (1.0, 10.0, 60.0, 300.0, 900.0, 3_600.0)
"""Seconds: how waits are told apart."""
_MOST_TRIES = 12


class LastWords:
    """Counts rows."""

    def __init__(self) -> None:
        self.domains = Domains()
        self.first_sent: int | None = None
        self.last_sent: int | None = None
        self._by_time: Counter[tuple[int, str]] = Counter()
        self._by_tries: Counter[tuple[int, str]] = Counter()
        self._unit = 0

    def add(self, rows: Sequence[FinalWord]) -> None:
        """Count some rows."""
        words, moments, tries, domains = zip(*rows, strict=True)
        self.domains.add(Counter(zip(domains, words, strict=True)))
        self._by_tries.update(zip(tries, words, strict=True))
        unit = _UNITS[self._unit]
        for (moment, word), count in Counter(zip(moments, words, strict=True)).items():
            if moment is None or word not in SETTLED:
                continue
            self._by_time[moment // unit * unit, word] += count
            if word in (Status.SENT, Status.BOUNCED):
                self.first_sent = moment if self.first_sent is None else min(moment, self.first_sent)
                self.last_sent = moment if self.last_sent is None else max(moment, self.last_sent)
        while len(self._by_time) > _MOST_MOMENTS and self._unit + 1 < len(_UNITS):
            self._unit += 1
            unit = _UNITS[self._unit]
            coarser: Counter[tuple[int, str]] = Counter()
            for (moment, word), count in self._by_time.items():
                coarser[moment // unit * unit, word] += count
            self._by_time = coarser

    def pictures(self, measured: Sequence[Stretch], zone: tzinfo) -> Pictures:
        """Give the numbers to draw, with what was measured."""
        width, bars = self._bars(measured, zone)
        named, others = self.domains.named()
        return Pictures(
            bar_seconds=width,
            bars=bars,
            time_to_accept=_time_to_accept(measured),
            tries=self._tries(),
            waits=_waits(measured),
            domains=named,
            other_domains=others,
        )

    def _bars(self, measured: Sequence[Stretch], zone: tzinfo) -> tuple[int, list[Bar]]:
        middles = [stretch.begins + stretch.seconds // 2 for stretch in measured]
        moments = [*(moment for moment, _ in self._by_time), *middles]
        if not moments:
            return bar_seconds(0), []
        width = bar_seconds(max(moments) - min(moments))
        begin = first_bar(_moment(min(moments), zone), width)
        counts: defaultdict[int, dict[Status, int]] = defaultdict(dict)
        for (moment, word), count in self._by_time.items():
            bar, status = counts[(moment - begin) // width], Status(word)
            bar[status] = bar.get(status, 0) + count
        stretches: defaultdict[int, list[Stretch]] = defaultdict(list)
        for middle, stretch in zip(middles, measured, strict=True):
            stretches[(middle - begin) // width].append(stretch)
        return width, [
            _bar(_moment(begin + width * place, zone), counts[place], stretches[place])
            for place in range((max(moments) - begin) // width + 1)
        ]

    def _tries(self) -> list[TriesNeeded]:
        found: defaultdict[int, dict[Status, int]] = defaultdict(dict)
        for (tries, word), count in self._by_tries.items():
            if tries and word in SETTLED:
                row, status = found[min(tries, _MOST_TRIES)], Status(word)
                row[status] = row.get(status, 0) + count
        return [TriesNeeded(tries=tries, counts=found[tries]) for tries in sorted(found)]


def by_domain(rows: Iterable[FinalWord]) -> Rows:
    """Count rows by domain and status alone."""
    return Counter((domain, word) for word, _, _, domain in rows)


def _bar(begins: datetime, counts: dict[Status, int], measured: Sequence[Stretch]) -> Bar:
    return Bar(
        begins=begins,
        counts=counts,
        time_to_accept=_time_to_accept(measured),
        put_off=sum(sum(stretch.put_off.values()) for stretch in measured),
        rate=min((stretch.rate for stretch in measured if stretch.rate is not None), default=None),
        allowed=min((stretch.allowed for stretch in measured if stretch.allowed is not None), default=None),
    )


def _time_to_accept(measured: Sequence[Stretch]) -> TimeToAccept | None:
    took: Histogram = {}
    for stretch in measured:
        took = merged(took, stretch.accepted)
    median, p95, p99 = (percentile(took, share) for share in (0.5, 0.95, 0.99))
    if median is None or p95 is None or p99 is None:
        return None
    return TimeToAccept(messages=sum(took.values()), median=median, p95=p95, p99=p99)


def _waits(measured: Sequence[Stretch]) -> list[Waits]:
    found: Counter[float | None] = Counter()
    for stretch in measured:
        for bucket, count in stretch.put_off.items():
            seconds = seconds_of(bucket)
            found[next((limit for limit in _WAITS if seconds <= limit), None)] += count
    return [Waits(up_to=limit, count=found[limit]) for limit in (*_WAITS, None)] if found else []


def _moment(seconds: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone)
