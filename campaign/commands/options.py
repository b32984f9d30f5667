"""The arguments and options of the command line: each with its help, once, for every command that takes it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from campaign.commands.completion import files, folders, lengths, subjects


class Include(StrEnum):
    """Statuses that `resend` takes only when asked."""

    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    BOUNCED = "bounced"


class LogFormat(StrEnum):
    """What goes to stderr while a run goes on."""

    TEXT = "text"
    JSON = "json"


TOML = Path("campaign.toml")

NewFolder = Annotated[Path, typer.Argument(help="A new folder.", metavar="DIR")]
Campaign = Annotated[
    Path, typer.Argument(help="The campaign's settings.", metavar="CAMPAIGN.TOML", autocompletion=files(".toml"))
]
Output = Annotated[
    Path | None,
    typer.Option(
        help="The results CSV; the ledger stays where it is. [default: NAME-results.csv]",
        metavar="CSV",
        autocompletion=files(".csv"),
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(
        help="The folder to write messages to. [default: NAME-preview]", metavar="DIR", autocompletion=folders
    ),
]
Page = Annotated[
    Path | None,
    typer.Option(
        help="The page to write; - is standard output. [default: NAME-report.html]",
        metavar="REPORT.HTML",
        autocompletion=files(".html"),
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="As `preview`: write messages to a folder, send nothing.")]
Source = Annotated[
    Path | None,
    typer.Option(
        "--from", help="A results CSV: only its rows, as corrected there.", metavar="CSV", autocompletion=files(".csv")
    ),
]
Included = Annotated[list[Include] | None, typer.Option(help="Take these rows, too; may be given several times.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the window to open, or end with exit code 3.")]
InSandbox = Annotated[
    bool, typer.Option("--sandbox", help="Deliver to a server inside this program; nothing leaves the machine.")
]
Fresh = Annotated[bool, typer.Option("--fresh", help="With --sandbox: begin anew, without what its earlier runs left.")]
OfSandbox = Annotated[bool, typer.Option("--sandbox", help="Look at the sandbox run, not at the real one.")]
TestTo = Annotated[
    list[str] | None,
    typer.Option(help="Send a few rows' messages to this address, as a test; may be given twice.", metavar="ADDRESS"),
]
Rows = Annotated[
    str | None, typer.Option(help="With --test-to: these rows. [default: the first three]", metavar="1,5,7-9")
]
LiveLinks = Annotated[
    bool, typer.Option("--live-links", help="With --test-to: links that sign in as the contacts whose rows they are.")
]
Limit = Annotated[int | None, typer.Option(min=1, help="At most so many contacts.", metavar="N")]
AllowEmpty = Annotated[bool, typer.Option("--allow-empty", help="A contacts file without rows is no mistake.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before sending.")]
YesToMany = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask before more than 10,000 messages are written.")
]
People = Annotated[
    list[str] | None,
    typer.Argument(
        help="The addresses of those whose data goes; - reads them from standard input, one a line. In front of them, "
        "the campaign's settings, if they are not in campaign.toml.",
        metavar="[CAMPAIGN.TOML] EMAIL…",
        autocompletion=files(".toml"),
    ),
]
OlderThan = Annotated[
    str | None,
    typer.Option(
        help="Those whose last outcome is older than that: 90d. Nobody still to be mailed.",
        metavar="AGE",
        autocompletion=lengths("30d", "90d", "365d"),
    ),
]
ErasedFrom = Annotated[bool, typer.Option("--sandbox", help="From the sandbox run alone. [default: from both]")]
NothingErased = Annotated[bool, typer.Option("--dry-run", help="Say what would go; take nothing out.")]
PreviewToErase = Annotated[
    Path | None,
    typer.Option(
        help="Another preview's folder to take them out of, besides NAME-preview.",
        metavar="DIR",
        autocompletion=folders,
    ),
]
NotAsked = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before anything is taken out.")]
Evidence = Annotated[
    list[str] | None,
    typer.Argument(
        help="Files and folders: mail logs, providers' exports and events, mbox, Maildir, mails, plain or .gz; - reads "
        "one from standard input. In front of them, the campaign's settings, if they are not in campaign.toml.",
        metavar="[CAMPAIGN.TOML] EVIDENCE…",
        autocompletion=files(""),
    ),
]
Mailbox = Annotated[bool, typer.Option("--mailbox", help="Read the mailbox of [bounces.mailbox] as well, over IMAP.")]
Suppress = Annotated[
    Path | None,
    typer.Option(
        help="Add whoever came back for good, complained or unsubscribed to this suppression list.",
        metavar="CSV",
        autocompletion=files(".csv"),
    ),
]
NothingMoved = Annotated[bool, typer.Option("--dry-run", help="Say what would be moved; change nothing.")]
Opens = Annotated[str | None, typer.Option(help="When the window opens: 2026-11-23T09:00.", metavar="TIME")]
Closes = Annotated[str | None, typer.Option(help="When the window closes: 2026-11-23T17:00.", metavar="TIME")]
Lasts = Annotated[
    str | None,
    typer.Option(
        help="How long the window is open, in place of --closes: 8h.",
        metavar="LENGTH",
        autocompletion=lengths("1h", "8h", "24h"),
    ),
]
Host = Annotated[str | None, typer.Option(help="The SMTP server, in place of smtp.host.", metavar="HOST")]
Port = Annotated[int | None, typer.Option(help="Its port, in place of smtp.port.", metavar="N")]
Connections = Annotated[int | None, typer.Option(help="Connections at once.", metavar="N")]
Rate = Annotated[float | None, typer.Option(help="Messages a second, all connections together.", metavar="N")]
Processes = Annotated[
    int | None, typer.Option(min=1, max=64, help="Worker processes. [default: as the work demands]", metavar="N")
]
Cluster = Annotated[
    str | None,
    typer.Option(
        help="Have a Dask cluster's machines send: its scheduler's tcp:// or tls:// address, or `local` for a try.",
        metavar="URL",
    ),
]
Workers = Annotated[
    int | None, typer.Option(min=1, max=1000, help="With --cluster: how many workers it places.", metavar="N")
]
Profile = Annotated[bool, typer.Option("--profile", help="Say at the end where the time went.")]
Json = Annotated[bool, typer.Option("--json", help="Print the outcome to stdout as JSON.")]
LogFormats = Annotated[
    LogFormat | None,
    typer.Option("--log-format", help="json: one event a line on stderr, for a program. [default: text]"),
]
LogAddresses = Annotated[bool, typer.Option("--log-addresses", help="With --log-format json: name addresses, too.")]
Metrics = Annotated[
    Path | None, typer.Option("--metrics", help="Keep a file for Prometheus up to date.", metavar="FILE")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit code 1 for rows that can't be mailed, and for whatever is noted.")
]
Offline = Annotated[bool, typer.Option("--offline", help="Connect to nothing: neither the SMTP server nor the DNS.")]
NameServer = Annotated[
    str | None, typer.Option("--nameserver", help="Ask this name server, not the system's: 9.9.9.9.", metavar="IP")
]
Spam = Annotated[bool, typer.Option("--spam", help="Have SpamAssassin, where it is installed, look at a few messages.")]
Watch = Annotated[bool, typer.Option("--watch", help="Go on showing it, until the run ends or Ctrl-C.")]
Every = Annotated[
    str | None, typer.Option("--every", help="With --watch: how often to look. [default: 2s]", metavar="LENGTH")
]
SandboxPort = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.", metavar="N")]
SandboxFolder = Annotated[
    Path, typer.Option(help="The folder for what arrives.", metavar="DIR", autocompletion=folders)
]
Email = Annotated[str, typer.Argument(help="The address that the link signs in.", metavar="EMAIL")]
LinkLasts = Annotated[
    str | None,
    typer.Option(
        "--lasts",
        help="How long it works: 1h. [default: as in a run begun now]",
        metavar="LENGTH",
        autocompletion=lengths("15m", "1h", "24h"),
    ),
]
Url = Annotated[
    str, typer.Argument(help="The link, or a text with it in it; - reads from standard input.", metavar="URL")
]
CampaignOfLink = Annotated[
    Path | None,
    typer.Option(
        "--campaign",
        help="Its campaign.toml, for the domain and the secret. [default: what the environment has of them]",
        metavar="CAMPAIGN.TOML",
        autocompletion=files(".toml"),
    ),
]
Subject = Annotated[
    str | None,
    typer.Argument(
        help="What to read about. [default: the list of subjects]", metavar="SUBJECT", autocompletion=subjects
    ),
]
