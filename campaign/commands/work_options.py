"""The argument and the options of `campaign work`, which are its own: whose run to join, and as what."""

from pathlib import Path
from typing import Annotated

import typer

from campaign.commands.completion import files, folders, lengths

CampaignToWorkFor = Annotated[
    Path | None,
    typer.Argument(
        help="The settings that say where its ledger is. [default: campaign.toml, unless the options or the "
        "environment say so]",
        metavar="CAMPAIGN.TOML",
        autocompletion=files(".toml"),
    ),
]
LedgerUrl = Annotated[
    str | None,
    typer.Option(
        "--ledger", help="Without a campaign.toml: where the ledger is (or CAMPAIGN_LEDGER__URL).", metavar="URL"
    ),
]
CampaignName = Annotated[
    str | None,
    typer.Option("--campaign", help="Without a campaign.toml: the campaign's name (or CAMPAIGN_NAME).", metavar="NAME"),
]
WorkerName = Annotated[
    str, typer.Option("--name", help="What to call this worker, for whoever watches the run.", metavar="NAME")
]
WaitForRun = Annotated[
    str,
    typer.Option(
        "--wait",
        help="How long to wait for a run to begin.",
        metavar="LENGTH",
        autocompletion=lengths("0s", "10m", "1h"),
    ),
]
OwnFiles = Annotated[
    Path | None,
    typer.Option(
        "--files",
        help="A folder as the campaign's, for attachments that are each contact's own.",
        metavar="DIR",
        autocompletion=folders,
    ),
]
