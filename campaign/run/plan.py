"""From settings to what a run needs: one plan, made once, with the secrets taken out of their wrapping."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from campaign.dkim import SigningKey
from campaign.ledger_place import Place
from campaign.model import Status
from campaign.relays import relay_of
from campaign.run.broadcast import RunWatcher
from campaign.run.contacts_process import ContactsProcess
from campaign.run.live_state import KnownServer
from campaign.run.placing import ClusterOrder
from campaign.run.schedules import schedule
from campaign.schedule import Schedule
from campaign.settings import Settings, own_files
from campaign.smtp.session.server import Server
from campaign.window import SendWindow
from campaign.worker.domain_limits import DomainLimit
from campaign.worker.job import Job, MessagePlan, ServerOrders

INCLUDABLE = (Status.REJECTED, Status.IN_DOUBT, Status.BOUNCED)
"""What goes again only if it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """Which rows go again besides the pending ones: failed and invalid ones always."""

    include: Sequence[Status] = ()
    """Of `INCLUDABLE`, what was asked for."""
    source: Path | None = None
    """A results file whose rows, and only they, go again, with whatever the operator corrected."""

    @property
    def statuses(self) -> tuple[Status, ...]:
        """The statuses that go again, besides `pending`."""
        return (Status.FAILED, Status.INVALID, *self.include)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """All that `run` has to know."""

    settings: Settings
    results: Path
    ledger: Place
    server: Server
    """The one that there is, or the first."""
    secret: str = field(repr=False)
    signing_keys: tuple[SigningKey, ...]
    """For DKIM: what `read_signing_keys` gives, or nothing where messages are to go unsigned."""
    limit: int | None = None
    sandbox: bool = False
    """Whether nothing leaves this machine: then a suppression list may have lines that can't be used."""
    allow_empty: bool = False
    """Whether a contacts file without rows is no error."""
    wait: bool = True
    """Whether to wait for a window that is not open yet."""
    processes: int | None = None
    """None: as the work demands; 0: workers elsewhere do it all."""
    cluster: ClusterOrder | None = None
    """The cluster that has the workers; None: this machine has, and whoever joins them."""
    profile: bool = False
    resend: Resend | None = None
    begin_afresh: Callable[[], None] | None = None
    """What takes away all that earlier runs left, called once nothing is found wrong; None: the run goes on from it."""
    reader: ContactsProcess | None = None
    """The process that reads the contacts file, where one was begun."""
    watchers: Sequence[RunWatcher] = ()
    """Who else hears how it goes."""
    backoff: float = 1.0
    """Seconds: `Job.backoff`."""
    servers: tuple[Server, ...] = ()
    """All of them, as `Settings.servers` has them, where there are several; none: `server` alone."""
    stop: threading.Event | None = None
    """Once it is set, the run drains."""
    own_process: bool = True
    """Whether this process is here for the run alone: it may be forked, and a second signal ends it."""

    @property
    def strict(self) -> bool:
        """Whether a line of a suppression list that can't be used stops the run."""
        return not self.sandbox and not self.settings.contacts.suppress_lenient

    @property
    def daily_limit(self) -> tuple[int, ...]:
        """Messages a day, by days with mail; none: as many as can be. Not in the sandbox: a rehearsal need not take as
        many days.
        """
        return () if self.sandbox else self.settings.window.daily_limit or ()

    @property
    def spread(self) -> bool:
        """Whether an even pace is to be kept. Not in the sandbox: a rehearsal need not take as long."""
        return self.settings.window.pace == "spread" and not self.sandbox

    def window(self, now: datetime, first_opened: datetime | None) -> Schedule:
        """Give the window of this run. A re-send has a fresh one: it opens now, however long ago the first one did."""
        given = self.settings.window
        opens = given.opens
        if self.resend is not None:
            first_opened = None
            if given.lasts is not None and opens is not None and _passed(opens, given.timezone, now):
                opens = None
        if opens is None and given.closes is not None:
            closes = _closing(given.closes, given.timezone)
            if closes <= (first_opened or now).astimezone(UTC):
                first_opened = closes - timedelta(days=1)  # a window that is over is no mistake
        return schedule(self.settings, now=now, first_opened=first_opened, opens=opens, sandbox=self.sandbox)

    def message_plan(self, window: SendWindow) -> MessagePlan:
        """Give what every message is made from."""
        made = message_plan(self.settings, self.secret, window, self.signing_keys)
        ledger = (self.ledger,) if isinstance(self.ledger, Path) else ()
        return replace(made, private=(*made.private, self.results, *ledger)) if made.private else made

    def job(
        self,
        window: SendWindow,
        message_id_domain: str | None = None,
        message_id_secret: bytes | None = None,
        contact_key_salt: bytes | None = None,
        attached: Mapping[str, bytes] | None = None,
        *,
        rows_beyond: int | None = None,
    ) -> Job:
        """Give the orders for the workers, all together. `rows_beyond`: as in `Job`; what else is given is as in
        `MessagePlan`.
        """
        retry = self.settings.retry
        return Job(
            ledger=self.ledger,
            message_plan=replace(
                self.message_plan(window),
                message_id_domain=message_id_domain,
                message_id_secret=message_id_secret,
                contact_key_salt=contact_key_salt,
                attached=attached,
            ),
            servers=self._orders(),
            tries=retry.tries,
            first_wait=retry.first_wait.total_seconds(),
            longest_wait=retry.longest_wait.total_seconds(),
            stop_after=retry.stop_after,
            wait=self.wait,
            daily_limit=self.daily_limit,
            domain_limits={
                domain: DomainLimit(rate=limit.rate, connections=limit.connections)
                for domain, limit in self.settings.limits.items()
            },
            rows_beyond=rows_beyond,
            profile=self.profile,
            events=any(watcher.wants_events for watcher in self.watchers),
            event_addresses=any(watcher.wants_addresses for watcher in self.watchers),
            backoff=self.backoff,
            min_lifetime=self.settings.link.min_lifetime.total_seconds(),
            opening_is_set=self.settings.window.opens is not None,
        )

    @property
    def known_servers(self) -> tuple[KnownServer, ...]:
        """Give the servers as whoever watches the run is told of them."""
        return tuple(
            KnownServer(name=one.name, host=one.server.host, connections=one.connections) for one in self._orders()
        )

    def _orders(self) -> tuple[ServerOrders, ...]:
        """The sandbox stands for the first server."""
        servers = zip(self.settings.servers, self.servers or (self.server,), strict=False)
        return tuple(
            ServerOrders(
                server=server,
                connections=smtp.connections,
                rate=smtp.rate,
                # What is refused behind a body, on trial, costs no try: the sandbox would count one that the row has
                # not.
                pipelining="envelope" if self.sandbox and smtp.pipelining == "auto" else smtp.pipelining,
                in_flight=smtp.in_flight,
                messages_per_connection=smtp.messages_per_connection,
                seconds_per_connection=smtp.minutes_per_connection * 60,
                daily_limit=() if self.sandbox or smtp.daily_limit is None else (smtp.daily_limit,),
                weight=smtp.weight,
                priority=smtp.priority,
            )
            for smtp, server in servers
        )


