"""Jinja2 as e-mails need it: StrictUndefined that remembers what was missing, names that stay inside, columns first.

An empty cell is there for whoever asks, and missing for whoever writes it (`blank`).

A folder has two environments: what is reached from `body.html` is HTML and escaped throughout, what is reached from
`subject.txt` and `body.txt` is text and never is. So a file that both include is right in both.

Raises Jinja2's own errors: `template_set` and `faults` translate them. The templates are the operator's own files and
are not sandboxed.
"""

import posixpath
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any, cast

from jinja2 import Environment, StrictUndefined, Template, TemplateNotFound, UndefinedError, nodes
from jinja2.exceptions import TemplateRuntimeError
from jinja2.filters import do_attr
from jinja2.utils import missing, pass_environment

from campaign.content.blank import cell_of, default, joining, text_filters
from campaign.content.generated_code import Chunks, MailCodeGenerator, escaped, writer
from campaign.content.images import InlineImages
from campaign.content.loader import TemplateLoader
from campaign.content.moments import duration, moment
from campaign.content.template_folder import MJML_BODY
from campaign.content.views import CampaignView, ContactView
from campaign.content.wording import KEY


class MissingError(UndefinedError):
    """Something that a template names is not there. `owner` is what should have had it; `missing` for a variable."""

    def __init__(self, message: str | None, *, name: object, owner: object) -> None:
        super().__init__(message)
        self.name = name
        self.owner = owner


class ComputedNameError(MissingError):
    """A column whose name a template computed, of what may be a row's own cells."""


class MissingPartError(UndefinedError):
    """A template calls itself wrongly: a macro without what it wants, `super()` without a block above it."""


class Missing(StrictUndefined):
    """StrictUndefined whose error says what was looked for, and in what."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
    ) -> None:
        if hint is None:
            kind = exc if issubclass(exc, MissingError) else MissingError
            exc = cast("type[TemplateRuntimeError]", partial(kind, name=name, owner=obj))
        elif name is not None:
            exc = MissingPartError
        super().__init__(hint, obj, name, exc)


@pass_environment
def _attribute(environment: Environment, obj: Any, name: str) -> Any:
    """Jinja2's `attr`, which knows columns, too."""
    return environment.getitem(obj, name) if obj.__class__ is ContactView else do_attr(environment, obj, name)


