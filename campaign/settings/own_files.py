"""What a campaign reads and writes for itself: files that no message may carry, whatever a setting or a cell names.

Takes settings; gives absolute paths: those that settings and secrets' variables name, and those that runs leave. Raises
nothing. Limits: what options name is for whoever knows them to add.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from campaign.settings.secrets import secret_files
from campaign.settings.sections.message import MessageSettings
from campaign.settings.settings import Settings

_BESIDE_A_LEDGER = ("", "-wal", "-shm", "-journal", "-generation", "-moved")
_LEFT = ("-results.csv", "-report.html", "-preview", "-sandbox", "-sandbox-results.csv", "-sandbox-report.html")
"""What follows the campaign's name in those of files and folders that its runs leave."""


def own_files(settings: Settings) -> tuple[Path, ...]:
    """Give them. Folders stand for all that is in them; the template's is none of them."""
    found = [settings.path, *secret_files(settings).values(), *_named(settings)]
    ledger = settings.ledger.path or settings.folder / f"{settings.name}.ledger"
    for stem in (ledger, ledger.with_name(f"{ledger.stem}-sandbox{ledger.suffix}")):
        found += [stem.with_name(f"{stem.name}{ending}") for ending in _BESIDE_A_LEDGER]
    found += [settings.folder / f"{settings.name}{ending}" for ending in _LEFT]
    return tuple(dict.fromkeys(path if path.is_absolute() else settings.folder / path for path in found))


def _named(value: object) -> Iterator[Path]:
    """Every path that a setting names: contacts, lists, keys, certificates, also those there will be."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _named(one)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            if not isinstance(value, MessageSettings):  # a file to attach may lie beside the template
                yield from _named(getattr(value, name))
