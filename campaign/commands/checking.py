"""`campaign check`: everything that can be known before the first message, and no stop at the first thing wrong.

secrets, window, links ─▶ earlier runs ─▶ contacts and their messages ─▶ the server, up to the sender

Raises UsageError only where the settings can't be read at all; whatever else is wrong is said, and the exit code is 2.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from campaign.commands.sending import link_secret, require_folder
from campaign.console import Console
from campaign.contacts import open_contacts
from campaign.delivery import judge
from campaign.durations import brief_duration
from campaign.ending import show_counts
from campaign.errors import CampaignError, LedgerError, SettingsError, WindowError
from campaign.ledger import summary
from campaign.ledger.store import reading_ledger
from campaign.links import LinkMinter, throwaway_secret
from campaign.model import Phase, Status
from campaign.pipeline.plan import configured_server
from campaign.pipeline.rehearsal import Rehearsal, rehearsal_window
from campaign.pipeline.rehearsal import check as rehearse
from campaign.settings import Settings, load_settings, output_paths, require_secrets
from campaign.smtp.connect import connect
from campaign.smtp.notes import session_notes
from campaign.smtp.probe import ask_about_sender
from campaign.smtp.session_error import wanted_first
from campaign.window import SendWindow

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


def check_campaign(campaign: Path, *, output: Path | None, offline: bool) -> int:
    """Check, and say all of it. Gives 2 where nothing could be sent, 1 where some rows can't be, else 0."""
    check = _Check(settings=load_settings(campaign), output=output)
    steps = [check.secrets, check.window, check.links, check.earlier, check.contacts]
    for step in steps if offline else [*steps, check.server]:
        check.take(step)
    if check.wrong:
        typer.echo(f"{check.wrong} thing(s) to put right; nothing was sent")
        return 2
    typer.echo("ready to send" + (", but for the invalid rows" if check.invalid else ""))
    return int(check.invalid > 0)


