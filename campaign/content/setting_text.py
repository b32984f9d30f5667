"""A template that is a line of `campaign.toml` (link.redirect_to, message.unsubscribe_url): a contact in, text out.

Raises `TemplateError` for a text that can't be compiled, `InvalidContactError` for a row that it can't be rendered for.
Limits: no inheritance and no includes; nothing is escaped, which in a URL is what `| urlencode` is for.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile

from jinja2 import nodes

from campaign.content.compilation import compiled_text
from campaign.content.environment import MailEnvironment
from campaign.content.faults import rendering_fault
from campaign.content.lint import Fault, faults, names_asked, read_as_numbers
from campaign.content.piece import Piece
from campaign.content.views import ContactView
from campaign.errors import CampaignError, InvalidContactError, TemplateError
from campaign.model import Contact


class TextTemplate:
    """A compiled text over a contact. Call it with one.

    `columns` are the columns that it names. `shortest` is how many characters it has at least, whatever they hold, and
    `outline` what is written always, with an `x` for each piece that is not. Where nothing in it depends on the
    contact, `constant` is its text, and calling it gives that same string. `lead` is the text before the first piece
    that may differ.
    """

    __slots__ = ("_compiled", "_knows_campaign", "_piece", "_setting", "constant", "lead", "outline", "shortest")

    def __init__(
        self, source: str, *, setting: str, campaign_name: str | None, key_of: Callable[[str], str] | None = None
    ) -> None:
        self._setting = setting
        environment = MailEnvironment(campaign_name=campaign_name, escapes=False, key_of=key_of)
        text = compiled_text(environment, source, setting=setting)
        self._compiled = text
        self._piece = Piece(text.template)
        self._knows_campaign = campaign_name is not None
        body = text.sources[""].body
        chunks = [chunk for node in body for chunk in getattr(node, "nodes", [node])]
        is_constant = all(isinstance(chunk, nodes.TemplateData) for chunk in chunks)
        self.constant: str | None = text.template.render() if is_constant else None
        self.shortest: int = _shortest(body)
        fixed = takewhile(lambda chunk: isinstance(chunk, nodes.TemplateData), chunks)
        self.lead = "".join(chunk.data for chunk in fixed) if self.constant is None else self.constant
        self.outline = "".join(chunk.data if isinstance(chunk, nodes.TemplateData) else "x" for chunk in chunks)

    @property
    def columns(self) -> frozenset[str]:
        """The contact's columns that it names."""
        return names_asked([self._compiled], "contact")

    def faults(self, columns: Sequence[str]) -> list[Fault]:
        """Find what is wrong with it whatever a row holds; `columns` are the file's."""
        variables = ["contact", *(["campaign"] if self._knows_campaign else [])]
        return faults(self._compiled, columns=columns, variables=variables, setting=self._setting)

    def __call__(self, contact: Contact) -> str:
        """Render it for a contact. Raises `InvalidContactError` naming setting, row and what is empty or unfit, and
        `TemplateError` for what no row has.
        """
        if self.constant is not None:
            return self.constant
        text = self.render(ContactView(contact))
        if isinstance(text, CampaignError):
            raise text
        return text

    def render(self, contact: ContactView) -> str | InvalidContactError | TemplateError:
        """Render it; an error is given, not raised, so that it takes no traceback and none of its variables along."""
        if self.constant is not None:
            return self.constant
        try:
            return self._run(contact)
        except Exception as error:  # A template may raise anything.
            numbers = read_as_numbers([self._compiled])
            return rendering_fault(
                error, contact=contact, link=None, numbers=numbers, again=self._run, setting=self._setting
            )

    def _run(self, contact: ContactView) -> str:
        return "".join(self._piece.chunks({"contact": contact}))


def _shortest(body: Iterable[nodes.Node]) -> int:
    """Count the characters that are always written: the text itself, and the shortest way through each `{% if %}`.

    What an expression, a loop or another block gives counts as nothing.
    """
    length = 0
    for node in body:
        if isinstance(node, nodes.Output):
            length += sum(len(part.data) for part in node.nodes if isinstance(part, nodes.TemplateData))
        elif isinstance(node, nodes.If):
            ways = [node.body, *(other.body for other in node.elif_), node.else_]
            length += min(map(_shortest, ways))
    return length


def text_template(
    source: str, *, name: str, campaign_name: str | None = None, key_of: Callable[[str], str] | None = None
) -> TextTemplate:
    """Compile the text of a setting. `name` is the setting's (`link.redirect_to`), for errors.

    It knows `contact`, and `campaign` where a name is given; `contact.key` by `key_of`, address → key. Raises
    `TemplateError`.
    """
    return TextTemplate(source, setting=name, campaign_name=campaign_name, key_of=key_of)
