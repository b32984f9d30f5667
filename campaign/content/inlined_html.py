"""An HTML template's messages with their CSS inlined: chunks in, chunks out, or the error that says what can't be read.

What stands in the template is the template's fault, and the error names file and line where they are known; what a
row's cells made of it is the row's. An error is given, not raised, so that it takes no traceback along, and quotes
nothing that a row or a link brought in. Raises SettingsError where the library is missing.
"""

from collections.abc import Callable, Collection, Sequence

from jinja2 import nodes

from campaign.content.compilation import Compiled
from campaign.content.environment import constants_of
from campaign.content.inline_css import CssInliner, UnreadableStyleError
from campaign.content.loader import MJML
from campaign.errors import InvalidContactError, TemplateError

_DECLARATIONS = "write declarations like color: red; one after the other"


class InlinedHtml:
    """Inlines what one template renders."""

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        # Words that read like a name are no constants of the composer's, but they are the template's own.
        own = {node.data for tree in compiled.sources.values() for node in tree.find_all(nodes.TemplateData)}
        self._inliner = CssInliner(own.union(*map(constants_of, compiled.reached)))

    def on_new_constants(self, listener: Callable[[Collection[str]], None]) -> None:
        """Have `listener` called with the constant chunks of each new shape of message."""
        self._inliner.listener = listener

    def __call__(self, chunks: Sequence[str], row: int) -> tuple[str, ...] | InvalidContactError | TemplateError:
        """Inline one message; `row` is whose."""
        try:
            return self._inliner(chunks)
        except UnreadableStyleError as error:
            words, culprit, is_personal = str(error), error.culprit, error.is_personal
        if is_personal:
            file = self._title(self._compiled.name)
            made = "a style attribute that can't be read" if culprit is not None else f"HTML whose {words}"
            what = f"the cells of the row make {made}"
            return InvalidContactError(f"{file}: {what}", where=f"row {row}", fix="correct the row, or the template")
        if culprit is None:
            what = f"the HTML or its CSS can't be read ({words})"
            return TemplateError(what, where=self._title(self._compiled.name), fix="correct it")
        what = f"the style attribute {culprit} can't be read"
        return TemplateError(what, where=self._place(culprit), fix=_DECLARATIONS)

    def _place(self, text: str) -> str:
        """File and line of what stands in one of the templates."""
        environment = self._compiled.environment
        for name in self._compiled.sources:
            if name.endswith(MJML):
                continue  # Its lines are not those of the HTML.
            before, found, _ = environment.read(name)[0].partition(text)
            if found:
                return environment.place(name, before.count("\n") + 1)
        return self._title(self._compiled.name)

    def _title(self, name: str) -> str:
        return self._compiled.environment.title(name)
