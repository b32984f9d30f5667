"""Header fields as text for the wire: unstructured fields, phrases, encoded words, folding.

In: what a person should read, Unicode. Out: ASCII for a header field, folded by CRLF and white space at 78 characters
where there is white space to fold at. Raises ValueError, saying what can't be in a header field: a line break, a
control character, a lone surrogate. The standard library does the same in 50 microseconds and more; this room's tests
hold it against that.

Limits: a text that needs encoding is encoded whole, not word by word.
"""

import re
from binascii import b2a_base64
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

LONGEST_LINE = 900
"""Octets of any line that we write, header or body, without the CRLF.

RFC 5322 section 2.1.1 allows 998, but relays in use break lines before that: Sendmail's SMTP mailers at 990 (`L=990` in
its cf/mailer/smtp.m4), Postfix up to 2.8 at 990 (smtp_line_length_limit), Haraka at 992. A line that is broken is
altered text, or a URL that no longer leads anywhere. 900 leaves them room.
"""
_FOLD_AT = 78
"""Characters without the CRLF: RFC 5322 section 2.1.1."""
_ENCODED_FOLD_AT = 76
"""A line that holds an encoded word: RFC 2047 section 2."""
_FRAME = len("=?utf-8?q??=")

_SAFE = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/"
"""What Q leaves as it is in a phrase, and so anywhere: RFC 2047 section 5 (3)."""
_Q = tuple(chr(octet) if octet in _SAFE else "_" if octet == 0x20 else f"={octet:02X}" for octet in range(256))
"""RFC 2047 section 4.2; octet → text."""

plain_subject = re.compile(r"[!-~](?:[ -~]{0,67}[!-~])?").fullmatch
"""A subject that stays as it is, on the line of its field name; unless it holds a `=?`."""


@lru_cache(maxsize=64)
def _cut_into_words(room: int) -> Callable[[str], list[str]]:
    """Give what cuts text in Q to words of that many characters, neither within an escaped octet nor before one that
    goes on a character.
    """
    return re.compile(rf".{{1,{room}}}(?<!=)(?<!=.)(?!=[89AB])").findall


_word = re.compile(r"[ \t]*[^ \t]+").findall
_is_plain_words = re.compile(r"[A-Za-z0-9-]+(?: [A-Za-z0-9-]+)*").fullmatch
_forbidden = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]").search


def check(text: str) -> None:
    """Raise ValueError for what no header field may hold, encoded or not: whoever decodes it could break its line."""
    found = _forbidden(text)
    if found:
        what = "a line break" if found[0] in "\r\n\x0b\x0c\x85\u2028\u2029" else "a control character"
        raise ValueError(f"{what} (U+{ord(found[0]):04X}, at character {found.start() + 1})")


def unstructured(text: str, *, column: int) -> str:
    """Write a Subject, say (RFC 5322 section 2.2.1), where the line has `column` characters; blanks around it go.

    Stays as it is if it is ASCII and can be folded, and doesn't look encoded; becomes encoded words otherwise.
    """
    check(text)
    text = text.strip(" \t")
    if text.isascii() and "=?" not in text:
        folded = _folded(text, column)
        if folded is not None:
            return folded
    return encoded_words(text, column=column)


def phrase(text: str, *, column: int) -> str:
    """Write a display name (RFC 5322 section 3.2.5): words, a quoted string, or encoded words.

    Of the ways that the RFC has, the one that no relay writes anew, which would break a signature: Sendmail puts quotes
    around a name with an apostrophe, Courier around one with `%`, `!`, `=`, `/` or `?`, and OpenSMTPD splits a quoted
    string at a comma behind an escaped quote.
    """
    check(text)
    if text.isascii() and not any(odd in text for odd in ("=?", '"', "\\")):
        folded = _folded(text if _is_plain_words(text) else f'"{text}"', column)
        if folded is not None:
            return folded
    return encoded_words(text, column=column)


def _folded(text: str, column: int) -> str | None:
    """With line breaks before white space, no line over 78; None where there is not enough white space for it."""
    if column + len(text) <= _FOLD_AT:
        return text
    lines = [""]
    for word in _word(text):
        if column + len(word) > _FOLD_AT:
            lines.append("")
            column = 0
        if column + len(word) > _FOLD_AT or (len(lines) == 2 and not lines[0]):
            return None
        lines[-1] += word
        column += len(word)
    return "\r\n".join(lines)


def encoded_words(text: str, *, column: int) -> str:
    """RFC 2047: UTF-8, Q or B, whichever is shorter; no character in two words, no word over 75 characters."""
    octets = text.encode()
    room = _ENCODED_FOLD_AT - column - _FRAME
    to_escape = len(octets.translate(None, _SAFE + b" "))
    if len(octets) + 2 * to_escape <= (len(octets) + 2) // 3 * 4:
        words = _cut_into_words(room)("".join(map(_Q.__getitem__, octets)))
        return "=?utf-8?q?" + "?=\r\n =?utf-8?q?".join(words) + "?="
    cuts = [0]
    while cuts[-1] < len(octets):
        end = cuts[-1] + room // 4 * 3
        while end < len(octets) and octets[end] & 0xC0 == 0x80:  # Within a character of UTF-8.
            end -= 1
        cuts.append(end)
    words = [b2a_base64(octets[start:end], newline=False).decode("ascii") for start, end in pairwise(cuts)]
    return "=?utf-8?b?" + "?=\r\n =?utf-8?b?".join(words) + "?="
