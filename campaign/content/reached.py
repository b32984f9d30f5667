"""What a template reaches, for whoever goes through it without running it: frames, blocks, macros, names of its own.

In: a compiled template with the syntax trees of all that it names. Limits: a name that is computed reaches nothing.
"""

from collections.abc import Iterator

from jinja2 import nodes

from campaign.content.compilation import Compiled
from campaign.content.guards import Names, guards

Blocks = dict[str, list[tuple[str, nodes.Block]]]
"""The definitions of each block and the templates they stand in, the one that is used first."""


class Reached:
    """The templates that one reaches, itself included, by the names that the loader has for them."""

    def __init__(self, compiled: Compiled) -> None:
        self.environment = compiled.environment
        self.trees = compiled.sources
        self.macros: dict[str, tuple[str, nodes.Macro]] = {}
        """By every name that they are called by, with the template they stand in."""
        self.own_names: set[str] = set()
        """What the templates set, import, define or count through."""
        self.asking: dict[str, Names] = {}
        """Of these, the ones that tell whether others are there."""
        for name, tree in self.trees.items():
            for macro in tree.find_all(nodes.Macro):
                self.macros.setdefault(macro.name, (name, macro))
        for tree in self.trees.values():
            self.own_names.update(_set_names(tree))
            self._note_aliases(tree)
            for assigned in tree.find_all(nodes.Assign):
                if isinstance(assigned.target, nodes.Name):
                    name = assigned.target.name
                    self.asking[name] = self.asking.get(name, frozenset()) | guards(assigned.node, {})

    def _note_aliases(self, tree: nodes.Template) -> None:
        for imported in tree.find_all(nodes.FromImport):
            for name in imported.names:
                if not isinstance(name, str) and name[0] in self.macros:
                    self.macros.setdefault(name[1], self.macros[name[0]])

    def chain(self, name: str) -> list[str]:
        """Give a template, what it extends, what that extends, and so on: the last one is the frame."""
        chain = [name]
        while (parent := self._parent(chain[-1])) is not None and parent not in chain:
            chain.append(parent)
        return chain

    def _parent(self, name: str) -> str | None:
        for node in self.trees[name].body:
            if isinstance(node, nodes.Extends):
                return self.named(node.template, name)
        return None

    def blocks(self, chain: list[str]) -> Blocks:
        """Give the blocks of such a chain."""
        found: Blocks = {}
        for name in chain:
            for block in self.trees[name].find_all(nodes.Block):
                found.setdefault(block.name, []).append((name, block))
        return found

    def named(self, expression: nodes.Node, parent: str) -> str | None:
        """Give the template that an expression in `parent` names; None where it names none that is known."""
        if not isinstance(expression, nodes.Const) or not isinstance(expression.value, str):
            return None
        name = self.environment.join_path(expression.value, parent)
        return name if name in self.trees else None


def calls_super(block: nodes.Block) -> bool:
    """Tell whether a block wants the one that it overrides."""
    return any(isinstance(call.node, nodes.Name) and call.node.name == "super" for call in block.find_all(nodes.Call))


def _set_names(tree: nodes.Template) -> Iterator[str]:
    for one in tree.find_all(nodes.Name):
        if one.ctx in ("store", "param"):
            yield one.name
    for macro in tree.find_all(nodes.Macro):
        yield macro.name
    for whole in tree.find_all(nodes.Import):
        yield whole.target
    for imported in tree.find_all(nodes.FromImport):
        for name in imported.names:
            yield name if isinstance(name, str) else name[1]
