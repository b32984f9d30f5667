"""The name of a file as MIME parameters: for mail programs that know RFC 2231, and for those that don't.

In: any name. Out: ASCII parameters for two header fields, folded at 76 characters. Raises nothing.

`Content-Disposition` has the name as it is: quoted where it is short and ASCII, else percent-encoded UTF-8, in pieces
where it is long (RFC 2231 sections 3 and 4; RFC 2183 section 2.3). `Content-Type` has it in plain ASCII letters, for
programs that look there: Outlook over POP or IMAP, webmail. Many senders write an encoded word there, which RFC 2047
section 5 (3) forbids, and strict parsers find fault with. Both forms in one field (RFC 6266, which is about HTTP) are a
parameter twice, which they find fault with as well.
"""

import re
import unicodedata

_FOLD_AT = 76
_LONGEST_PLAIN = 60
"""Characters of a name that fit a line together with ` filename="";`."""
_LONGEST_NAME = 255
"""Octets: what file systems take."""
_ATTRIBUTE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&+-.^_`{|}~")
"""What stands as it is in an extended value: RFC 2231 section 7, attribute-char."""
# One space at a time: signing (RFC 6376 section 3.4.4) takes several for one. And nothing that looks encoded.
_plain = re.compile(r"(?!.*=\?)[!#-\[\]-~]+(?: [!#-\[\]-~]+)*").fullmatch
_OF_A_PATH = re.compile(r'[/\\:*?"<>|]')
"""What separates folders, or means something, on a system that the file may be saved on."""
_TAILS = re.compile(r"(?:\.[A-Za-z0-9]{1,10}){1,2}\Z")


def safe_name(name: str) -> str:
    """Give a name that can be saved under, and looks like what it is: no path, nothing invisible, no hidden file."""
    shown = "".join(letter if letter.isprintable() else "_" for letter in _OF_A_PATH.sub("_", name)).strip()
    while len(shown.encode()) > _LONGEST_NAME:
        shown = _shortened(shown, len(shown) - 1)
    return re.sub(r"\A\.", "_", shown) or "attachment"


def ascii_name(name: str) -> str:
    """Give a name in plain letters, short enough for one line; what follows its last dot stays."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._ ()+,-]+", "_", plain)
    plain = " ".join(plain.split())
    if not re.search(r"[A-Za-z0-9]", plain.partition(".")[0]):  # no letter of it is left
        tail = _TAILS.search(plain)
        plain = "attachment" + (tail[0] if tail else "")
    return _shortened(plain, _LONGEST_PLAIN)


def _shortened(name: str, longest: int) -> str:
    """Cut a name in front of its extension."""
    tail = _TAILS.search(name)
    end = tail[0] if tail and len(tail[0]) < longest else ""
    return name if len(name) <= longest else name[: longest - len(end)].rstrip() + end


def file_name(parameter: str, name: str) -> str:
    """`;` CRLF ` filename="terms.pdf"`: what follows the value of a header field."""
    if len(name) <= _LONGEST_PLAIN and _plain(name):
        return f';\r\n {parameter}="{name}"'
    letters = [_encoded(letter) for letter in name]
    whole = f" {parameter}*=utf-8''{''.join(letters)}"
    if len(whole) < _FOLD_AT:
        return f";\r\n{whole}"
    lines = [f" {parameter}*0*=utf-8''"]
    for letter in letters:  # never cut within a character: there are programs that decode piece by piece
        if len(lines[-1]) + len(letter) >= _FOLD_AT:
            lines.append(f" {parameter}*{len(lines)}*=")
        lines[-1] += letter
    return "".join(f";\r\n{line}" for line in lines)


def _encoded(letter: str) -> str:
    return letter if letter in _ATTRIBUTE else "".join(f"%{octet:02X}" for octet in letter.encode("utf-8", "replace"))
