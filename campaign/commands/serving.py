"""Where mail goes: the configured server, or one inside this program that shows what it got.

Raises SettingsError for a port that is taken, ResultsError for a folder that can't be written.
"""

import contextlib
import itertools
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import typer

from campaign.commands.previewing import refuse_stdout
from campaign.pipeline.plan import configured_server
from campaign.preview import PreviewWriter
from campaign.settings import Settings
from campaign.smtp.connect import Server

_NOTE = "Delivered to the sandbox: nothing left this machine, and the links sign nobody in."


def sandbox_folder(settings: Settings) -> Path:
    """Say where a sandbox run's messages land."""
    return settings.folder / f"{settings.name}-sandbox"


@contextlib.contextmanager
def destination(settings: Settings, *, sandbox: bool) -> Iterator[Server]:
    """Give the server that mail goes to; a sandbox lives as long as the context."""
    if not sandbox:
        yield configured_server(settings)
        return
    with _sandbox(sandbox_folder(settings), settings.name, port=0) as server:
        yield server


def serve_sandbox(port: int, folder: Path) -> None:
    """Run the sandbox until SIGINT or SIGTERM. Raises SettingsError."""
    from campaign.sandbox import BEHAVIOURS

    refuse_stdout(folder)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with _sandbox(folder, "sandbox", port=port) as server:
        typer.echo(f'listening: smtp.host = "{server.host}", port = {server.port}, security = "none"', err=True)
        typer.echo("it misbehaves for addresses that begin so:", err=True)
        for behaviour in BEHAVIOURS:
            typer.echo(f"  {behaviour.prefix + '…':<16} {behaviour.meaning}", err=True)
        typer.echo(f"what arrives lands in {folder}; Ctrl-C stops, and writes {folder / 'index.html'}", err=True)
        stop.wait()


@contextlib.contextmanager
def _sandbox(folder: Path, name: str, *, port: int) -> Iterator[Server]:
    from campaign.sandbox import Sandbox
    from campaign.sandbox.server import STATE_FILE

    with PreviewWriter(folder, campaign=name, note=_NOTE, keep=True) as gallery:
        numbers = itertools.count(1 + sum(1 for _ in folder.glob("*.eml")))

        def show(recipient: str, message: bytes) -> None:
            gallery.add_eml(message, number=next(numbers), email=recipient, status="delivered")

        # The gallery keeps the messages; beside them, the sandbox remembers whom it has put off already.
        with Sandbox(None, port=port, on_message=show, state=folder / STATE_FILE) as server:
            yield Server(host=server.host, port=server.port, security="none")
