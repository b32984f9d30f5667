"""An encoding that the settings choose: the file is held to it, in place of finding out.

Takes a path and the name of a codec that Python knows; gives an `Encoding`, after reading the whole file once in
constant memory. Raises `ContactsError`, with line and byte, for a file that is not text in it; and for one whose
byte-order mark says that it is in another.
"""

import codecs
from pathlib import Path

from campaign.contacts.encoding import (
    UNREADABLE,
    Encoding,
    end_of_text,
    mark_of,
    open_text,
    reading,
    refuse_binary,
)
from campaign.errors import ContactsError

_BLOCK = 1 << 20
_MARKS = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}
"""What begins a file in an encoding that leaves the order of bytes open."""
_FIX = "set contacts.encoding to the encoding that the file is in, or take it out to have it found"


def chosen_encoding(path: Path, codec: str) -> Encoding:
    """Give what is to be known to read the file as text in `codec`."""
    name = codecs.lookup(codec).name
    with reading(path) as file:
        head = file.read(8_192)
        mark = mark_of(head)
        if not name.startswith("utf-32"):
            refuse_binary(head, path)
            if mark is not None and not name.startswith("utf"):
                raise ContactsError(
                    f"the file begins with the byte-order mark of {mark[2].partition(' ')[0]}, which {codec} has not",
                    where=str(path),
                    fix=_FIX,
                )
        if head and not head.startswith(_MARKS.get(name, (b"",))):
            raise ContactsError(
                f"the file is not {codec}: it has no byte-order mark",
                where=str(path),
                fix=f"set contacts.encoding to {codec}-le or {codec}-be",
            )
        skip = len(mark[0]) if mark is not None and name == mark[1] else 0
        end = end_of_text(file, "utf-16-le" if name == "utf-16" else name)
        lines = 1
        has_quotes = has_nul = False
        decoder = codecs.getincrementaldecoder(name)("strict")
        file.seek(skip)
        done = skip
        while True:
            block = file.read(_BLOCK)
            try:
                text = decoder.decode(block, not block)
            except UnicodeDecodeError as error:
                # What it had kept of the block before stands in front of this one.
                where = done - (len(error.object) - len(block)) + error.start
                raise _not_text(path, codec, name, skip, where, error.object[error.start]) from None
            lines += max(text.count("\n"), text.count("\r"))
            has_quotes = has_quotes or '"' in text
            has_nul = has_nul or "\0" in text
            if not block:
                break
            done += len(block)
    return Encoding(
        codec=name, label=codec, skip=skip, lines=lines, has_quotes=has_quotes, has_nul=has_nul,
        has_unreadable=False, end=end,
    )  # fmt: skip


def _not_text(path: Path, codec: str, name: str, skip: int, offset: int, byte: int) -> ContactsError:
    rough = Encoding(
        codec=name, label=codec, skip=skip, lines=1, has_quotes=True, has_nul=True, has_unreadable=True
    )  # fmt: skip
    with open_text(path, rough) as text:
        line = next((number for number, line in enumerate(text, 1) if UNREADABLE in line), 1)
    return ContactsError(
        f"the file is not text in {codec}: the byte 0x{byte:02x} means nothing there",
        where=f"{path}, line {line}, byte {offset + 1} of the file",
        fix=_FIX,
    )