class MailEnvironment(Environment):
    """One per kind of text. `folder` None: no files, no inheritance. `key_of`: address → `contact.key`, where no column
    has that name. `images`: those that its templates bring along.
    """

    code_generator_class = MailCodeGenerator
    escaped = staticmethod(escaped)
    chunks = Chunks

    def __init__(
        self,
        *,
        campaign_name: str | None,
        escapes: bool,
        folder: Path | None = None,
        key_of: Callable[[str], str] | None = None,
        images: InlineImages | None = None,
    ) -> None:
        loader = None if folder is None else TemplateLoader(folder.parent, body=f"{folder.name}/{MJML_BODY}")
        super().__init__(
            loader=loader, autoescape=escapes, undefined=Missing, auto_reload=False, cache_size=-1, optimized=True
        )
        self.written = writer(self)
        self.folder = folder
        self._key_of = key_of
        self._images = images
        self._joined: dict[tuple[str, str], str] = {}
        self.filters |= text_filters()
        self.filters["default"] = self.filters["d"] = default
        self.filters["attr"] = _attribute
        self.filters["moment"] = moment
        self.filters["duration"] = duration
        if campaign_name is not None:
            self.globals["campaign"] = CampaignView(campaign_name)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if self._images is not None and "cid:" in source.lower():
            self._images.put_into(tree, partial(self._candidates, parent=name or ""), partial(self._place_of, name))
        return tree

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look up `contact.name`: a column, whatever else Python may know by that name."""
        if obj.__class__ is ContactView:
            try:
                cell = obj.columns[attribute]
            except KeyError:
                return self._key(obj, attribute) or self.undefined(obj=obj, name=attribute)
            # Nearly all cells begin with a letter: asked here, it costs no call.
            return cell if "!" <= cell < "\x7f" else cell_of(attribute, cell)
        if attribute == "join" and isinstance(obj, str):
            return joining(obj)
        try:
            return getattr(obj, attribute)  # as Jinja2 begins, without the cost of a call
        except AttributeError:
            return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Look up `contact["a name"]` likewise."""
        if obj.__class__ is ContactView:
            try:
                return cell_of(argument, obj.columns[argument])
            except (KeyError, TypeError):
                return self._key(obj, argument) or self.undefined(obj=obj, name=argument, exc=ComputedNameError)
        return super().getitem(obj, argument)

    def _key(self, contact: ContactView, name: object) -> str | None:
        """Give `contact.key`; None where another name is asked for."""
        return self._key_of(contact.columns["email"]) if name == KEY and self._key_of is not None else None

    def join_path(self, template: str, parent: str) -> str:
        """Give the name that `template` has for the loader, when `parent` names it.

        Names count from the template folder, then from the folder beside it where layouts are shared; those that begin
        with `./` or `../`, from the file they stand in. Nothing above the folder's parent can be reached: the loader
        refuses `..` in what this gives.
        """
        name = self._joined.get((template, parent))
        if name is None:
            name = self._joined[template, parent] = self._join(template, parent)
        return name

    def _join(self, template: str, parent: str) -> str:
        own, *beside = self._candidates(template, parent)
        return own if not beside or self.has(own) else beside[0]

    def _candidates(self, name: str, parent: str) -> tuple[str, ...]:
        """Where a name may lead, the first one first."""
        if self.folder is None:
            return (name,)
        if name.startswith(("./", "../")):
            return (posixpath.normpath(posixpath.join(posixpath.dirname(parent), name)),)
        return f"{self.folder.name}/{name}", name

    def has(self, name: str) -> bool:
        """Tell whether the loader knows a name."""
        try:
            self.read(name)
        except TemplateNotFound:
            return False
        except (OSError, ValueError):
            return True  # It is there; what is wrong with it is told when it is compiled.
        return True

    def read(self, name: str) -> tuple[str, str | None]:
        """Read the source of a template, and the path of its file. Raises what the loader raises."""
        if self.loader is None:
            raise TemplateNotFound(name)
        source, path, _ = self.loader.get_source(self, name)
        return source, path

    def place(self, name: str | None, line: int) -> str:
        """Write file and line of what the template `name` has on a line, as their author knows them."""
        place = self.loader.place(name or "", line) if isinstance(self.loader, TemplateLoader) else None
        return place or f"{self.title(name)} line {line}"

    def _place_of(self, name: str | None, text: str, line: int) -> str:
        """Write file and line of a text that stands on a line of what is parsed."""
        place = self.loader.place_of(name or "", text) if isinstance(self.loader, TemplateLoader) else None
        return place or f"{self.title(name)} line {line}"

    @property
    def included_files(self) -> tuple[Path, ...]:
        """The files that are part of a template, and are none themselves."""
        return self.loader.included if isinstance(self.loader, TemplateLoader) else ()

    def title(self, name: str | None) -> str:
        """Write the name of a template as its author knows it."""
        own = "" if self.folder is None else f"{self.folder.name}/"
        return (name or "").removeprefix(own)


def constants_of(template: Template) -> frozenset[str]:
    """Find the chunks of a template that are the same at every rendering, as the very objects that it yields.

    They are the constants of its compiled functions. Among these are strings that are never yielded (the name of a
    column); those that read like a name are left out.
    """
    found: set[str] = set()
    codes: list[CodeType] = [function.__code__ for function in (template.root_render_func, *template.blocks.values())]
    while codes:
        for constant in codes.pop().co_consts:
            if isinstance(constant, CodeType):
                codes.append(constant)
            elif isinstance(constant, str) and not constant.isidentifier():
                found.add(constant)
    return frozenset(found)
