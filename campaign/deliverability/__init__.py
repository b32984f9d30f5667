"""Whether the mail will be let in: its domains' records in the DNS, its HTML and text, and what a spam filter says.

In: addresses, domains, rendered messages. Out: `Finding`s. Nothing here sends mail.
"""

from campaign.deliverability.finding import Finding, Severity

__all__ = ["Finding", "Severity"]
