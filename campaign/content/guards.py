"""Which names a template asks about before it uses them: an expression of its syntax tree in, names out.

It asks by `default`, by `is defined`, by `'column' in contact`, or by a name that it has set to one of these.
"""

from collections.abc import Mapping

from jinja2 import nodes

from campaign.content.blank import TEXT_FILTERS

Names = frozenset[tuple[str, str]]
"""Of variables `("", name)`, of columns `("contact", name)`, of a link and a campaign alike, of filters and tests
`("tool", name)`."""

OWNERS = ("contact", "link", "campaign")
_DEFAULTS = ("default", "d")
_NOTHING: Names = frozenset()


def asked_of(node: nodes.Node, owner: str) -> str | None:
    """Give `name` for `owner.name` and `owner["name"]`."""
    if not isinstance(node, nodes.Getattr | nodes.Getitem) or not is_name(node.node, owner):
        return None
    if isinstance(node, nodes.Getattr):
        return node.attr
    return str(node.arg.value) if isinstance(node.arg, nodes.Const) else None


def is_name(node: nodes.Node, *names: str) -> bool:
    """Tell whether a node is a variable by one of these names."""
    return isinstance(node, nodes.Name) and node.name in names


def guards(expression: nodes.Node, known: Mapping[str, Names]) -> Names:
    """Give the names about which an expression asks. `known`: what the template's own names ask about."""
    found: set[tuple[str, str]] = set()
    for node in (expression, *expression.find_all(nodes.Expr)):
        if isinstance(node, nodes.Filter):
            found |= by_default(node)
        elif isinstance(node, nodes.Test):
            found |= by_test(node)
        elif isinstance(node, nodes.Name):
            found |= known.get(node.name, _NOTHING)
        elif isinstance(node, nodes.Compare) and isinstance(node.expr, nodes.Const) and _asks_contact(node):
            found.add(("contact", str(node.expr.value)))
    return frozenset(found)


def _asks_contact(node: nodes.Compare) -> bool:
    return any(operand.op in ("in", "notin") and is_name(operand.expr, "contact") for operand in node.ops)


def by_default(node: nodes.Filter) -> Names:
    """Give what `| default` makes up for."""
    return _subject(node.node) if node.name in _DEFAULTS else _NOTHING


def by_test(node: nodes.Test) -> Names:
    """Give what `is defined` asks about; or `is filter`, `is test`."""
    if node.name in ("filter", "test") and isinstance(node.node, nodes.Const):
        return frozenset({("tool", str(node.node.value))})
    return _subject(node.node) if node.name in ("defined", "undefined") else _NOTHING


def _subject(node: nodes.Node | None) -> Names:
    """Give the name that an expression is about, if what is missing gets through it."""
    while isinstance(node, nodes.Filter) and node.name in TEXT_FILTERS:
        node = node.node
    if isinstance(node, nodes.Name):
        return frozenset({("", node.name)})
    if node is None:
        return _NOTHING
    return frozenset((owner, name) for owner in OWNERS if (name := asked_of(node, owner)) is not None)
