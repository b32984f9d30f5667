"""Which columns templates name, as far as can be seen without rendering: syntax trees in, names out.

Limits: what a template computes (`contact[name]`, `{% set c = contact %}`) can't be seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from jinja2 import nodes

_GUARDS = ("default", "d")
_TESTS = ("defined", "undefined")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnNames:
    """`used`: every column that is named. `required`: those for which nothing is done when they aren't there.

    `email` is in neither: it is always there.
    """

    used: frozenset[str]
    required: frozenset[str]

    def __or__(self, other: "ColumnNames") -> "ColumnNames":
        """Join what two templates name."""
        return ColumnNames(used=self.used | other.used, required=self.required | other.required)


def column_names(trees: Iterable[nodes.Node]) -> ColumnNames:
    """Find the columns in `contact.name` and `contact["name"]`; guarded by `default`, `is defined` or `in` or not."""
    used: set[str] = set()
    guarded: set[str] = set()
    for tree in trees:
        for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
            used.update(_named(node))
        for test in tree.find_all((nodes.Filter, nodes.Test)):
            if test.node is not None and test.name in (_GUARDS if isinstance(test, nodes.Filter) else _TESTS):
                guarded.update(_named(test.node))
        for comparison in tree.find_all(nodes.Compare):
            if isinstance(comparison.expr, nodes.Const) and any(
                operand.op in ("in", "notin") and _is_contact(operand.expr) for operand in comparison.ops
            ):
                guarded.add(str(comparison.expr.value))
    used.discard("email")
    return ColumnNames(used=frozenset(used), required=frozenset(used - guarded))


def _named(node: nodes.Node) -> Iterable[str]:
    if isinstance(node, nodes.Getattr) and _is_contact(node.node):
        yield node.attr
    elif (
        isinstance(node, nodes.Getitem)
        and _is_contact(node.node)
        and isinstance(node.arg, nodes.Const)
        and isinstance(node.arg.value, str)
    ):
        yield node.arg.value


def _is_contact(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "contact"
