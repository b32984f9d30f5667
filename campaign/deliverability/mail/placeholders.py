"""What should have been filled in and was not: `{{ … }}` and `{% … %}` in what a person gets.

Not found are those that a mail service fills in on the message's way, which are its own words for unsubscribing:
`{{amazonSESUnsubscribeUrl}}` (Amazon SES, list management), `{{{ pm:unsubscribe }}}` (Postmark, support article 1208).
"""

import re

_BRACES = re.compile(r"\{\{(?:(?!\{\{).){0,200}?\}\}|\{%(?:(?!\{%).){0,200}?%\}", re.DOTALL)
_ENCODED = re.compile(r"%7B%7B(?:(?!%7B%7B).){0,200}?%7D%7D", re.IGNORECASE | re.DOTALL)
"""As a URL has them after `| urlencode`."""
_A_SERVICE_S_OWN = re.compile(r"unsub|\bpm:", re.IGNORECASE)


def has_placeholder(text: str) -> bool:
    """Tell whether a text has one."""
    if "{" not in text:
        return False
    return any(not _A_SERVICE_S_OWN.search(found[0]) for found in _BRACES.finditer(text))


def has_encoded_placeholder(url: str) -> bool:
    """Tell whether a URL has one, percent-encoded or not."""
    return has_placeholder(url) or any(not _A_SERVICE_S_OWN.search(one[0]) for one in _ENCODED.finditer(url))


def is_left_to_a_service(url: str) -> bool:
    """Tell whether a URL is one that a mail service fills in, as `{{…}}`, `%unsubscribe_url%` (Mailgun) or `<%…%>`
    (SendGrid) say.
    """
    url = url.strip()
    return bool(_BRACES.search(url)) or (url[:1] in "%<[*" and bool(_A_SERVICE_S_OWN.search(url)))
