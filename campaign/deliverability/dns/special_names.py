"""Domains that the public DNS can never have, so that asking for them is of no use. In: a domain. Out: yes or no."""

_NEVER = frozenset(
    {
        *("test", "example", "invalid", "localhost"),  # RFC 2606 section 2, RFC 6761 section 6
        *("example.com", "example.net", "example.org"),  # RFC 2606 section 3: they exist, and belong to nobody
        "local",  # RFC 6762 section 3: asked by multicast
        "onion",  # RFC 7686
        "home.arpa",  # RFC 8375
        "alt",  # RFC 9476
        "internal",  # ICANN resolution 2024.07.29.06: for private networks
    }
)


def never_in_dns(domain: str) -> bool:
    """Whether a domain (ASCII, lower case) is a special-use name, is below one, or is a bare host name."""
    labels = domain.split(".")
    return len(labels) == 1 or any(".".join(labels[start:]) in _NEVER for start in range(len(labels)))
