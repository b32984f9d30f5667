"""What `send` and `resend` are told on the command line: their options, once.

`told_by` makes a command of a function that takes such an order. Imports nothing but the options: `campaign --help`
reads this file.
"""

import functools
import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields

from campaign.commands import options

_SETTINGS = {
    "opens": "window.opens",
    "closes": "window.closes",
    "lasts": "window.lasts",
    "host": "smtp.host",
    "port": "smtp.port",
    "connections": "smtp.connections",
    "rate": "smtp.rate",
}
"""Options that stand for a setting, and beat the environment and the file."""

SEND_ONLY = ("fresh", "dry_run", "folder", "test_to", "rows", "live_links", "allow_empty")
RESEND_ONLY = ("source", "include")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """Each field is an argument or an option, in the order in which `--help` lists them; None is: not told."""

    campaign: options.Campaign = options.TOML
    source: options.Source = None
    include: options.Included = None
    output: options.Output = None
    wait: options.Wait = True
    sandbox: options.InSandbox = False
    fresh: options.Fresh = False
    dry_run: options.DryRun = False
    folder: options.Folder = None
    test_to: options.TestTo = None
    rows: options.Rows = None
    live_links: options.LiveLinks = False
    limit: options.Limit = None
    allow_empty: options.AllowEmpty = False
    yes: options.Yes = False
    opens: options.Opens = None
    closes: options.Closes = None
    lasts: options.Lasts = None
    host: options.Host = None
    port: options.Port = None
    connections: options.Connections = None
    rate: options.Rate = None
    processes: options.Processes = None
    cluster: options.Cluster = None
    workers: options.Workers = None
    profile: options.Profile = False
    json: options.Json = False
    log_format: options.LogFormats = None
    log_addresses: options.LogAddresses = False
    metrics: options.Metrics = None

    def setting_options(self) -> dict[str, object]:
        """Give what was said of settings, by option: `--host`."""
        return {f"--{name}": getattr(self, name) for name in _SETTINGS}

    def cluster_options(self) -> dict[str, object]:
        """Give what was said of a cluster, by option."""
        return {"--cluster": self.cluster, "--workers": self.workers}

    def overrides(self) -> dict[str, object]:
        """Give the same by the names of the settings: `smtp.host`."""
        return {setting: getattr(self, name) for name, setting in _SETTINGS.items()}


def told_by(*, without: Collection[str]) -> Callable[[Callable[[RunOrder], int]], Callable[..., int]]:
    """Make of a function that takes an order one that Typer can read: each field of the order is a parameter of it,
    but for those `without`, which keep their defaults.
    """
    told = [field for field in fields(RunOrder) if field.name not in without]

    def decorate(function: Callable[[RunOrder], int]) -> Callable[..., int]:
        @functools.wraps(function)
        def ordered(**given: object) -> int:
            return function(RunOrder(**given))  # type: ignore[arg-type]  # Typer has seen to the types

        # Both are set, since Typer reads both.
        ordered.__annotations__ = {field.name: field.type for field in told}
        ordered.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                inspect.Parameter(
                    field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type
                )
                for field in told
            ]
        )
        return ordered

    return decorate
