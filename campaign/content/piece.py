"""One compiled template, ready to run: variables in, chunks of text out. Raises anything, as templates do."""

from collections.abc import Iterable, Mapping
from inspect import isgeneratorfunction
from typing import Any

from jinja2 import Template
from jinja2.runtime import Context
from jinja2.utils import missing


class _PlainContext(Context):
    """That of a template which sets nothing (`MailCodeGenerator`). An object has its `parent` alone, the variables of
    one rendering; all else is the same for each of them, and the class's.
    """

    def __init__(self, variables: dict[str, Any]) -> None:
        self.parent = variables

    def resolve_or_missing(self, key: str) -> Any:
        """Look a variable up, then a global name."""
        value = self.parent.get(key, missing)
        return value if value is not missing else self.vars.get(key, missing)


class Piece:
    """Runs a template for one contact after the other; nothing is kept in between."""

    __slots__ = ("_blocks", "_environment", "_globals", "_name", "_plain_context", "_root")

    def __init__(self, template: Template) -> None:
        self._environment = template.environment
        self._globals: Mapping[str, Any] = dict(template.environment.globals)
        self._name = template.name
        self._blocks = template.blocks
        self._root = template.root_render_func
        self._plain_context: type[_PlainContext] | None = None
        if not isgeneratorfunction(self._root):
            shared = {**vars(self._context({})), "vars": self._globals}
            del shared["parent"]
            self._plain_context = type("PlainContext", (_PlainContext,), shared)

    def chunks(self, variables: dict[str, Any]) -> Iterable[str]:
        """Render it into chunks, the constant ones as the very objects of the compiled code."""
        if self._plain_context is not None:
            return self._root(self._plain_context(variables))
        # Escaped values come as Markup, which would escape whatever is added to it: plain strings are handed on.
        return map(str.__str__, self._root(self._context(variables)))

    def _context(self, variables: dict[str, Any]) -> Context:
        """Make a context of its own: what a template sets must not be seen by the next one. Made here, because
        Template.new_context takes ten times as long over merging the globals.
        """
        environment = self._environment
        return environment.context_class(environment, {**self._globals, **variables}, self._name, self._blocks)
