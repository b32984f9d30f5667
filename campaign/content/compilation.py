"""Compile templates and all that they name, before the first row: sources in, compiled templates and trees out.

Raises `TemplateError` with file and line for whatever Jinja2, Python or the file system has against one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Template, TemplateNotFound, TemplateSyntaxError, nodes

from campaign.content.environment import MailEnvironment
from campaign.errors import TemplateError

_WHERE_NAMES_COUNT_FROM = "names count from the template folder, then from the folder beside it; or begin them with ../"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A template, and the syntax trees of it and of all that it reaches."""

    template: Template
    reached: tuple[Template, ...]
    trees: tuple[nodes.Template, ...]


def compiled_text(environment: MailEnvironment, source: str, *, setting: str) -> Compiled:
    """Compile the text of a setting, which reaches nothing else."""
    try:
        tree = environment.parse(source)
        template = environment.from_string(source)
    except TemplateSyntaxError as error:
        what = error.message or "it can't be compiled"
    except (SyntaxError, RecursionError, ValueError, OverflowError) as error:
        what = f"it can't be compiled ({type(error).__name__})"
    else:
        if next(_references(tree), None) is None:
            return Compiled(template=template, reached=(template,), trees=(tree,))
        what = "a setting can't include other templates"
    raise TemplateError(what, where=setting, fix="correct the setting")


def compiled_file(environment: MailEnvironment, file: str) -> Compiled:
    """Compile a file of the environment's folder, and what it extends, includes and imports by name."""
    name = environment.join_path(file, "")
    names, reached, trees = [name], [], []
    for name in names:
        template, tree = _compiled_one(environment, name)
        reached.append(template)
        trees.append(tree)
        for reference in _references(tree):
            other = environment.join_path(reference.name, name)
            if other in names:
                continue
            if environment.has(other):
                names.append(other)
            elif reference.needed:
                raise TemplateError(
                    f"there is no template {reference.name!r}",
                    where=f"{environment.title(name)} line {reference.line}",
                    fix=_WHERE_NAMES_COUNT_FROM,
                )
    return Compiled(template=reached[0], reached=tuple(reached), trees=tuple(trees))


def _compiled_one(environment: MailEnvironment, name: str) -> tuple[Template, nodes.Template]:
    place, fix = environment.title(name), "correct the template"
    try:
        source, path = environment.read(name)
        tree = environment.parse(source, name, path)
        return environment.get_template(name), tree
    except TemplateSyntaxError as error:
        what, place = error.message or "it can't be compiled", f"{environment.title(error.name)} line {error.lineno}"
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