@dataclass(slots=True, kw_only=True)
class _Check:
    """The steps, and what they found out for each other."""

    settings: Settings
    output: Path | None
    wrong: int = 0
    seen: Rehearsal = field(default_factory=Rehearsal)
    _window: SendWindow | None = None
    _secret: str = field(default_factory=throwaway_secret, repr=False)

    @property
    def invalid(self) -> int:
        return self.seen.counts[Status.INVALID]

    def take(self, step: Callable[[], None]) -> None:
        """Do a step; what it raises is said and counted."""
        try:
            step()
        except CampaignError as error:
            self.wrong += 1
            first, *more = str(error).splitlines()
            typer.echo("\n".join([f"WRONG  {first}", *(f"     {line}" for line in more)]))

    def secrets(self) -> None:
        """Without one that will do, the other steps go on with a throw-away secret."""
        require_secrets(self.settings, sandbox=False)
        secret = link_secret(self.settings)
        LinkMinter(domain=self.settings.link.domain, secret=secret, expiry=lambda issued: issued)
        self._secret = secret
        _ok("secrets", "all there")

    def window(self) -> None:
        window = rehearsal_window(self.settings)
        now = datetime.now(UTC)
        if window.is_over(now):
            raise WindowError(
                f"the window is over: it {window.describe(now)}",
                where="window.opens, window.closes, window.lasts",
                fix="set a later window, or give one: campaign send --lasts 8h",
            )
        self._window = window
        _ok("window", window.describe(now))

    def links(self) -> None:
        if self._window is None:
            return
        link, now = self.settings.link, datetime.now(UTC)
        until = self._window.link_expiry(max(now, self._window.opens), link.grace)
        _ok("links", f"sign in at {link.domain} until {until:%Y-%m-%d %H:%M %Z}")

    def earlier(self) -> None:
        results, path = output_paths(self.settings, self.output, False)
        require_folder(results.parent)
        if path.exists() and path.stat().st_size:
            with reading_ledger(path, self.settings.name) as database:
                counts = summary.counts(database)
            _ok("earlier", f"{counts[Status.SENT]:,} of {sum(counts.values()):,} sent, and not sent again")
            if counts[Status.IN_DOUBT]:
                _note(f"{counts[Status.IN_DOUBT]:,} in doubt, or under way just now: not sent again unless asked for")
        elif results.exists():
            raise LedgerError(
                "there are results of an earlier run, but its ledger is gone, so who was mailed is not known",
                where=str(path),
                fix=f"put the ledger back; or, to mail everybody from the beginning, move {results.name} away",
            )
        else:
            _ok("results", f"{results}, new")

    def contacts(self) -> None:
        settings = self.settings
        file = open_contacts(settings.contacts.file, email_column=settings.contacts.email_column)
        delimiter = _DELIMITERS.get(file.delimiter, file.delimiter)
        _ok("contacts", f"{file.path.name}, {file.encoding}, by {delimiter}: columns {', '.join(file.columns)}")
        if self._window is None:  # over: there is still something to learn about the rows
            given = settings.window.model_copy(update={"opens": None, "closes": None, "lasts": None})
            settings = settings.model_copy(update={"window": given})
        self.seen = seen = rehearse(settings, secret=self._secret, reading=Console(title=settings.name).reading)
        ready = seen.counts[Status.PENDING]
        _ok("messages", f"{ready:,} can be mailed, {seen.largest:,} bytes at most")
        show_counts({word: seen.counts[word] for word in Status if word is not Status.PENDING}, typer.echo)
        for fault in seen.faults:
            typer.echo(f"  row {fault.row.contact.number}: {fault.detail}")
        if self.invalid > len(seen.faults):
            typer.echo(f"  and {self.invalid - len(seen.faults):,} more")
        self._advise(ready)

    def _advise(self, ready: int) -> None:
        message, rate, window = self.settings.message, self.settings.smtp.rate, self._window
        if message.unsubscribe_url is None:
            _note("message.unsubscribe_url is not set: large mailbox providers want one-click unsubscribing (RFC 8058)")
        if rate and window is not None and window.closes is not None:
            needed = timedelta(seconds=ready / rate)
            if needed > window.closes - max(window.opens, datetime.now(UTC)):
                _note(
                    f"at smtp.rate {rate:g} a second this takes {brief_duration(needed)}, longer than the window: "
                    "the rest will stay pending"
                )

    def server(self) -> None:
        smtp, return_path = self.settings.smtp, self.settings.message.return_path
        if smtp.needs_password and smtp.password is None:
            _note("the server was not asked: the password is missing")
            return
        server = configured_server(self.settings)
        session = connect(server)
        signed_in = f"takes our sign-in by {session.auth}" if session.auth else "takes us without sign-in"
        known = [name.upper() for name in ("pipelining", "size", "smtputf8") if name in session.features]
        reply = ask_about_sender(session, return_path, timeout=smtp.timeout.total_seconds())
        where = f"smtp.host {smtp.host}, message.return_path {return_path}"
        if judge(Phase.MAIL, reply).stop:
            raise SettingsError(
                f"the server refuses our sender: {reply.code} {reply.text}",
                where=where,
                fix=wanted_first(reply) or "use a return_path that this server may send for",
            )
        _ok("server", f"{smtp.host} {signed_in}; it offers {', '.join(known) or 'nothing special'}")
        for words in session_notes(server, session):
            _note(words)
        if reply.code // 100 != 2:
            _note(f"the server does not take our sender now: {reply.code} {reply.text}")
        if session.size_limit is not None and self.seen.largest > session.size_limit:
            raise SettingsError(
                f"the largest message has {self.seen.largest:,} bytes, the server takes {session.size_limit:,} at most",
                where="message.template",
                fix="make the template smaller",
            )
        if self.seen.smtputf8 and not session.smtputf8:
            _note(f"{self.seen.smtputf8:,} address(es) need SMTPUTF8, which the server lacks: they will be invalid")


def _ok(subject: str, words: str) -> None:
    typer.echo(f"ok     {subject}: {words}")


def _note(words: str) -> None:
    typer.echo(f"note   {words}")
