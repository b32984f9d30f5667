"""Where templates are read from: names in, sources out; that of an MJML body compiled to HTML first.

Raises what Jinja2's own loader does, and for MJML `TemplateError` and `SettingsError`.
"""

from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, Template, TemplateNotFound

if TYPE_CHECKING:
    from campaign.content.mjml import MjmlDocument

MJML = ".mjml"


class TemplateLoader(FileSystemLoader):
    """Reads files below `folder`. `body`: the name of the one that may be MJML."""

    def __init__(self, folder: Path, *, body: str) -> None:
        super().__init__(folder, encoding="utf-8-sig")  # A byte order mark is no part of a subject.
        self._body = body
        self.documents: dict[str, MjmlDocument] = {}
        """What was MJML, by name."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Give source, path, and whether that is still the same, which nobody asks."""
        if template != self._body:
            return super().get_source(environment, template)
        path = super().get_source(environment, template)[1]
        if template not in self.documents:
            from campaign.content.mjml import OriginalLines, compiled_mjml

            environment.add_extension(OriginalLines)
            files = FileSystemLoader(self.searchpath, encoding=self.encoding)
            self.documents[template] = compiled_mjml(environment, files, template, title=Path(template).name)
        return self.documents[template].html, path, lambda: True

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002
    ) -> Template:
        """Compile a template. A piece of MJML is none: it is for <mj-include>."""
        if name.endswith(MJML) and name != self._body:
            raise TemplateNotFound(name)
        return super().load(environment, name, globals)

    def place(self, name: str, line: int) -> str | None:
        """Give file and line of a line of a template, where that is not its own name and that line."""
        document = self.documents.get(name)
        return None if document is None else document.source.place(line)

    def place_of(self, name: str, text: str) -> str | None:
        """Give file and line of a text in a compiled template; None where lines are the template's own."""
        document = self.documents.get(name)
        return None if document is None else document.source.place_of_text(text)

    @property
    def included(self) -> tuple[Path, ...]:
        """The files that MJML includes."""
        return tuple(file for document in self.documents.values() for file in document.files)
