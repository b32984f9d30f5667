"""`campaign link`: its two commands, as they are typed. Each imports its room when it runs, as those of `cli.py` do."""

import typer

from campaign.commands import options
from campaign.terminal.exit_codes import with_exit_code
from campaign.terminal.usage import Command, Group

app = typer.Typer(cls=Group, help="Make one sign-in link, or look at one.", no_args_is_help=True, rich_markup_mode=None)


@app.command(cls=Command)
@with_exit_code
def mint(campaign: options.Campaign, email: options.Email, lasts: options.LinkLasts = None) -> None:
    """Make a sign-in link and print it. Whoever holds it is that contact until it expires."""
    from campaign.commands.link_mint import mint_link

    mint_link(campaign, email, lasts)


@app.command(cls=Command)
@with_exit_code
def inspect(url: options.Url, campaign: options.CampaignOfLink = None, json: options.Json = False) -> int:
    """Say what a link says and what is wrong with it. Exit code 1 if anything is."""
    from campaign.commands.link_inspect import show_inspection

    return show_inspection(url, campaign, json=json)
