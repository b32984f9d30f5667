"""Names of hosts and domains, by their form: labels of letters, digits and hyphens, with dots between them.

A name in, yes or no out; capitals count as small letters. Nothing is looked up. Raises nothing. RFC 1123 section 2.1.
"""

import re

LONGEST_NAME = 253
"""Characters: RFC 1035 section 2.3.4 has 255 octets, two of which are the name's length and its end."""
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_labels = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.IGNORECASE | re.ASCII).fullmatch


def is_host_name(name: str) -> bool:
    """Whether it is one label, or several."""
    return len(name) <= LONGEST_NAME and _labels(name) is not None


def is_full_host_name(name: str) -> bool:
    """Whether it is several labels, the last of them no number: that would be an address, or like one."""
    return "." in name and is_host_name(name) and not name.rpartition(".")[2].isdigit()
