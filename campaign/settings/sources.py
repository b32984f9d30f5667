"""Where settings are written: options, the environment (`environment`) and `campaign.toml`, in that order of say.

Each is a pydantic-settings source that gives a nested dict of raw values and notes in a `SourceNotes` what it refused:
names of no setting (with the nearest that is), secrets anywhere but in the environment, sections that are none.
Pydantic judges the values afterwards. Raises nothing; a secret leaves here as `SecretStr`.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from campaign.settings.faults import SourceNotes
from campaign.settings.names import (
    BY_NAME,
    FIELDS,
    REPEATABLE,
    SECRETS,
    SECTIONS,
    WANTED,
    as_written,
    entries,
    nearest,
    password_variable,
    variable,
)
from campaign.settings.secrets import UnfitSecretError, bare_secret
from campaign.settings.sections_by_name import put_by_name
from campaign.settings.server_passwords import give_passwords
from campaign.settings.settings import Settings

_EACH = {"dkim": "key", "smtp": "server"}
"""What a section that there may be several of stands for."""


class Source(PydanticBaseSettingsSource):
    """What the three share: where a value is put, and what happens to a name of no setting."""

    def __init__(self, notes: SourceNotes) -> None:
        super().__init__(Settings)
        self.notes = notes
        self.values: dict[str, Any] = {}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Give one field, as the base class wants; pydantic-settings itself asks for all at once."""
        return self.values.get(field_name), field_name, False

    def put(self, key: str, value: object, origin: str) -> None:
        """Keep a value by its dotted name, unless a source with more say has settled the matter."""
        # closes and lasts are two ways to say one thing, so that `--lasts 2h` must displace the file's `closes`.
        rival = {"window.closes": "lasts", "window.lasts": "closes"}.get(key)
        if rival is not None and rival in self.current_state.get("window", {}):
            return
        section, _, name = key.rpartition(".")
        place = self.values.setdefault(section, {}) if section else self.values
        place[name] = value
        self.notes.origins.setdefault(key, origin)

    def put_secret(self, key: str, secret: str, *, name: str, origin: str) -> None:
        """Keep a secret that was given under this name, if it will do."""
        try:
            self.put(key, SecretStr(bare_secret(secret)), origin)
        except UnfitSecretError as error:
            fix = f"{error.fix}; {name} holds nothing but the secret" if error.fix else f"set {name} to the secret"
            self.notes.refuse(f"{name} {error.problem}", fix=fix, origin=origin)

    def refuse_unknown(self, key: str, origin: str) -> None:
        """Refuse a name of no setting, with the nearest that is one."""
        near = nearest(key)
        if near in SECRETS:
            self.refuse_secret(near, f"no such setting {as_written(key)}; it looks like {near}, and secrets", origin)
            return
        self.notes.misspelt.add(near)
        hint = f"; did you mean {near}?" if near else ""
        fix = f"write {near}, or take it out" if near else _where_it_might_belong(key)
        self.notes.refuse(f"no such setting {as_written(key)}{hint}", fix=fix, origin=origin)

    def refuse_secret(self, key: str, what: str, origin: str) -> None:
        """Refuse a secret where it can be read by others. Its value is not looked at."""
        self.notes.refuse(
            f"{what} can't stand here, where others can read them",
            fix=f"take it out, and set {variable(key)} or {variable(key)}_FILE in the environment",
            origin=origin,
        )


class OptionsSource(Source):
    """Options of the command line, or what a program gives, by dotted name; it may give a section as a whole, in place
    of what others say in it. None means: not given.
    """

    def __init__(self, notes: SourceNotes, options: Mapping[str, object], *, may_hold_secrets: bool = False) -> None:
        super().__init__(notes)
        self.options = options
        self.may_hold_secrets = may_hold_secrets

    def __call__(self) -> dict[str, Any]:
        """Give the options."""
        for key, value in self.options.items():
            if key in SECTIONS and key not in BY_NAME and isinstance(value, Mapping):
                self.notes.replaced.add(key)
                for name, inner in entries(key, value):
                    self._put_given(name, inner)
            elif value is not None:
                self._put_given(key, value)
        return self.values

    def _put_given(self, key: str, value: object) -> None:
        origin = f"the option for {as_written(key)}"
        if key in SECRETS and self.may_hold_secrets:
            self._put_given_secret(key, value, origin)
        elif key in SECRETS:
            self.refuse_secret(key, f"{key}: secrets", origin)
        elif key in FIELDS:
            self.put(key, value, origin)
        else:
            self.refuse_unknown(key, origin)

    def _put_given_secret(self, key: str, value: object, origin: str) -> None:
        given = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(given, str):
            self.put_secret(key, given, name=key, origin=origin)
        else:
            self.notes.refuse(f"{key} is no text", fix="give the secret as a str", origin=origin)


