"""From a ledger that is ready to the last reply: what workers are told, and who they are.

Takes what the run was prepared with; `begin` a run, or `go_on` with one that has begun. Raises what `Sending` does.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from campaign.ledger.interface import RunLedger
from campaign.message import MessageIds
from campaign.run.broadcast import Broadcast
from campaign.run.continuation import recover
from campaign.run.enrolment import BackgroundEnrolment
from campaign.run.plan import RunPlan
from campaign.run.progress import RunObserver
from campaign.run.sending import Pool, Sending
from campaign.run.shutdown import ShutdownSignals
from campaign.run.state import RunState
from campaign.run.worker_pool import WorkerPool
from campaign.schedule import Schedule
from campaign.worker.job import Job
from campaign.worker.message_factory import MessageFactory

if TYPE_CHECKING:
    from campaign.cluster import ClusterWorkers


class Mailing:
    """One run's."""

    def __init__(
        self,
        plan: RunPlan,
        ledger: RunLedger,
        factory: MessageFactory,
        workers: WorkerPool,
        *,
        state: RunState,
        observer: RunObserver,
        signals: ShutdownSignals,
        broadcast: Broadcast,
        columns_known: Callable[[], None],
        placed: "ClusterWorkers | None" = None,
    ) -> None:
        """`columns_known` is called when the contacts file has been read as far as the workers need; `placed` has the
        workers that a cluster places.
        """
        self._plan = plan
        self._ledger = ledger
        self._factory = factory
        self._workers = workers
        self._state = state
        self._observer = observer
        self._signals = signals
        self._broadcast = broadcast
        self._columns_known = columns_known
        self._placed = placed
        settings = plan.settings
        self._message_id_domain = ledger.keep_message_id_domain(settings.message.sender_domain)
        self._message_id_secret = ledger.reader.message_id_secret()
        self._contact_key_salt = ledger.keep_contact_key_salt()
        self.message_id = MessageIds(settings.name, self._message_id_domain, self._message_id_secret)
        """Gives the Message-ID of an address."""

    def begin(
        self, window: Schedule, background: BackgroundEnrolment | None = None, *, chosen_only: bool = False
    ) -> None:
        """Begin it. `background`: the reading of the contacts file, where it has not been read yet."""
        plan, ledger = self._plan, self._ledger
        ledger.prepare(
            limit=plan.limit,
            chosen_only=chosen_only,
            reading=background is not None,
            zone_column=plan.settings.contacts.timezone_column or "",
            limited_domains=plan.settings.limits,
        )
        if plan.daily_limit:
            ledger.count_earlier_days(window.zone)
        opened = window.opens if plan.settings.window.opens is None and plan.limit is None else None
        ledger.announce_run(opened=opened, templates=self._factory.digest())
        self.go_on(window, background)

    def go_on(self, window: Schedule, background: BackgroundEnrolment | None = None) -> None:
        """Have it done, by this machine's workers and by whoever joins them."""
        ledger, job = self._ledger, self.job(window)
        sending = Sending(
            ledger,
            self._pool(),
            background,
            state=self._state,
            observer=self._observer,
            signals=self._signals,
            broadcast=self._broadcast,
        )
        sending.go(job, columns_known=self._columns_known)
        recover(ledger, self._observer)
        sending.end(where=", ".join(orders.server.place for orders in job.servers))

    def job(self, window: Schedule) -> Job:
        """Give the orders for all workers together."""
        plan, attachments = self._plan, self._factory.attachments
        return plan.job(
            window,
            self._message_id_domain,
            self._message_id_secret,
            self._contact_key_salt,
            None if attachments is None else attachments.for_all,
            rows_beyond=self._ledger.count_due() - self._state.total if plan.spread else None,
        )

    def _pool(self) -> Pool:
        shared = self._ledger.shared
        if shared is None:
            return self._workers
        from campaign.run.shared_pool import SharedPool  # here: where nobody shares the ledger, it costs nothing
        from campaign.run.takeover import offering

        begin = offering(self._plan, self._factory, shared)
        return SharedPool(self._workers, shared, begin=begin, notice=self._observer.notice, placed=self._placed)
