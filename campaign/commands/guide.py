"""`campaign guide`: the manual, one page per subject, as it stands in `campaign/guide/`.

On a terminal a page is laid out and shown by the pager; for anything else it is Markdown, as it was written. Raises
UsageError for a subject that has no page.
"""

import sys
from difflib import get_close_matches
from importlib.resources import files

from campaign.errors import UsageError
from campaign.terminal.stdout import say

GROUPS = {
    "To work with it": (
        *("first-send", "commands", "settings", "templates", "inbox"),
        *("watching", "statuses", "settle", "bounces", "report", "promises", "privacy", "json"),
    ),
    "To have it done by a program or a machine": ("python", "schedule", "machines"),
    "The server that takes the mail: settings, limits, ids, replies": (
        "relays",
        "ses",
        "sendgrid",
        "postmark",
        "mailgun",
        "microsoft-365",
        "google",
        "postfix",
    ),
    "About it": ("speed", "cost", "changes", "house"),
}
"""Heading of the list → its pages, in the order in which a person may come to need them."""
SUBJECTS = tuple(name for names in GROUPS.values() for name in names)
ALIASES = {
    **dict.fromkeys(("first", "deliverability", "spf", "dkim", "dmarc", "warm-up", "unsubscribe"), "first-send"),
    **dict.fromkeys(("amazon", "aws", "amazon-ses"), "ses"),
    **dict.fromkeys(("evidence", "in-doubt", "in_doubt", "doubt", "proof"), "settle"),
    "twilio": "sendgrid",
    **dict.fromkeys(("bounce", "verp", "imap", "mailbox", "complaints", "complaint", "dsn", "arf"), "bounces"),
    **dict.fromkeys(("erase", "erasure", "gdpr", "data-protection", "delete"), "privacy"),
    **dict.fromkeys(("microsoft", "microsoft365", "m365", "o365", "office365", "exchange", "outlook"), "microsoft-365"),
    **dict.fromkeys(("gmail", "workspace", "google-workspace", "gsuite"), "google"),
    **dict.fromkeys(("providers", "servers"), "relays"),
    **dict.fromkeys(("watch", "progress", "metrics", "prometheus", "monitoring", "logs"), "watching"),
    **dict.fromkeys(("api", "testing", "tests", "pytest", "pandas"), "python"),
    **dict.fromkeys(("cron", "crontab", "systemd", "timer", "automation", "scheduled", "machine"), "schedule"),
    **dict.fromkeys(("cronjob", "airflow", "github", "github-actions", "ci"), "schedule"),
    **dict.fromkeys(("cluster", "dask", "kubernetes", "k8s", "postgresql", "postgres", "pgbouncer"), "machines"),
    **dict.fromkeys(("work", "workers", "distributed", "database"), "machines"),
}
"""Words that people have for a page, besides its name."""
_AT_MOST = 3
"""Pages that are named to whoever asks for a word that has no page."""


def show_guide(subject: str | None) -> None:
    """Show the page, or the list of them."""
    if subject is None:
        say("The manual, one page for each subject: campaign guide SUBJECT")
        for heading, names in GROUPS.items():
            width = max(map(len, names))
            say(f"\n{heading}")
            for name in names:
                say(f"  {name:<{width}}  {purpose(page(name))}")
        return
    text = page(_meant(subject))
    if sys.stdout.isatty():
        from campaign.terminal.pager import show_page

        show_page(text)
    else:
        say(text, end="")


def page(subject: str) -> str:
    """Read a page: Markdown."""
    return (files("campaign") / "guide" / f"{subject}.md").read_text("utf-8")


def purpose(markdown: str) -> str:
    """Give the line that says what a page is for: the first one under its title, without Markdown."""
    return markdown.split("\n", 3)[2].replace("`", "")


def _meant(subject: str) -> str:
    """Give the subject that has a page. Raises UsageError, with the nearest one, or those whose pages name the word."""
    name = subject.lower().removesuffix(".md")
    name = ALIASES.get(name, name)
    if name in SUBJECTS:
        return name
    fix = "see campaign guide for the list"
    near = get_close_matches(name[:100], SUBJECTS, n=1, cutoff=0.7)
    naming = [f"campaign guide {one}" for one in SUBJECTS if subject and f"`{subject}`" in page(one)][:_AT_MOST]
    if near:
        fix = f"did you mean {near[0]}? Or {fix}"
    elif naming:
        fix = f"it stands in {', '.join(naming)}"
    raise UsageError(f"the guide has no page {subject[:60]!r}", where="campaign guide", fix=fix)
