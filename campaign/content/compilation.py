"""Compile templates and all that they name, before the first row: sources in, compiled templates and trees out.

Raises `TemplateError` with file and line for whatever Jinja2, Python or the file system has against one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jinja2 import Template, TemplateNotFound, TemplateSyntaxError, nodes

from campaign.content.environment import MailEnvironment
from campaign.content.loader import MJML
from campaign.content.wording import no_tool
from campaign.errors import TemplateError

_NO_TOOL = re.compile(r"No (filter|test) named '(.*)'\.")
_WHERE_NAMES_COUNT_FROM = "names count from the template folder, then from the folder beside it; or begin them with ../"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A template, and the syntax trees of it and of all that it reaches."""

    name: str
    """As the loader knows it; "" for a setting."""
    template: Template
    reached: tuple[Template, ...]
    sources: Mapping[str, nodes.Template]
    """The trees by the templates' names."""

    @property
    def environment(self) -> MailEnvironment:
        """What it was compiled in."""
        environment = self.template.environment
        assert isinstance(environment, MailEnvironment)
        return environment


def compiled_text(environment: MailEnvironment, source: str, *, setting: str) -> Compiled:
    """Compile the text of a setting, which reaches nothing else."""
    try:
        tree = environment.parse(source)
        template = environment.from_string(source)
    except TemplateSyntaxError as error:
        what = _syntax_words(error, environment)
    except (SyntaxError, RecursionError, ValueError, OverflowError) as error:
        what = f"it can't be compiled ({type(error).__name__})"
    else:
        if next(_references(tree), None) is None:
            return Compiled(name="", template=template, reached=(template,), sources={"": tree})
        what = "a setting can't include other templates"
    raise TemplateError(what, where=setting, fix="correct the setting")


def compiled_file(environment: MailEnvironment, file: str) -> Compiled:
    """Compile a file of the environment's folder, and what it extends, includes and imports by name."""
    name = environment.join_path(file, "")
    names, reached = [name], []
    sources: dict[str, nodes.Template] = {}
    for name in names:
        template, tree = _compiled_one(environment, name)
        reached.append(template)
        sources[name] = tree
        for reference in _references(tree):
            other = environment.join_path(reference.name, name)
            if other in names:
                continue
            if other.endswith(MJML):
                raise TemplateError(
                    f"{reference.name!r} is MJML",
                    where=environment.place(name, reference.line),
                    fix='include it in MJML, by <mj-include path="…"/>',
                )
            if environment.has(other):
                names.append(other)
            elif reference.needed:
                raise TemplateError(
                    f"there is no template {reference.name!r}",
                    where=environment.place(name, reference.line),
                    fix=_WHERE_NAMES_COUNT_FROM,
                )
    return Compiled(name=names[0], template=reached[0], reached=tuple(reached), sources=sources)


def is_blank(compiled: Compiled) -> bool:
    """Tell whether nothing but white space stands in a template, comments apart."""
    written = compiled.sources[compiled.name].find_all((nodes.Stmt, nodes.TemplateData))
    return all(not node.data.strip() if isinstance(node, nodes.TemplateData) else _is_text(node) for node in written)


def _is_text(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Output) and all(isinstance(part, nodes.TemplateData) for part in node.nodes)


def _compiled_one(environment: MailEnvironment, name: str) -> tuple[Template, nodes.Template]:
    place, fix = environment.title(name), "correct the template"
    try:
        source, path = environment.read(name)
        tree = environment.parse(source, name, path)
        return environment.get_template(name), tree
    except TemplateSyntaxError as error:
        what, place = _syntax_words(error, environment), environment.place(error.name, error.lineno)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        what, place, fix = "it is not UTF-8 text", f"{place} line {line}", "save the file as UTF-8"
    except TemplateNotFound:
        what, fix = "there is no such template", _WHERE_NAMES_COUNT_FROM
    except OSError as error:
        what, fix = f"it can't be read: {error.strerror}", "make the file readable"
    except (SyntaxError, RecursionError, ValueError, OverflowError) as error:
        what, fix = f"it can't be compiled ({type(error).__name__})", "make the template simpler"
    raise TemplateError(what, where=place, fix=fix)


def _syntax_words(error: TemplateSyntaxError, environment: MailEnvironment) -> str:
    words = error.message or "it can't be compiled"
    unknown = _NO_TOOL.fullmatch(words)
    if unknown is None:
        return words
    kind, name = unknown.groups()
    return no_tool(kind, name, tuple(environment.filters if kind == "filter" else environment.tests))[0]


_Referring = nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    name: str
    line: int
    needed: bool
    """False where the template does without (`ignore missing`, one of several names)."""


def _references(tree: nodes.Template) -> Iterator[_Reference]:
    """Find what a template names; `name` is "" where that is computed."""
    kinds: tuple[type[_Referring], ...] = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
    for node in tree.find_all(kinds):
        named = node.template
        needed = not (isinstance(node, nodes.Include) and node.ignore_missing)
        if isinstance(named, nodes.Const) and isinstance(named.value, str):
            yield _Reference(name=named.value, line=node.lineno, needed=needed)
            continue
        items = named.items if isinstance(named, nodes.List | nodes.Tuple) else [named]
        for item in items:
            value = item.value if isinstance(item, nodes.Const) and isinstance(item.value, str) else ""
            yield _Reference(name=value, line=node.lineno, needed=False)