class FileSource(Source):
    """`campaign.toml`, already parsed. Every section is there, if empty, so that each missing key is named."""

    def __init__(self, notes: SourceNotes, document: Mapping[str, object], path: Path) -> None:
        super().__init__(notes)
        self.document = document
        always = [one for one in SECTIONS if one in WANTED or one not in REPEATABLE | BY_NAME]
        self.values = {"path": path, **{one: {} for one in always}}

    def __call__(self) -> dict[str, Any]:
        """Give what the file sets."""
        for name, value in self.document.items():
            if name in self.notes.replaced:
                continue
            if name in REPEATABLE and isinstance(value, Mapping | list):
                self._put_tables(name, [value] if isinstance(value, Mapping) else value)
            elif name in BY_NAME and isinstance(value, Mapping):
                put_by_name(self.values, name, value, self.notes)
            elif name in SECTIONS and isinstance(value, Mapping):
                for key, inner in entries(name, value):
                    self._put_or_refuse(key, inner)
            elif name in SECTIONS:
                title = f'{name}."gmail.com"' if name in BY_NAME else name
                self.notes.refuse(
                    f"{name} is not a section", fix=f"write [{title}] on a line of its own, and its settings below"
                )
            elif isinstance(value, Mapping):
                self._refuse_section(name, value)
            else:
                self._put_or_refuse(name, value)
        if "smtp" not in self.notes.replaced:
            give_passwords(self.values, self.current_state.get("smtp", {}), self.notes)
        return self.values

    def _put_tables(self, section: str, tables: list[object]) -> None:
        """Take a section that there may be several of. The environment adds to a single one, and can't to several."""
        written = [table for table in tables if isinstance(table, Mapping)]
        if len(written) < len(tables):
            fix = f"write [{section}], or [[{section}]] for each {_EACH[section]}"
            self.notes.refuse(f"{section} is not a section", fix=fix)
            return
        if len(written) > 1 and self.current_state.get(section):
            elsewhere = [key for key in self.notes.origins if key.startswith(f"{section}.")]
            for key in elsewhere:
                origin = self.notes.origins[key]
                what = f"{origin} can't say which [[{section}]] it is for: there are {len(written)}"
                fix = f"leave it out, and write {key} in each"
                if key in SECRETS:
                    fix = f"name the server in it, such as {password_variable('ses')} for the one called ses"
                self.notes.refuse(what, fix=fix, origin=origin)
            self.notes.misspelt.update(key for key in FIELDS if key.startswith(f"{section}."))
            return
        found = []
        for table in written:
            self.values[section] = {}
            for key, inner in table.items():
                self._put_or_refuse(f"{section}.{key}", inner)
            found.append(self.values.pop(section))
        self.values[section] = found[0] if len(found) == 1 else found

    def _put_or_refuse(self, key: str, value: object) -> None:
        if key in SECRETS:
            self.refuse_secret(key, f"{key}: secrets", "")
        elif key in FIELDS:
            self.put(key, value, "")
        else:
            self.refuse_unknown(key, "")

    def _refuse_section(self, name: str, content: Mapping[str, object]) -> None:
        near = get_close_matches(name.lower(), SECTIONS, n=1, cutoff=0.6)
        hint = f"; did you mean [{near[0]}]?" if near else ""
        self.notes.refuse(
            f"no such section [{as_written(name)}]{hint}",
            fix=f"write [{near[0]}]" if near else f"take it out; the sections are {', '.join(SECTIONS)}",
        )
        # Its settings are read as the section's that was meant, so that the same mistake is not told twice over.
        if near and near[0] in BY_NAME and near[0] not in self.document:
            put_by_name(self.values, near[0], content, self.notes)
        elif near and near[0] not in self.document:
            for key, value in content.items():
                self._put_or_refuse(f"{near[0]}.{key}", value)


def _where_it_might_belong(key: str) -> str:
    section, _, name = key.partition(".")
    if section == "message" and "-" in name:  # no setting has a hyphen, and header fields mostly do
        return "if it is a header field, write it under [message.headers]; or take it out"
    if section in SECTIONS:
        known = [one.removeprefix(f"{section}.") for one in FIELDS if one.startswith(f"{section}.")]
        return f"take it out; the settings of [{section}] are {', '.join(known)}"
    return f"take it out; the sections are {', '.join(SECTIONS)}"
