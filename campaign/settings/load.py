"""`campaign.toml` and the environment in, checked `Settings` out.

Raises `SettingsError`, which lists everything that is wrong at once. Pydantic's own errors end here: they are read,
then dropped before ours is raised, so that no traceback can show an input.

Limits: a file of at most 1 MiB. Nothing is looked up: whether the host answers and the template exists, others say.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from campaign.errors import SettingsError
from campaign.settings.environment import EnvironmentSource
from campaign.settings.faults import Fault, SourceNotes, settings_error, validation_faults
from campaign.settings.names import SETTING_HELP, password_variable, variable
from campaign.settings.sections.smtp import SmtpSettings
from campaign.settings.settings import Settings
from campaign.settings.sources import FileSource, OptionsSource

_LARGEST = 1 << 20
_SEVERAL = {
    "dkim": "for two keys, write [[dkim]] above each",
    "smtp": "for two servers, write [[smtp]] above each, and a name in it",
}


def load_settings(
    path: Path,
    *,
    overrides: Mapping[str, object] = MappingProxyType({}),
    environ: Mapping[str, str] | None = None,
    may_hold_secrets: bool = False,
) -> Settings:
    """Read settings: an option beats the environment, which beats the file.

    `overrides` are options by dotted name ("smtp.host"); those that are None were not given. `environ` is the process's
    own unless given. `may_hold_secrets`: a program gives the options, and not a command line, which everybody on the
    machine can read. Relative paths, wherever they are written, are relative to the folder of `path`.
    Raises `SettingsError`.
    """
    path = Path(path)
    document = _parsed(_read(path), path)
    path = Path(os.path.realpath(path))  # one campaign, whichever link led to it, has one ledger
    return load_document(document, path, overrides=overrides, environ=environ, may_hold_secrets=may_hold_secrets)


def load_document(
    document: Mapping[str, object],
    path: Path,
    *,
    overrides: Mapping[str, object] = MappingProxyType({}),
    environ: Mapping[str, str] | None = None,
    may_hold_secrets: bool = False,
    beside: Path | None = None,
) -> Settings:
    """Do so with what stands in campaign.toml, or would stand there: `path` is its absolute path, or where it would be.
    `beside`: the folder that files of secrets are relative to, where that is another. Raises `SettingsError`.
    """
    notes = SourceNotes()
    options = OptionsSource(notes, overrides, may_hold_secrets=may_hold_secrets)
    environment = EnvironmentSource(notes, os.environ if environ is None else environ, beside or path.parent)
    file = FileSource(notes, document, path)
    settings: Settings | None = None
    try:
        settings = Settings.from_sources(options, environment, file)
    except ValidationError as error:
        notes.faults.extend(validation_faults(error, SETTING_HELP, notes))
    if notes.faults or settings is None:
        raise settings_error(notes.faults, path)
    return _with_absolute_paths(settings)


def require_secrets(settings: Settings, *, sandbox: bool, smtp: bool = True, link: bool = True) -> None:
    """Raise `SettingsError` where a secret that sending needs is missing.

    A sandbox run needs none; without `smtp`, only links are to be made, which takes no password; without `link`, links
    are to sign nobody in.
    """
    faults = []
    if link and not sandbox and settings.link.secret is None:
        faults.append(_missing_secret("link.secret", "the secret that sign-in links are signed with is missing"))
    if smtp and not sandbox:
        faults += [_missing_password(settings, one) for one in settings.servers if one.lacks_password]
    if faults:
        raise settings_error(faults, settings.path)


def _missing_secret(key: str, what: str) -> Fault:
    return _missing_variable(variable(key), what)


def _missing_password(settings: Settings, server: SmtpSettings) -> Fault:
    if len(settings.servers) == 1:
        return _missing_secret("smtp.password", "smtp.username is set, but its password is missing")
    what = f"smtp.username of {server.name} is set, but its password is missing"
    return _missing_variable(password_variable(server.name), what)


def _missing_variable(name: str, what: str) -> Fault:
    return Fault(what=what, fix=f"set {name}, or {name}_FILE to the path of a file with it", origin="the environment")


def _read(path: Path) -> str:
    """Give the file's text; a byte order mark, which some editors put before it, is not part of it."""
    where = str(path)
    try:
        if path.is_dir():
            inside = path / "campaign.toml"
            fix = f"name the file in it: {inside}" if inside.is_file() else "name a campaign.toml"
            raise SettingsError("that is a folder, not a settings file", where=where, fix=fix)
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise SettingsError(
            "there is no such settings file", where=where, fix="check the path, or make one with: campaign init DIR"
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name has a NUL in it"
        raise SettingsError(
            f"the settings file can't be read: {reason}",
            where=where if where.isprintable() else repr(where),
            fix="check the path, and that you may read the file",
        ) from None
    if len(content) > _LARGEST:
        raise SettingsError("the settings file is larger than 1 MiB", where=where, fix="is it the right file?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
    raise SettingsError(
        "the settings file is not UTF-8 text", where=f"{where}, line {line}, byte {column}", fix="save it as UTF-8"
    )


def _parsed(content: str, path: Path) -> dict[str, object]:
    where, problem = str(path), ""
    fix = 'text needs double quotes (host = "smtp.acme.example"), and each name may be set once; see toml.io'
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        # The only words of the parser's that are kept are those before the place: they hold no value of the file's.
        problem, _, place = str(error).partition(" (at ")
        if found := re.match(r"line (\d+), column (\d+)", place):
            where += f", line {found[1]}, column {found[2]}"
        else:
            lines = content.split("\n")
            where += f", line {len(lines)}, column {len(lines[-1]) + 1} (the end)"
        if twice := re.fullmatch(r"Cannot declare \('(\w+)',\) twice", problem):
            problem = f"[{twice[1]}] stands there twice"
            fix = _SEVERAL.get(twice[1], "put its settings under one of them")
    except RecursionError:
        problem = "lists or tables nested too deeply"
    except ValueError:
        problem = "a number too large"
    raise SettingsError(f"the settings file is not TOML: {problem}", where=where, fix=fix)


def _with_absolute_paths(settings: Settings) -> Settings:
    folder = settings.folder
    contacts = settings.contacts.model_copy(
        update={
            "file": _anchored(folder, settings.contacts.file),
            "suppress": tuple(_anchored(folder, file) for file in settings.contacts.suppress),
        }
    )
    message = settings.message.model_copy(update={"template": _anchored(folder, settings.message.template)})
    servers = tuple(_with_its_files(folder, server) for server in settings.servers)
    updated: dict[str, object] = {"contacts": contacts, "message": message, "servers": servers}
    if settings.dkim:
        keys = (key.model_copy(update={"key_file": _anchored(folder, key.key_file)}) for key in settings.dkim)
        updated["dkim"] = tuple(keys)
    if settings.mailbox.ca_file is not None:
        ca_file = _anchored(folder, settings.mailbox.ca_file)
        updated["mailbox"] = settings.mailbox.model_copy(update={"ca_file": ca_file})
    if settings.ledger.path is not None:
        updated["ledger"] = settings.ledger.model_copy(update={"path": _anchored(folder, settings.ledger.path)})
    return settings.model_copy(update=updated)


def _with_its_files(folder: Path, server: SmtpSettings) -> SmtpSettings:
    files = {name: getattr(server, name) for name in ("ca_file", "client_cert", "client_key")}
    found = {name: _anchored(folder, file) for name, file in files.items() if file is not None}
    return server.model_copy(update=found)


def _anchored(folder: Path, path: Path) -> Path:
    plain = os.path.normpath(folder / path)
    # `a/../b` is `b` unless `a` is a link to elsewhere. (Not Path.resolve: it raises for links that go in a circle.)
    return Path(plain) if os.path.realpath(plain) == os.path.realpath(folder / path) else folder / path
