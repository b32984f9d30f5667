"""The servers of a worker, where there are several: who sends, who is out, and what goes another way then.

    a fault that would stop a run with one server ─▶ that server is out, what it refused goes again
    it takes no session; it takes nothing for long ─▶ out, and tried again
    all of them have such a fault                  ─▶ the run stops, with the first one's reason

Raises LedgerError.
"""

from collections.abc import Iterator, Sequence

from campaign.errors import CampaignError
from campaign.model import DueRow
from campaign.smtp.session.server import in_words
from campaign.worker.claims import Claims
from campaign.worker.outcomes import Books
from campaign.worker.ranked_route import USED_UP, RankedRoute
from campaign.worker.route import Common, Route
from campaign.worker.worker_report import ServerReport


class RankedRoutes:
    """One worker's."""

    def __init__(self, common: Common) -> None:
        self._journal = common.ledger.journal
        self._rows = common.rows
        self._breaker = common.breaker
        self._clock = common.clock
        self._unfit: dict[int, set[str]] = {}
        """The servers that can't take a row, by its contact."""
        self._used_up: set[str] = set()
        books, claims = Books(), Claims(self._journal)
        self._ranked: list[RankedRoute] = []
        for orders in common.job.servers:
            self._ranked.append(
                RankedRoute(
                    common,
                    orders,
                    books=books,
                    claims=claims,
                    others=self._ranked,
                    went_out=self._went_out,
                    hand_over=self._hand_over,
                )
            )

    @property
    def routes(self) -> tuple[Route, ...]:
        """All of them, in order of priority."""
        return tuple(one.route for one in self._ranked)

    @property
    def has_rows(self) -> bool:
        """Whether rows are left that wait for one server, which may take them yet."""
        return any(one.rows.own and one.breaker.reason is None and not one.is_done for one in self._ranked)

    def steer(self, now: float) -> None:
        """Open connections where mail is to go, close them where not, and see who takes nothing."""
        if not any(one.may_begin(now) for one in self._ranked):
            self._rows.ready(now)
            self._ranked[0].route.dispatcher.fetch_rows()  # so that it is known whether there are any to wait for
        for one in self._ranked:
            one.steer(now)
            if one.health.struggles(now) and (not one.health.in_use or any(self._others_in_use(one))):
                why = one.outcomes.slowed or f"it has taken nothing for {one.health.seconds_struggling(now):.0f} s"
                self._went_out(one, one.health.go_out(why, now, stalled=True))
            if one.is_used_up != (one.name in self._used_up):
                self._tell_of_the_day(one)
                self._stop_if_none_is_left()
            if one.rows.own and not one.could_send(now):
                self._find_another_way(one)

    def reconsider(self) -> None:
        """At the end: let go again what a server has refused that has refused all alike, while others take mail."""
        for one in self._ranked:
            alike = set(one.breaker.suspicious.values())
            count = len(one.breaker.suspicious)
            others = any(other.outcomes.accepted for other in self._others_in_use(one))
            if count < 2 or len(alike) != 1 or not others or not one.health.in_use:
                continue
            if one.outcomes.accepted or self._journal.anybody_sent(one.name):
                continue
            one.breaker.stop(
                CampaignError(
                    f"all {count} that it got were refused alike, {alike.pop().strip()}",
                    where=one.orders.server.place,
                    fix="see what the server says of them, and put it right",
                    reason="nobody_got_through",
                )
            )

    def let_go(self) -> None:
        """Have the rows that wait for one server stand among those that were put off: the window has closed."""
        for one in self._ranked:
            one.rows.let_go(self._clock())

    def end(self) -> None:
        """Say why rows are left, where they wait for a server that takes no mail."""
        for one in self._ranked:
            if one.rows.own and self._breaker.reason is None:
                self._breaker.reason = one.breaker.reason

    def reports(self) -> dict[str, ServerReport]:
        """Say how each fares, by name."""
        return {one.name: one.report() for one in self._ranked}

    def _others_in_use(self, one: RankedRoute) -> Iterator[RankedRoute]:
        return (other for other in self._ranked if other is not one and other.health.in_use and not other.is_used_up)

    def _went_out(self, one: RankedRoute, was_in_use: bool) -> None:
        """Have what a server can't send go another way, or stop where no way is left."""
        again = one.outcomes.take_back()
        one.shedding = True
        others = list(self._others_in_use(one))
        self._find_another_way(one)
        if not others:
            for other in self._ranked:
                other.health.forgive_slowness()
        if not self._stop_if_none_is_left() and was_in_use:
            taken_back = f" ({again} that it refused go again)" if again else ""
            self._breaker.notice(f"{one.name} is out: {one.health.why}; {self._instead(others)}{taken_back}")

    def _instead(self, others: Sequence[RankedRoute]) -> str:
        if not others:
            return "no other server is in use now, and it is tried again"
        first = min(other.orders.priority for other in others)
        servers = [one.orders.server for one in others if one.orders.priority == first]
        return f"its share goes through {in_words(servers)}"

    def _stop_if_none_is_left(self) -> bool:
        """Stop where each has a reason to, or has had its messages of the last day that this run waits for. Gives
        whether that is so. Where it is only the day, nobody is at fault: the rows are held.
        """
        reasons = [one.breaker.reason for one in self._ranked if one.breaker.reason is not None]
        if not reasons or not all(one.breaker.reason is not None or one.is_done for one in self._ranked):
            return False
        said = "; ".join(
            f"{one.name}: {one.breaker.reason.what if one.breaker.reason else USED_UP}" for one in self._ranked
        )
        self._breaker.stop(
            CampaignError(
                f"no server is left: {said}", where=reasons[0].where, fix=reasons[0].fix, reason=reasons[0].reason
            )
        )
        return True

    def _tell_of_the_day(self, one: RankedRoute) -> None:
        self._used_up ^= {one.name}
        if one.is_used_up:
            what = f"{one.name} has had its {one.orders.daily_limit[0]:,} messages of the day"
            self._breaker.notice(f"{what}; {self._instead(list(self._others_in_use(one)))} until tomorrow")

    def _hand_over(self, one: RankedRoute, due: DueRow) -> bool:
        """Have another server send a row that this one can't take. Gives whether there is one that may."""
        unfit = self._unfit.setdefault(due.id, set())
        unfit.add(one.name)
        fit = [other for other in self._ranked if other.name not in unfit]
        if not fit:
            del self._unfit[due.id]
            return False
        in_use = (other for other in fit if other.health.in_use and not other.is_used_up)
        next(in_use, fit[0]).rows.own.append(due)
        return True

    def _find_another_way(self, one: RankedRoute) -> None:
        """Have the rows that wait for a server that can't send now go through others that can take them."""
        for other in self._others_in_use(one):
            self._move_rows(one, other)

    def _move_rows(self, one: RankedRoute, other: RankedRoute) -> None:
        """Move the rows that wait for a server to another one that can take them."""
        kept = [due for due in one.rows.own if other.name in self._unfit.get(due.id, ())]
        other.rows.own.extend(due for due in one.rows.own if due not in kept)
        one.rows.own.clear()
        one.rows.own.extend(kept)
