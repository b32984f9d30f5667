"""Everything that can be known before the first message, and no stop at the first thing wrong.

    setup        secrets, window, links, earlier runs
    contacts     the contacts file, and the message of every contact
    server       the session, up to an envelope of our own
    domains      what the DNS says of the domains that a message names
    forecast     when a run would end
    spam_filter  what SpamAssassin says, if asked for

Settings in; a `CheckResult` out, of `Finding`s, which a `CheckObserver` hears as they come. Raises UsageError only
where an option can't be read at all; whatever else is wrong is found. Nothing is sent: of an envelope, no message.
"""

from campaign.check.checking import check
from campaign.check.findings import CheckObserver, counted
from campaign.check.result import CheckResult

__all__ = ["CheckObserver", "CheckResult", "check", "counted"]
