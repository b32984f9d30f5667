"""What a refusal in an envelope is about, beside the sender and the recipient: where a command stands, or a parameter.

In: replies; out: yes or no. Raises nothing.
"""

import re

from campaign.model import Reply

SEQUENCE_WORDS = re.compile(r"pipelin|synchroni|out of (?:order|sequence)|bad sequence", re.IGNORECASE)
"""Words for "you spoke too early", whatever the code."""
_SEQUENCE_CODES = (500, 502, 503)

_PARAMETER_CODES = (500, 501, 504, 555)
"""RFC 5321 sections 4.1.1.11 and 4.2.2: syntax, parameters, a parameter not implemented, one not recognised."""
_PARAMETER_WORDS = re.compile(r"\b(?:ENVID|RET|DSN|parameters?|options?|arguments?)\b", re.IGNORECASE)


def out_of_sequence(reply: Reply) -> bool:
    """Whether a refusal is one of where a command stands, and not of what it says."""
    return reply.code in _SEQUENCE_CODES or bool(SEQUENCE_WORDS.search(reply.text))


def may_name_parameter(reply: Reply) -> bool:
    """Whether a refusal of MAIL may be one of its parameters, and not of the sender."""
    return reply.code in _PARAMETER_CODES or (reply.code >= 500 and bool(_PARAMETER_WORDS.search(reply.text)))
