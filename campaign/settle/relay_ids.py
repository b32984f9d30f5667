"""The ids in a relay's reply by which its exports and events name the message later.

In: the words of a reply. Out: those in it that are long enough to be one message's alone, in all the world. Raises
nothing. Amazon SES says `Ok 0100018f…-000000` (60 characters), SendGrid `Ok: queued as ` and 22 characters. What
Postmark says is not documented: its events are found by our key. A queue id of Postfix (`queued as 4F2X…`), Exim or
Sendmail is its own machine's alone, is used again, and has 18 characters at most: it is none.
"""

import re

_SHORTEST = 20
_find_words = re.compile(rf"[A-Za-z0-9_+/=.\-]{{{_SHORTEST},200}}").findall


def ids_in(reply: str) -> list[str]:
    """Give them; what else is as long (the name of a host) is among them, and no relay will ever ask for that."""
    if len(reply) < _SHORTEST:
        return []
    return [word.strip(".=") for word in _find_words(reply) if not word.isalpha()]
