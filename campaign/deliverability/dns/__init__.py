"""What the DNS says of the mail: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 9989), and the way back of bounces.

In: domains and the records that should be there. Out: `Finding`s. Only name servers are talked to, no mail server.
"""

from campaign.deliverability.dns.dkim import DkimKey
from campaign.deliverability.dns.domains import MailDomains, look_at
from campaign.deliverability.dns.resolver import NameServer

__all__ = ["DkimKey", "MailDomains", "NameServer", "look_at"]
