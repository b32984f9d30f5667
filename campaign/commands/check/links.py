"""The check of the links in the messages: whether they are there, and where they lead."""

from campaign.commands.check.findings import Findings
from campaign.links.checks import DEFAULT_DOMAIN
from campaign.model import Status
from campaign.pipeline.rehearsed import Rehearsal
from campaign.settings import Settings

_HOSTS_NAMED = 3


def link_notes(settings: Settings, seen: Rehearsal, found: Findings) -> None:
    """Name messages without their link, and links that lead elsewhere than the domain they sign in at."""
    ready, linkless = seen.counts[Status.PENDING], seen.linkless
    if linkless["message"]:
        found.note(
            f"{_messages(linkless['message'], ready)} no sign-in link: {{{{ link.url }}}} is in none of the bodies"
        )
    for part, other, words in (("text", "html", "plain text"), ("html", "text", "HTML")):
        if linkless[part]:
            file = "body.txt" if part == "text" else "body.html"
            found.note(
                f"{_messages(linkless[part], ready)} no sign-in link in the {words}, only in the {other}: "
                f"add {{{{ link.url }}}} to {file}"
            )
    domain = settings.link.domain.lower()
    elsewhere = [(host, count) for host, count in seen.redirect_hosts.most_common() if host != domain]
    for host, count in elsewhere[:_HOSTS_NAMED]:
        why = "as a rule it is the same"
        if host.endswith(DEFAULT_DOMAIN) and not domain.endswith(DEFAULT_DOMAIN):
            why = "the default domain signs nobody in once a custom one is connected"
        whose = "" if count == ready else f" in {count:,} of {ready:,} messages"
        found.note(f"link.redirect_to leads to another host{whose}: {host}, and link.domain is {domain}; {why}")
    if len(elsewhere) > _HOSTS_NAMED:
        found.note(f"link.redirect_to leads to {len(elsewhere) - _HOSTS_NAMED:,} more hosts")


def _messages(count: int, ready: int) -> str:
    if count == ready:
        return "the message has" if ready == 1 else "the messages have"
    return f"{count:,} of {ready:,} messages {'has' if count == 1 else 'have'}"
