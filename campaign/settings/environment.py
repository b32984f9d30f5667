"""Settings that the environment sets: a source like those in `sources`, with the secrets, which stand nowhere else.

    CAMPAIGN_SMTP__HOST               a setting
    CAMPAIGN_LINK__SECRET, …_FILE     a secret, or the file that holds it
    CAMPAIGN_SMTP__SES__PASSWORD      one server's password, by name: noted for whoever knows the names

Raises nothing; a secret leaves here as `SecretStr`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from campaign.settings.faults import SourceNotes
from campaign.settings.names import (
    PREFIX,
    SECRET_FILES,
    SECRETS,
    VARIABLES,
    as_written,
    nearest_variable,
    server_of_variable,
)
from campaign.settings.secrets import UnfitSecretError, bare_secret, may_be_named, path_of, secret_of_file
from campaign.settings.sources import Source


class EnvironmentSource(Source):
    """Variables named CAMPAIGN_SECTION__KEY. One that is set but empty counts as not set."""

    def __init__(self, notes: SourceNotes, environ: Mapping[str, str], folder: Path) -> None:
        super().__init__(notes)
        self.environ = environ
        self.folder = folder

    def __call__(self) -> dict[str, Any]:
        """Give what the environment sets."""
        for name, value in sorted(self.environ.items()):
            if not name.startswith(PREFIX):
                continue
            if name.removeprefix(PREFIX).partition("__")[0].lower() in self.notes.replaced:
                continue
            if name in SECRET_FILES or (name in VARIABLES and VARIABLES[name] in SECRETS):
                secret = self._secret(name, value)
                if secret is not None:
                    self.put(SECRET_FILES.get(name) or VARIABLES[name], secret, name)
            elif (server := server_of_variable(name)) is not None:
                secret = self._secret(name, value)
                if secret is not None:
                    self.notes.server_passwords[server] = (name, secret)
            elif name not in VARIABLES:
                self._refuse_unknown_variable(name)
            elif value:
                self.put(VARIABLES[name], value, name)
        return self.values

    def _secret(self, name: str, value: str) -> SecretStr | None:
        """Read the secret that a variable holds, or names the file of; None where there is none, or it won't do."""
        if not value:
            return None
        if name.endswith("_FILE"):
            return self._secret_of_file(name, value)
        try:
            return SecretStr(bare_secret(value))
        except UnfitSecretError as error:
            fix = f"{error.fix}; {name} holds nothing but the secret" if error.fix else f"set {name} to the secret"
            self.notes.refuse(f"{name} {error.problem}", fix=fix, origin=name)
        return None

    def _secret_of_file(self, name: str, value: str) -> SecretStr | None:
        itself = name.removesuffix("_FILE")
        if self.environ.get(itself):
            self.notes.refuse(f"both {itself} and {name} are set", fix="unset one of the two", origin=name)
            return None
        fix = ""
        try:
            path = path_of(value, self.folder)
            return SecretStr(secret_of_file(path))
        except UnfitSecretError as error:
            problem, fix = error.problem, error.fix
        except OSError as error:
            problem = f"can't be read ({error.strerror})"
        except ValueError:
            problem = "can't be the file of a secret: its name has a NUL in it"
        if may_be_named(value, self.folder):
            which = f"the file {path if str(path).isprintable() else ascii(str(path))} that {name} names"
        else:
            which = f"the file that {name} names (looked for from {self.folder} on)"
        wanted = f"let {name} be the path of a file that holds nothing but the secret, as UTF-8 text"
        self.notes.refuse(f"{which} {problem}", fix=f"{fix}; {wanted}" if fix else wanted, origin=name)
        return None

    def _refuse_unknown_variable(self, name: str) -> None:
        best = nearest_variable(name)
        hint, fix = (f"; did you mean {best}?", f"set {best} instead") if best else ("", "unset it")
        self.notes.refuse(
            f"{as_written(name)} names no setting{hint}",
            fix=f"{fix} (all that begin with {PREFIX} are read as settings)",
            origin="the environment",
        )
