"""The check of the links in the messages: whether they are there, and where they lead."""

from campaign.check.findings import Findings
from campaign.content.template_folder import HTML, TEXT, template_folder
from campaign.links.checks import DEFAULT_DOMAIN
from campaign.model import Status
from campaign.run.dry_run_findings import DryRun
from campaign.settings import Settings


def link_notes(settings: Settings, seen: DryRun, found: Findings) -> None:
    """Name messages without their link, and links that lead to a domain that signs nobody in."""
    ready, linkless = seen.counts[Status.PENDING], seen.linkless
    if linkless["message"]:
        found.note(
            f"{_messages(linkless['message'], ready)} no sign-in link: {{{{ link.url }}}} is in none of the bodies",
            rule="link_missing",
        )
    for part, other, words in (("text", "html", "plain text"), ("html", "text", "HTML")):
        if linkless[part]:
            file = TEXT if part == "text" else template_folder(settings.message.template).html or HTML
            found.note(
                f"{_messages(linkless[part], ready)} no sign-in link in the {words}, only in the {other}: "
                f"add {{{{ link.url }}}} to {file}",
                rule=f"link_missing_in_{part}",
            )
    domain = settings.link.domain
    for host in settings.link.redirect_hosts:
        if count := seen.redirect_hosts[host.lower()]:
            words = f"link.redirect_to leads to {host}{_in_some(count, ready)}, as link.redirect_hosts allows"
            found.ok("redirect_hosts", words)
    if domain.endswith(DEFAULT_DOMAIN):
        return
    for host, count in seen.redirect_hosts.most_common():
        if host.endswith(DEFAULT_DOMAIN):
            found.note(
                f"link.redirect_to leads to {host}{_in_some(count, ready)}, and link.domain is {domain}: "
                "the default domain signs nobody in once a custom one is connected",
                rule="redirect_to_default_domain",
            )


def _in_some(count: int, ready: int) -> str:
    return "" if count == ready else f" in {count:,} of {ready:,} messages"


def _messages(count: int, ready: int) -> str:
    if count == ready:
        return "the message has" if ready == 1 else "the messages have"
    return f"{count:,} of {ready:,} messages {'has' if count == 1 else 'have'}"
