"""`campaign send --test-to`: the messages of a few rows to whoever tries the campaign out.

Raises UsageError before the first message; after it, the exit code tells.
"""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from campaign.commands.destination import sandbox_folder, sandbox_server
from campaign.commands.json_documents import trial_document
from campaign.commands.run_order import RunOrder
from campaign.commands.signing_secret import signing_secret
from campaign.contacts import parse_address
from campaign.dkim import SigningKey
from campaign.errors import SettingsError, UsageError
from campaign.links import throwaway_secret
from campaign.run.plan import configured_server, read_signing_keys
from campaign.run.preconditions import open_contacts_of
from campaign.run.row_choice import RowChoice
from campaign.run.trial_messages import TrialMessages, trial_window
from campaign.run.trial_run import MOST, TrialMessage, TrialResult, deliver, make_messages, trial_rows
from campaign.settings import Settings, load_settings, require_secrets
from campaign.smtp.session.server import Server
from campaign.terminal.console import Console
from campaign.terminal.exit_codes import STOPPED, WRONG
from campaign.terminal.findings import counted
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.stdout import say_json

_ROWS = "campaign send --rows"


def send_trial(order: RunOrder) -> int:
    """Send the test messages, and say what became of each. Gives 0 where all were accepted, 1 where not, 2 where the
    server takes none from us at all, 3 where somebody said no.
    """
    testers = _testers(order.test_to or [])
    choice = None if order.rows is None else RowChoice.parse(order.rows, where=_ROWS)
    settings = load_settings(order.campaign, overrides=order.overrides())
    require_secrets(settings, sandbox=order.sandbox, link=order.live_links)
    console = Console(title=settings.name, yes=order.yes)
    keys = _signing_keys(settings, console, sandbox=order.sandbox)
    contacts = open_contacts_of(settings.contacts)
    if choice is not None:  # before a file of millions is read for them
        _refuse_many(choice.count * len(testers))
    rows = trial_rows(contacts, choice, where=_ROWS)
    _refuse_many(len(rows) * len(testers))
    makers = [
        TrialMessages(
            settings,
            to=to,
            secret=signing_secret(settings) if order.live_links else throwaway_secret(),
            signing_keys=keys,
            columns=contacts.columns,
            email_column=contacts.email_column,
        )
        for to in testers
    ]
    messages = make_messages(rows, makers, contacts.columns)
    results: list[TrialResult] = []
    with console, _server(settings, messages, results, sandbox=order.sandbox) as server:
        through = f"the sandbox, port {server.port}" if order.sandbox else server.host
        links = "" if order.live_links else "; their links sign nobody in"
        number = counted(len(messages), "test message", "test messages")
        console.say(f"{settings.name}: {number} to {', '.join(testers)} through {through}{links}")
        if order.live_links and not _agreed(settings, messages, testers, console):
            console.say("nothing was sent")
            code = STOPPED
        else:
            deliver(
                messages,
                server,
                pipelining=settings.smtp.pipelining != "off",
                heard=lambda result: _hear(result, results, console, several=len(testers) > 1),
            )
            code = _exit_code(results)
    _sum_up(order, settings, results, console)
    if order.json:
        say_json(trial_document(settings.name, results, live_links=order.live_links, exit_code=code))
    return code


def _testers(written: Sequence[str]) -> list[str]:
    """The addresses, each once. Raises UsageError for what is none, by the rules for contacts."""
    found = []
    for one in written:
        try:
            found.append(parse_address(one))
        except ValueError as error:
            raise UsageError(
                f"{one[:80]!r} is no address: {error}",
                where="campaign send --test-to",
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


def _signing_keys(settings: Settings, console: Console, *, sandbox: bool) -> tuple[SigningKey, ...]:
    """For DKIM. The sandbox needs no secrets: without a key it goes unsigned, and says so."""
    try:
        return read_signing_keys(settings)
    except SettingsError as error:
        if not sandbox:
            raise
        console.notice(f"the messages are not signed, though real ones would be: {error.what} ({error.where})")
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
        """Messages arrive one by one: what is told of so far has."""
        told = sum(result.message.attempt is not None for result in results)
        return made[min(told, len(made) - 1)].row

    with sandbox_server(sandbox_folder(settings), settings.name, port=0, numbers=row) as to:
        yield to.server


def _agreed(settings: Settings, messages: Sequence[TrialMessage], testers: Sequence[str], console: Console) -> bool:
    """Say whose links go out, and ask where somebody can answer."""
    people = list(dict.fromkeys(one.email for one in messages if one.attempt is not None))
    named = ", ".join(people[:5]) + (f" and {len(people) - 5} more" if len(people) > 5 else "")
    window = trial_window(settings)
    console.notice(
        f"LIVE LINKS: whoever reads the mail of {', '.join(testers)} can sign in as {named}; "
        f"{window.describe_links(datetime.now(UTC), settings.link.grace)}"
    )
    return console.ask("Send live sign-in links?")


def _hear(result: TrialResult, results: list[TrialResult], console: Console, *, several: bool) -> None:
    results.append(result)
    message = result.message
    who = f"row {message.row}, {message.email or 'no address'}" + (f", to {message.to}" if several else "")
    word = "accepted: " if result.accepted else "in doubt: " if result.accepted is None else ""
    console.say(f"  {who}: {word}{result.words}" + (f"\n    {result.fix}" if result.fix else ""))


def _exit_code(results: Sequence[TrialResult]) -> int:
    """2 is for a server that refuses us, as it is for settings: nobody would get anything."""
    if all(result.accepted for result in results):
        return 0
    nothing_left = all(result.accepted is False for result in results)
    return WRONG if nothing_left and any(result.stops for result in results) else 1


def _sum_up(order: RunOrder, settings: Settings, results: Sequence[TrialResult], console: Console) -> None:
    if not results:
        return
    accepted = sum(bool(result.accepted) for result in results)
    console.say(f"{accepted} of {len(results)} accepted; no ledger and no results were touched")
    if accepted and order.sandbox:
        console.say(f"what arrived: {sandbox_folder(settings) / 'index.html'}")
    elif accepted == len(results):
        invocation = Invocation(program=program(), campaign=order.campaign, settings=order.setting_options())
        console.say(f"to send to everybody:\n    {invocation.line('send')}")
