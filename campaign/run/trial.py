"""How a trial is begun: settings and options in, test messages made and sent, what became of each out.

Raises UsageError before the first message; after it, the results tell.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from campaign.contacts import parse_address
from campaign.dkim import SigningKey
from campaign.errors import SettingsError, UsageError
from campaign.links import throwaway_secret
from campaign.run.destination import sandbox_folder, sandbox_server
from campaign.run.preconditions import open_contacts_of
from campaign.run.row_choice import RowChoice
from campaign.run.servers import configured_server, read_signing_keys
from campaign.run.signing_secret import signing_secret
from campaign.run.trial_messages import TrialMessages
from campaign.run.trial_run import MOST, TrialMessage, TrialResult, deliver, make_messages, trial_rows
from campaign.settings import Settings, require_secrets
from campaign.smtp.session.server import Server

_TO = "campaign send --test-to"
_ROWS = "campaign send --rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOptions:
    """What a trial is told besides the settings."""

    to: Sequence[str]
    """Who gets the messages, as written: each gets every one."""
    rows: str | None = None
    """Which rows: "1,5,7-9"; None: the first few that can be mailed."""
    live_links: bool = False
    sandbox: bool = False


class TrialObserver(Protocol):
    """Whoever follows a trial."""

    def begins(self, messages: Sequence[TrialMessage], testers: Sequence[str], server: Server) -> bool:
        """Hear what would be sent; say whether it is to be."""

    def heard(self, result: TrialResult) -> None:
        """Hear what became of a message."""

    def notice(self, words: str) -> None:
        """Hear what an operator would want to know."""


class Unobserved:
    """An observer that says yes, and nothing else."""

    def begins(self, messages: Sequence[TrialMessage], testers: Sequence[str], server: Server) -> bool:
        """Say yes."""
        return True

    def heard(self, result: TrialResult) -> None:
        """Not shown."""

    def notice(self, words: str) -> None:
        """Not shown."""


def trial(settings: Settings, options: TrialOptions, observer: TrialObserver) -> list[TrialResult]:
    """Send the test messages. Gives what became of each; nothing where the observer said no. Raises UsageError."""
    testers = _testers(options.to)
    choice = None if options.rows is None else RowChoice.parse(options.rows, where=_ROWS)
    require_secrets(settings, sandbox=options.sandbox, link=options.live_links)
    keys = _signing_keys(settings, observer, sandbox=options.sandbox)
    contacts = open_contacts_of(settings.contacts)
    if choice is not None:  # before a file of millions is read for them
        _refuse_many(choice.count * len(testers))
    rows = trial_rows(contacts, choice, where=_ROWS)
    _refuse_many(len(rows) * len(testers))
    makers = [
        TrialMessages(
            settings,
            to=to,
            secret=signing_secret(settings) if options.live_links else throwaway_secret(),
            signing_keys=keys,
            columns=contacts.columns,
            email_column=contacts.email_column,
        )
        for to in testers
    ]
    messages = make_messages(rows, makers, contacts.columns)
    results: list[TrialResult] = []

    def heard(result: TrialResult) -> None:
        results.append(result)
        observer.heard(result)

    with _server(settings, messages, results, sandbox=options.sandbox) as server:
        if observer.begins(messages, testers, server):
            deliver(messages, server, pipelining=settings.smtp.pipelining != "off", heard=heard)
    return results


def _testers(written: Sequence[str]) -> list[str]:
    """The addresses, each once. Raises UsageError for what is none, by the rules for contacts."""
    found = []
    for one in written:
        try:
            found.append(parse_address(one))
        except ValueError as error:
            raise UsageError(
                f"{one[:80]!r} is no address: {error}",
                where=_TO,
                fix="write it like you@acme.example; several: --test-to again",
            ) from None
    return list(dict.fromkeys(found))


def _refuse_many(messages: int) -> None:
    if messages > MOST:
        raise UsageError(
            f"that would be {messages:,} test messages; {MOST} are the most",
            where=_ROWS,
            fix="name fewer rows; to look at every message: campaign preview",
        )


def _signing_keys(settings: Settings, observer: TrialObserver, *, sandbox: bool) -> tuple[SigningKey, ...]:
    """For DKIM. The sandbox needs no secrets: without a key it goes unsigned, and says so."""
    try:
        return read_signing_keys(settings)
    except SettingsError as error:
        if not sandbox:
            raise
        observer.notice(f"the messages are not signed, though real ones would be: {error.what} ({error.where})")
        return ()


@contextlib.contextmanager
def _server(
    settings: Settings, messages: Sequence[TrialMessage], results: Sequence[TrialResult], *, sandbox: bool
) -> Iterator[Server]:
    """The server that the settings name, or the sandbox, into whose folder the messages come, too."""
    if not sandbox:
        yield configured_server(settings)
        return
    made = [message for message in messages if message.attempt is not None]

    def row(_: str) -> int:
        """Messages arrive one by one: those that are told of have arrived."""
        told = sum(result.message.attempt is not None for result in results)
        return made[min(told, len(made) - 1)].row

    with sandbox_server(sandbox_folder(settings), settings.name, port=0, numbers=row) as to:
        yield to.server