def message_plan(
    settings: Settings, secret: str, window: SendWindow, signing_keys: Sequence[SigningKey] = ()
) -> MessagePlan:
    """Give what every message of a campaign is made from. Without `signing_keys`, they are not signed."""
    link = settings.link.model_copy(update={"secret": None})
    relays = [relay for server in settings.servers if (relay := relay_of(server.host)) is not None]
    return MessagePlan(
        campaign=settings.name,
        message=settings.message,
        link=link,
        link_secret=secret,
        window=window if isinstance(window, Schedule) else Schedule.within(window),
        verp=settings.bounces.verp,
        folder=settings.folder,
        private=own_files(settings) if settings.message.attachments else (),
        signing_keys=tuple(signing_keys),
        # A message may go through any of them.
        unsigned=frozenset[bytes]().union(*(relay.rewritten for relay in relays)),
    )


def open_window() -> Schedule:
    """Give a window that is open and stays so: for trying things out."""
    now = datetime.now(UTC)
    window = SendWindow.resolve(opens=None, closes=None, lasts=timedelta(days=1), timezone="UTC", now=now)
    return Schedule.within(window)


def _passed(moment: datetime, timezone: str, now: datetime) -> bool:
    opened = SendWindow.resolve(opens=moment, closes=None, lasts=None, timezone=timezone, now=now)
    return opened.is_open(now)


def _closing(closes: datetime, timezone: str) -> datetime:
    """The moment that the setting means, in UTC."""
    ever = datetime(1970, 1, 1, tzinfo=UTC)
    window = SendWindow.resolve(opens=None, closes=closes, lasts=None, timezone=timezone, now=ever)
    assert window.closes is not None
    return window.closes.astimezone(UTC)
