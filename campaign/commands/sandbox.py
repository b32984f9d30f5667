"""Where mail goes: the configured server, or one inside this program that shows what it got.

Raises SettingsError for a port that is taken, ResultsError for a folder that can't be written.
"""

import contextlib
import itertools
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import typer

from campaign.commands.preview import refuse_stdout
from campaign.contacts import contact_key
from campaign.errors import SettingsError, UsageError
from campaign.ledger.enrolled_rows import row_of
from campaign.ledger.files import generation_file
from campaign.ledger.opening import open_for_run
from campaign.preview import PreviewWriter, withdraw
from campaign.run.plan import configured_server
from campaign.settings import Settings, output_paths
from campaign.smtp.session.server import Server

_NOTE = "Delivered to the sandbox: nothing left this machine, and the links sign nobody in."


def sandbox_folder(settings: Settings) -> Path:
    """Say where a sandbox run's messages land."""
    return settings.folder / f"{settings.name}-sandbox"


def begin_afresh(settings: Settings, output: Path | None) -> None:
    """Remove the sandbox's ledger and results; `destination` empties its folder. Nothing of a real run is touched.
    Raises SettingsError, LedgerError.
    """
    results, ledger, _ = output_paths(settings, output, True)
    if results.exists() and output is not None and output_paths(settings, output, False).ledger.exists():
        raise SettingsError(
            "these results may be the real run's, which has a ledger",
            where=str(results),
            fix="leave --output out, or name another file",
        )
    if ledger.exists():
        with open_for_run(ledger, settings.name):
            pass  # it is ours, and nobody uses it
        ledger.unlink()
        generation_file(ledger).unlink(missing_ok=True)
    elif output is not None:
        return  # whose results these are is not known
    results.unlink(missing_ok=True)


@contextlib.contextmanager
def destination(settings: Settings, *, sandbox: bool, ledger: Path, fresh: bool = False) -> Iterator[Server]:
    """Give the server that mail goes to; a sandbox lives as long as the context. With `fresh`, it forgets all that it
    ever got. `ledger` says which row a message is for. A run that does not begin leaves no new folder.
    """
    if not sandbox:
        yield configured_server(settings)
        return
    numbers = partial(_row_of, ledger)
    folder = sandbox_folder(settings)
    is_new = not folder.exists()
    try:
        with _sandbox(folder, settings.name, port=0, numbers=numbers, fresh=fresh) as server:
            yield server
    except UsageError:  # the run did not begin
        if is_new:
            withdraw(folder)
        raise


def serve_sandbox(port: int, folder: Path) -> None:
    """Run the sandbox until SIGINT or SIGTERM. Raises SettingsError."""
    from campaign.sandbox import BEHAVIOURS

    refuse_stdout(folder)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    arrived = itertools.count(1 + sum(1 for _ in folder.glob("*.eml")))
    with _sandbox(folder, "sandbox", port=port, numbers=lambda _: next(arrived), numbered="Message") as server:
        typer.echo(f'listening: smtp.host = "{server.host}", port = {server.port}, security = "none"', err=True)
        typer.echo("it misbehaves for addresses that begin so:", err=True)
        for behaviour in BEHAVIOURS:
            typer.echo(f"  {behaviour.prefix + '…':<16} {behaviour.meaning}", err=True)
        typer.echo(f"what arrives lands in {folder}; Ctrl-C stops, and writes {folder / 'index.html'}", err=True)
        stop.wait()


@contextlib.contextmanager
def _sandbox(
    folder: Path,
    name: str,
    *,
    port: int,
    numbers: Callable[[str], int],
    numbered: str = "Row",
    fresh: bool = False,
) -> Iterator[Server]:
    from campaign.sandbox import Sandbox
    from campaign.sandbox.server import STATE_FILE

    with PreviewWriter(folder, campaign=name, note=_NOTE, keep=not fresh, numbered=numbered) as gallery:
        if fresh:
            (folder / STATE_FILE).unlink(missing_ok=True)

        def show(recipient: str, message: bytes) -> None:
            gallery.add_eml(message, number=numbers(recipient), email=recipient, status="delivered")

        # The gallery keeps the messages; beside them, the sandbox remembers whom it has put off already.
        with Sandbox(None, port=port, on_message=show, state=folder / STATE_FILE) as server:
            yield Server(host=server.host, port=server.port, security="none")


def _row_of(ledger: Path, recipient: str) -> int:
    """The contact's row in the file; 0 for somebody who is not in it."""
    return row_of(ledger, contact_key(recipient)) or 0
