"""The Python that templates are compiled to: Jinja2's own, but for what is written most often.

In: a template's syntax tree. Out: source code, as Jinja2 makes it, with these differences. `{{ contact.name }}` and
`{{ link.url }}` become one call, which looks the value up, and escapes it where it goes into HTML. What makes Markup of
a string only to print it, does not. A template of output, conditions and loops alone has a root function that returns
its chunks as a list: a generator would be left and entered once more for each of them. Raises what Jinja2 raises.
"""

from collections.abc import Callable, Iterable
from typing import Any

import markupsafe
from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import escape

from campaign.content.views import ContactView, LinkView

_escape_text: Callable[[Any], str] = getattr(markupsafe, "_escape_inner", lambda text: str(escape(text)))
"""What `escape` does to a string before it makes Markup of it; MarkupSafe has that by itself since 3.0."""

_MAKES_A_GENERATOR = "if 0: yield None"
"""A line of Jinja2's: were it another one day, all root functions would be generators, as they are elsewhere."""
_YIELDLESS = (nodes.Output, nodes.If, nodes.For)
"""Statements whose code does not yield by itself, and sets nothing that the context keeps."""


class Chunks(list[str]):
    """What a root function returns. Another template that includes it takes it for a generator, which it closes."""

    __slots__ = ()

    def close(self) -> None:
        """Do nothing."""


def escaped(value: object) -> str:
    """Give a value as HTML text. Markup, which is HTML already, stays as it is."""
    return _escape_text(value) if value.__class__ is str else str(escape(value))


def writer(environment: Environment) -> Callable[[Any, str], str]:
    """Give what writes `owner.name`: the text that goes out for it, escaped where the environment escapes."""
    lookup = environment.getattr
    if environment.autoescape:
        link = "", ""  # the last URL as it is, and escaped: HTML has it twice as a rule, and gets the same object

        def written_as_html(owner: Any, name: str) -> str:
            nonlocal link
            if owner.__class__ is ContactView:
                cell = owner.columns.get(name, "")
                if "!" <= cell < "\x7f":  # As nearly all cells begin; the others are looked at more closely.
                    return _escape_text(cell)
            elif owner.__class__ is LinkView and name == "url":
                url, html = link
                if owner.url is not url:
                    html = _escape_text(owner.url)
                    link = owner.url, html
                return html
            return escaped(lookup(owner, name))

        return written_as_html

    def written_as_text(owner: Any, name: str) -> str:
        if owner.__class__ is ContactView:
            cell: str = owner.columns.get(name, "")
            if "!" <= cell < "\x7f":
                return cell
        return str(lookup(owner, name))

    return written_as_text


class MailCodeGenerator(CodeGenerator):
    """Its environment has `written`, made by `writer`, and `escaped` and `chunks`."""

    _may_return = False
    """Whether the root function can return its chunks."""
    _returns = False
    """Whether it does."""
    _written: nodes.Expr | None = None
    """The `owner.name` that is being written."""

    def visit_Template(  # noqa: N802  (Jinja2's name)
        self, node: nodes.Template, frame: Frame | None = None
    ) -> None:
        """Write the whole module."""
        self._may_return = all(isinstance(statement, _YIELDLESS) for statement in node.find_all(nodes.Stmt))
        super().visit_Template(node, frame)

    def write_commons(self) -> None:
        """Write how the root function and those of blocks begin."""
        self.writeline("written = environment.written")
        super().write_commons()

    def writeline(self, x: str, node: nodes.Node | None = None, extra: int = 0) -> None:
        """Write a line, unless it is the one that makes a generator of a function that can do without."""
        if self._may_return and x == _MAKES_A_GENERATOR:
            self._returns = True
        else:
            super().writeline(x, node, extra)

    def blockvisit(self, nodes: Iterable[nodes.Node], frame: Frame) -> None:
        """Write statements, and what becomes of what they write."""
        if not self._returns or frame.buffer is not None:
            super().blockvisit(nodes, frame)
            return
        frame.buffer = self.temporary_identifier()
        self.writeline(f"{frame.buffer} = environment.chunks()")
        super().blockvisit(nodes, frame)
        self.writeline(f"return {frame.buffer}")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        plainly = finalize.src is None and not frame.eval_ctx.volatile
        if plainly and isinstance(node, nodes.Getattr) and frame.eval_ctx.autoescape == self.environment.autoescape:
            self._written = node
            self.write("(")
        elif plainly and frame.eval_ctx.autoescape:
            self.write("environment.escaped(")
        else:
            super()._output_child_pre(node, frame, finalize)

    def visit_Getattr(  # noqa: N802  (Jinja2's name)
        self, node: nodes.Getattr, frame: Frame
    ) -> None:
        """Write `owner.name`: what it is, or the text that goes out for it."""
        if node is not self._written:
            super().visit_Getattr(node, frame)
            return
        self.write("written(")
        self.visit(node.node, frame)
        self.write(f", {node.attr!r})")
