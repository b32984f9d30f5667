"""One compiled template, ready to run: variables in, chunks of text out. Raises anything, as templates do."""

from inspect import isgeneratorfunction
from typing import Any

from jinja2 import Template
from jinja2.runtime import Context


class Piece:
    """Runs a template for one contact after the other; nothing is kept in between."""

    __slots__ = ("_blocks", "_environment", "_name", "_of_context", "_root")

    def __init__(self, template: Template) -> None:
        self._environment = template.environment
        self._name = template.name
        self._blocks = template.blocks
        self._root = template.root_render_func
        self._of_context: dict[str, Any] | None = None
        """What all its contexts have, where it returns its chunks: then it sets nothing (`MailCodeGenerator`)."""
        if not isgeneratorfunction(self._root):
            self._of_context = vars(self._context({}))

    def chunks(self, variables: dict[str, Any]) -> tuple[str, ...]:
        """Render it into chunks, the constant ones as the very objects of the compiled code."""
        if self._of_context is not None:
            context = Context.__new__(Context)
            context.__dict__ = {**self._of_context, "parent": variables}
            return tuple(self._root(context))
        # Escaped values come as Markup, which would escape whatever is added to it: plain strings are handed on.
        return tuple(map(str.__str__, self._root(self._context(variables))))

    def _context(self, variables: dict[str, Any]) -> Context:
        """Make a context of its own: what a template sets must not be seen by the next one. Made here, because
        Template.new_context takes ten times as long over merging globals that `variables` already holds.
        """
        environment = self._environment
        return environment.context_class(environment, variables, self._name, self._blocks)
