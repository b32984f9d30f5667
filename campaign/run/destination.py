"""Where mail goes: the configured server, or one inside this program that shows what it got.

Raises SettingsError for a port that is taken, ResultsError for a folder that can't be written.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from campaign.contacts import contact_key
from campaign.errors import UsageError
from campaign.ledger.opening import row_of
from campaign.ledger_place import Place
from campaign.preview import PreviewWriter, withdraw
from campaign.run.servers import configured_servers
from campaign.settings import Settings
from campaign.smtp.session.server import Server, in_words

SANDBOX_NOTE = "Delivered to the sandbox: nothing left this machine, and the links sign nobody in."


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A server to send to."""

    server: Server
    """The first, where there are several."""
    servers: tuple[Server, ...] = ()
    """All of them, where they are the configured ones."""
    forget: Callable[[], None] = lambda: None
    """Take away what it got in earlier runs, where it is the sandbox."""

    @property
    def in_words(self) -> str:
        """Name it: the only server by its host, several by their names."""
        return in_words(self.servers or (self.server,))


def sandbox_folder(settings: Settings) -> Path:
    """Say where a sandbox run's messages land."""
    return settings.folder / f"{settings.name}-sandbox"


@contextlib.contextmanager
def destination(settings: Settings, *, sandbox: bool, ledger: Place, fresh: bool = False) -> Iterator[Destination]:
    """Give where mail goes; a sandbox lives as long as the context. With `fresh`, it does not look at what it got in
    earlier runs, and it is the caller's to let it `forget` that. `ledger` says which row a message is for. A run that
    does not begin leaves no new folder.
    """
    if not sandbox:
        servers = configured_servers(settings)
        yield Destination(server=servers[0], servers=servers)
        return
    folder = sandbox_folder(settings)
    is_new = not folder.exists()
    try:
        with sandbox_server(folder, settings.name, port=0, numbers=partial(_row_of, ledger), fresh=fresh) as to:
            yield to
    except UsageError:  # the run did not begin
        if is_new:
            withdraw(folder)
        raise


@contextlib.contextmanager
def sandbox_server(
    folder: Path,
    name: str,
    *,
    port: int,
    numbers: Callable[[str], int],
    numbered: str = "Row",
    fresh: bool = False,
) -> Iterator[Destination]:
    """Run the sandbox, whose messages land in the folder. `name` stands over them; `numbers` gives the number of the
    next one by its recipient, and `numbered` says of what. Raises SettingsError, ResultsError.
    """
    from campaign.sandbox import Sandbox
    from campaign.sandbox.server import STATE_FILE

    with PreviewWriter(folder, campaign=name, note=SANDBOX_NOTE, keep=True, numbered=numbered) as gallery:
        state = folder / STATE_FILE

        def show(recipient: str, message: bytes) -> None:
            gallery.add_eml(message, number=numbers(recipient), email=recipient, status="delivered")

        def forget() -> None:
            gallery.clear()
            state.unlink(missing_ok=True)

        # The gallery keeps the messages; beside them, the sandbox remembers whom it has put off already.
        with Sandbox(None, port=port, on_message=show, state=state, fresh=fresh) as server:
            yield Destination(server=Server(host=server.host, port=server.port, security="none"), forget=forget)


def _row_of(ledger: Place, recipient: str) -> int:
    """The contact's row in the file; 0 for somebody who is not in it."""
    return row_of(ledger, contact_key(recipient)) or 0
