"""The check by a spam filter, of a few messages as they would arrive."""

from datetime import UTC, datetime

from campaign.check.findings import Findings
from campaign.check.setup import Known
from campaign.deliverability.spamassassin import spam_finding, spam_score, spamassassin
from campaign.run.dry_run import sample_messages
from campaign.settings import Settings


def samples(settings: Settings, known: Known, found: Findings) -> None:
    """Have SpamAssassin look at the first message, the smallest and the largest. Their links are signed with a
    throw-away secret: what another program is given must sign nobody in.
    """
    program = spamassassin()
    contacts = known.seen.sizes.samples
    if not contacts:  # told already
        return
    messages = sample_messages(settings, list(contacts.values()))
    now = datetime.now(UTC)
    scores = {row: spam_score(program, message, now) for row, message in zip(contacts, messages, strict=True)}
    found.tell(spam_finding(scores))
    for rule in max(scores.values(), key=lambda score: score.points).telling:
        found.detail(f"  {rule}")
