"""Which declaration holds: importance, style attributes, specificity, order; and in which scheme."""

from itertools import count

import pytest

from campaign.deliverability.mail.cascade import cascade
from campaign.deliverability.mail.document import parse
from tests.deliverability.mail.documents import document

DARK = "@media (prefers-color-scheme: dark)"


def colors(css: str, body: str = '<p class="a" id="p">t</p>') -> tuple[str | None, str | None]:
    """The colour of the first `<p>`, light and dark; for dark None where nothing is said of it."""
    tree = parse(document(body, css=css))
    assert tree is not None
    found, element = cascade(tree), next(tree.named("p"))
    assert found is not None
    dark = None if found.dark is None else found.dark.get(element, {}).get("color")
    return found.light.get(element, {}).get("color"), dark


@pytest.mark.parametrize(
    ("css", "color"),
    [
        ("p { color: red } p { color: BLUE }", "blue"),
        (".a { color: red } p { color: blue }", "red"),
        ("#p { color: red } .a { color: blue }", "red"),
        ("p.a { color: red } .a, p { color: blue }", "red"),
        ("p { color: red !important } #p { color: blue }", "red"),
        ("body > div + p { color: red }", "red"),
        ("p:hover { color: red }", None),
        ("p::first-line { color: red }", None),
        ("p, ~ { color: red }", None),  # one selector that can't be read: none of them holds
        ("@media all { p { color: red } }", "red"),
        ("@media only  screen { p { color: red } }", "red"),
        ("@media print, screen { p { color: red } }", "red"),
        ("@media print { p { color: red } }", None),
        ("@media (min-width: 1px) { p { color: red } }", None),
        ("@media screen { @media (min-width: 1px) { p { color: red } } }", None),
        ("@supports (color: red) { p { color: red } }", None),
        ("@media (prefers-color-scheme: light) { p { color: red } }", "red"),
    ],
)
def test_what_holds_in_the_light_scheme(css: str, color: str | None) -> None:
    assert colors(css) == (color, None)


@pytest.mark.parametrize(
    ("css", "both"),
    [
        (f"p {{ color: red }} {DARK} {{ p {{ color: blue }} }}", ("red", "blue")),
        (f"{DARK} {{ p {{ color: blue }} }} p {{ color: red }}", ("red", "red")),
        (f"#p {{ color: red }} {DARK} {{ p {{ color: blue }} }}", ("red", "red")),
        (f"#p {{ color: red }} {DARK} {{ p {{ color: blue !important }} }}", ("red", "blue")),
        (f"{DARK} {{ p {{ color: blue }} }} @media (prefers-color-scheme: light) {{ p {{ color: red }} }}",
         ("red", "blue")),
        (f"{DARK} and (min-width: 1px) {{ p {{ color: blue }} }}", (None, None)),
    ],
)  # fmt: skip
def test_what_holds_in_either_scheme(css: str, both: tuple[str | None, str | None]) -> None:
    assert colors(css) == both


def test_a_style_attribute_wins_unless_a_rule_is_important() -> None:
    body = '<p style="color: green">t</p>'
    assert colors("p { color: red }", body)[0] == "green"
    assert colors("p { color: red !important }", body)[0] == "red"
    assert colors("p { color: red !important }", body.replace("green", "green !important"))[0] == "green"


def test_a_style_element_of_another_medium_does_not_hold() -> None:
    tree = parse(document("<p>t</p>", css="p { color: red }").replace("<style>", '<style media="print">'))
    assert tree is not None
    found = cascade(tree)
    assert found is not None and found.light.get(next(tree.named("p"))) is None


def test_what_takes_too_long_is_given_up() -> None:
    """Selectors times elements times ancestors have no bound that a size could give."""
    tree = parse(document("<div>" * 100, css="div div div div a div { color: red }"))
    assert tree is not None
    assert cascade(tree, clock=count(0, 0.01).__next__) is not None
    assert cascade(tree, clock=count(0, 1.0).__next__) is None


def test_conditions_within_conditions_are_skipped_however_deep() -> None:
    assert colors("p { color: red }" + "@media screen {" * 5_000 + "p { color: blue }") == ("red", None)


def test_of_css_without_end_the_beginning_is_read() -> None:
    end = "p { color: blue }"
    assert colors("p { color: red }" + "i { top: 0 }" * 20_000 + end) == ("red", None)
    assert colors("p { color: red }" + "i { top: 0 }" * 100 + end) == ("blue", None)
    assert colors("", f'<p style="color: red; {"top: 0;" * 50_000} color: blue">') == ("red", None)
