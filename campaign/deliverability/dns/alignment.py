"""Whether a domain that SPF or DKIM vouches for is From's, as DMARC sees it (RFC 9989 section 4.4).

In: the walks of both domains. Out: yes or no. Raises nothing.
"""

from campaign.deliverability.dns.dmarc_walk import Walk


def aligned(author: Walk, other: Walk, *, strict: bool) -> bool:
    """Whether they are aligned: the same domain, or, where that is enough, of one organization."""
    if author.domain == other.domain:
        return True
    if strict:
        return False
    if author.records:
        return author.organization == other.organization
    # From's domain has no policy yet. Once the upper one of the two has a record, the lower one belongs to it.
    upper, lower = sorted((author.domain, other.domain), key=len)
    return lower.endswith(f".{upper}")
