"""What is wrong with templates whatever a row holds: syntax trees and the file's columns in, faults out. Nothing runs.

Found are columns that the file has not, variables, filters and tests that there are none of, and what a link or a
campaign has not. A name may be missing where the template allows for it: under `default` or `is defined`, or inside an
`if` (or beside an `and` or `or`) that asks one of these about it, through includes, blocks and macros.

A template is gone through as it would run: a block that is overridden and a macro that nobody calls say nothing. Where
that can't be seen (a name that is computed), the doubt is in the template's favour, and rendering tells.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jinja2 import nodes

from campaign.content.compilation import Compiled
from campaign.content.guards import OWNERS, Names, asked_of, by_default, by_test, guards, is_name
from campaign.content.reached import Blocks, Reached, calls_super
from campaign.content.wording import (
    CAMPAIGN_NAMES,
    KEY,
    LINK_NAMES,
    no_attribute,
    no_column,
    no_tool,
    no_variable,
    not_printable,
)

_ALWAYS_THERE = ("self", "super", "caller", "loop", "varargs", "kwargs")
_NUMBERS = ("int", "float")
_RUN_UNDER_A_FRAME = (nodes.Assign, nodes.AssignBlock, nodes.With)
"""What still runs of a template that extends another, besides its blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`what` in a sentence; `where`: "body.html line 12", or a setting."""

    what: str
    where: str
    fix: str


def faults(
    compiled: Compiled, *, columns: Sequence[str], variables: Sequence[str], setting: str | None = None
) -> list[Fault]:
    """Find them, in the order in which they would be met. `columns` are the file's; `variables` all there are."""
    linter = _Linter(Reached(compiled), columns, variables, setting)
    linter.template(compiled.name, frozenset())
    return list(dict.fromkeys(linter.found))


def names_asked(compiled: Iterable[Compiled], owner: str) -> frozenset[str]:
    """Give every name that is asked of `contact` or `link`, wherever that stands."""
    trees = (tree for one in compiled for tree in one.sources.values())
    kinds = (nodes.Getattr, nodes.Getitem)
    asked = (asked_of(node, owner) for tree in trees for node in tree.find_all(kinds))
    return frozenset(name for name in asked if name is not None)


def read_as_numbers(compiled: Iterable[Compiled]) -> frozenset[str]:
    """Give the columns that go through `| int` or `| float`, wherever that stands."""
    filters = (one for part in compiled for tree in part.sources.values() for one in tree.find_all(nodes.Filter))
    kinds = (nodes.Getattr, nodes.Getitem)
    asked = (asked_of(node, "contact") for one in filters if one.name in _NUMBERS for node in one.find_all(kinds))
    return frozenset(name for name in asked if name is not None)


