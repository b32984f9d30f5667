"""A secret as it was meant: the text of a variable, or of the file that one names, without what editors put around it.

In goes what was found; out comes the secret. A byte order mark and one line end are no part of it. What can't be meant
(a second line, quotes around it, UTF-16, control characters) is refused, since it would make every link dead or every
sign-in fail, and nobody would see why.

Raises `UnfitSecretError`, which says what is wrong and never quotes the content.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from unicodedata import category

from campaign.settings.names import PREFIX, SECRET_FILES, password_variable
from campaign.settings.settings import Settings

_LARGEST = 65536
_BOM = "\ufeff"
_QUOTES = frozenset({'""', "''", "``", "“”", "‘’", "„“", "„”", "””", "’’", "‚‘", "«»", "»«"})
_ASSIGNMENT = re.compile(rf"(?:export\s+)?{PREFIX}\w+\s*=")
_LINE_END = re.compile("[\n\r\x85\u2028\u2029]")
_UTF_32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class UnfitSecretError(ValueError):
    """No secret. `problem` follows "the file … " or the variable's name; `fix` says what to do with either."""

    def __init__(self, problem: str, *, fix: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix


def bare_secret(text: str) -> str:
    """Give the secret that `text` holds. Raises `UnfitSecretError`."""
    secret = text.removeprefix(_BOM)
    secret = secret.removesuffix("\n").removesuffix("\r")
    if not secret.strip():
        raise UnfitSecretError("is empty")
    if any(category(character) == "Cs" for character in secret):
        raise UnfitSecretError("is not UTF-8 text")
    if "\0" in secret:
        raise UnfitSecretError("has NUL bytes in it, as UTF-16 text has", fix="save it as UTF-8")
    if _LINE_END.search(secret):
        raise UnfitSecretError("has more than one line", fix="leave one line: the secret")
    kinds = {category(character) for character in secret}
    if "Cc" in kinds:
        raise UnfitSecretError("has a control character in it, such as a tab", fix="take it out")
    if "Cf" in kinds:
        raise UnfitSecretError(
            "has an invisible character in it", fix="copy the secret again, and type its ends by hand"
        )
    if len(secret) > 1 and secret[0] + secret[-1] in _QUOTES:
        raise UnfitSecretError("has quotes around the secret, as if they were part of it", fix="take the quotes away")
    if _ASSIGNMENT.match(secret):
        raise UnfitSecretError("sets a variable, where the secret alone should stand", fix="leave what follows the =")
    return secret


def secret_of_file(path: Path) -> str:
    """Read the secret. Raises `UnfitSecretError`, and `OSError` or `ValueError` where the file can't be read."""
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise UnfitSecretError("is larger than 64 KiB")
    for marks, name in ((_UTF_32, "UTF-32"), (_UTF_16, "UTF-16")):
        if content.startswith(marks):
            raise UnfitSecretError(f"is {name} text", fix="save it as UTF-8")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise UnfitSecretError("is not UTF-8 text", fix="save it as UTF-8") from None
    return bare_secret(text)


def path_of(value: str, folder: Path) -> Path:
    """Give the path that a variable names: `~` is the home folder, and what is relative lies in `folder`."""
    return folder / os.path.expanduser(value)  # noqa: PTH111 - Path's own raises where there is no home


def may_be_named(value: str, folder: Path) -> bool:
    """Whether the path may stand in an error. Whoever mistook the variable for the secret's own has put the secret
    there, so a path is named only if there is such a file, or a folder (not just any) that it begins with.
    """
    path = path_of(value, folder)
    try:
        if os.path.lexists(path):
            return True
        first = Path(path.parts[0], path.parts[1]) if Path(value).is_absolute() else folder / Path(value).parts[0]
        return value.startswith("~/") or (len(Path(value).parts) > 1 and first != path and first.is_dir())
    except (OSError, ValueError, IndexError):
        return False


def secret_files(settings: Settings, environ: Mapping[str, str] | None = None) -> dict[str, Path]:
    """Give the files that secrets come from, by what names them: variables of `environ` (the process's own unless
    given), and the settings with private keys.
    """
    environ = os.environ if environ is None else environ
    several = len(settings.servers) > 1
    names = [*SECRET_FILES, *(f"{password_variable(server.name)}_FILE" for server in settings.servers)]
    found = {name: path_of(environ[name], settings.folder) for name in sorted(names) if environ.get(name)}
    for server in settings.servers:
        key = "smtp.client_key" if server.client_key is not None else "smtp.client_cert"
        file = server.client_key or server.client_cert
        if file is not None:
            found[f"{key} of {server.name}" if several else key] = file
    for one in settings.dkim:
        found["dkim.key_file" if len(settings.dkim) == 1 else f"dkim.key_file of {one.selector}"] = one.key_file
    return found


def open_to_others(files: Mapping[str, Path]) -> Iterator[tuple[str, Path, str]]:
    """Give those that others than their owner may read: what names each, its path, and who may."""
    for name, path in files.items():
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError):
            continue  # whoever reads it says so
        who = [word for word, bit in (("its group", stat.S_IRGRP), ("everybody", stat.S_IROTH)) if mode & bit]
        if who:
            yield name, path, who[-1]