class _Linter:
    def __init__(self, reached: Reached, columns: Sequence[str], variables: Sequence[str], setting: str | None) -> None:
        self.found: list[Fault] = []
        self._reached = reached
        self._columns = columns if "email" in columns else (*columns, "email")
        self._contact_names = (*self._columns, KEY)
        self._variables = variables
        self._setting = setting
        self._known = {*variables, *reached.own_names, *_ALWAYS_THERE, *reached.environment.globals}
        # A name of ours that a template uses for something else: nothing is said of what that has.
        self._owners = [owner for owner in OWNERS if owner in self._known and owner not in reached.own_names]
        self._here = ""
        self._blocks: Blocks = {}
        self._seen: set[tuple[object, Names]] = set()

    def template(self, name: str, allowed: Names) -> None:
        """Go through a template: what it sets, then the frame that it extends, its blocks in their places."""
        if self._is_seen(name, allowed):
            return
        chain = self._reached.chain(name)
        outer, self._blocks = self._blocks, self._reached.blocks(chain)
        for one in chain:
            for node in self._reached.trees[one].body:
                if one == chain[-1] or isinstance(node, _RUN_UNDER_A_FRAME):
                    self._go(one, [node], allowed)
        self._blocks = outer

    def _go(self, name: str, code: Iterable[nodes.Node], allowed: Names) -> None:
        """Go through code of the template `name`."""
        outer, self._here = self._here, name
        for node in code:
            self._visit(node, allowed)
        self._here = outer

    def _is_seen(self, what: object, allowed: Names) -> bool:
        if (what, allowed) in self._seen:
            return True
        self._seen.add((what, allowed))
        return False

    def _visit(self, node: nodes.Node, allowed: Names) -> None:
        visit = getattr(self, f"_visit_{type(node).__name__.lower()}", None)
        if visit is not None:
            visit(node, allowed)
        else:
            self._each(node.iter_child_nodes(), allowed)

    def _each(self, code: Iterable[nodes.Node], allowed: Names) -> None:
        for node in code:
            self._visit(node, allowed)

    # Statements.

    def _visit_if(self, node: nodes.If, allowed: Names) -> None:
        self._visit(node.test, allowed)
        self._each((*node.body, *node.elif_, *node.else_), allowed | self._guards(node.test))

    def _visit_for(self, node: nodes.For, allowed: Names) -> None:
        self._visit(node.iter, allowed)
        if node.test is not None:
            self._visit(node.test, allowed)
            allowed |= self._guards(node.test)
        self._each((*node.body, *node.else_), allowed)

    def _visit_block(self, node: nodes.Block, allowed: Names) -> None:
        for name, block in self._blocks.get(node.name, [(self._here, node)]):
            if not self._is_seen(block, allowed):
                self._go(name, block.body, allowed)
            if not calls_super(block):
                break

    def _visit_macro(self, node: nodes.Macro, allowed: Names) -> None:
        """It is gone through where it is called."""

    def _visit_include(self, node: nodes.Include, allowed: Names) -> None:
        named = node.template
        for one in named.items if isinstance(named, nodes.List | nodes.Tuple) else [named]:
            other = self._reached.named(one, self._here)
            if other is not None:
                return self.template(other, allowed)
        return self._visit(named, allowed)

    def _visit_output(self, node: nodes.Output, allowed: Names) -> None:
        for child in node.nodes:
            if is_name(child, *self._owners):
                self._tell(child, not_printable(child.name))  # type: ignore[attr-defined]
            else:
                self._visit(child, allowed)

    # Expressions.

    def _visit_condexpr(self, node: nodes.CondExpr, allowed: Names) -> None:
        self._visit(node.test, allowed)
        chosen = [node.expr1] if node.expr2 is None else [node.expr1, node.expr2]
        self._each(chosen, allowed | self._guards(node.test))

    def _visit_and(self, node: nodes.And | nodes.Or, allowed: Names) -> None:
        self._visit(node.left, allowed)
        self._visit(node.right, allowed | self._guards(node.left))

    _visit_or = _visit_and

    def _visit_filter(self, node: nodes.Filter, allowed: Names) -> None:
        self._tool(node, "filter", self._reached.environment.filters, by_default(node), allowed)

    def _visit_test(self, node: nodes.Test, allowed: Names) -> None:
        self._tool(node, "test", self._reached.environment.tests, by_test(node), allowed)

    def _tool(
        self, node: nodes.Filter | nodes.Test, kind: str, known: Iterable[str], subject: Names, allowed: Names
    ) -> None:
        if node.name not in known and ("tool", node.name) not in allowed:
            self._tell(node, no_tool(kind, node.name, tuple(known)))
        for child in node.iter_child_nodes():
            self._visit(child, allowed | subject if child is node.node else allowed)

    def _visit_call(self, node: nodes.Call, allowed: Names) -> None:
        self._each(node.iter_child_nodes(), allowed)
        called = node.node
        if isinstance(called, nodes.Getattr) and is_name(called.node, "self"):
            for name, block in self._blocks.get(called.attr, [])[:1]:
                self._go(name, [block], allowed)
        elif isinstance(called, nodes.Name | nodes.Getattr):
            found = self._reached.macros.get(called.name if isinstance(called, nodes.Name) else called.attr)
            if found is not None and not self._is_seen(found[1], allowed):
                self._go(found[0], (*found[1].defaults, *found[1].body), allowed)

    def _visit_getattr(self, node: nodes.Getattr | nodes.Getitem, allowed: Names) -> None:
        for owner in self._owners:
            name = asked_of(node, owner)
            if name is None:
                continue
            if (owner, name) not in allowed:
                if owner == "contact" and name not in self._contact_names:
                    self._tell(node, no_column(name, self._columns))
                elif owner != "contact" and name not in (LINK_NAMES if owner == "link" else CAMPAIGN_NAMES):
                    self._tell(node, no_attribute(owner, name))
            return
        self._each(node.iter_child_nodes(), allowed)

    _visit_getitem = _visit_getattr

    def _visit_name(self, node: nodes.Name, allowed: Names) -> None:
        if node.ctx == "load" and node.name not in self._known and ("", node.name) not in allowed:
            self._tell(node, no_variable(node.name, self._columns, self._variables))

    def _guards(self, test: nodes.Node) -> Names:
        return guards(test, self._reached.asking)

    def _tell(self, node: nodes.Node, words: tuple[str, str]) -> None:
        what, fix = words
        where = self._setting or self._reached.environment.place(self._here, node.lineno)
        self.found.append(Fault(what=what, where=where, fix=fix))
