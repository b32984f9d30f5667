"""Text that can hardly be read is found, in the light scheme and in the dark one; what is not certain is left alone."""

import pytest

from campaign.deliverability.mail.colors import contrast, css_color
from tests.deliverability.mail.documents import document, places, rules

DARK = "@media (prefers-color-scheme: dark)"


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000", "#fff", 21.0),
        ("white", "rgb(255, 255, 255)", 1.0),
        # Worked out by WCAG 2.2's own formula, as its "Understanding" page does for #777 and #767676.
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#949494", "#ffffff", 3.03),
        ("hsl(0, 100%, 50%)", "#fff", 4.0),
    ],
)
def test_the_ratio_is_wcag_s(one: str, other: str, ratio: float) -> None:
    first, second = css_color(one), css_color(other)
    assert first is not None and second is not None
    assert contrast(first, second) == pytest.approx(ratio, abs=0.01)
    assert contrast(second, first) == contrast(first, second)


PALE = [
    '<p style="color:#777">t</p>',
    '<p style="color:#fff">t</p>',
    '<p style="color:rgba(0, 0, 0, .3)">t</p>',
    '<p style="color:#0005">t</p>',
    '<font color="cccccc">t</font>',
    '<td bgcolor="#222222">t</td>',
    '<td bgcolor="222222" style="color:#333">t</td>',
    '<td style="background:#222 no-repeat"><b>t</b></td>',
    '<td style="background-color:#fff"><table><tr><td style="color:#999">t</td></tr></table></td>',
    '<a href="https://acme.example/" style="color:#9db8ff">t</a>',
    '<p style="font-size:18px;font-weight:bold;color:#949494">t</p>',
    '<p style="font-size:23px;color:#949494">t</p>',
    '<h3 style="font-weight:normal;color:#949494">t</h3>',
    '<p style="font-size:40px;color:#999">t</p>',
    '<div style="font-size:0"><p style="font-size:16px;color:#bbb">t</p></div>',  # as MJML lays everything out
    '<p class="pale">t</p>',
    '<p class="pale" style="color:#000">t</p>',  # whose class is !important
]


@pytest.mark.parametrize("body", PALE)
def test_text_too_near_to_its_background_is_found(body: str) -> None:
    assert rules(document(body, css=".pale { color: #bbb !important }")) == {"contrast"}


CERTAINLY_NOT = [
    '<p style="color:#767676">t</p>',
    '<p style="font-size:24px;color:#949494">t</p>',
    '<p style="font-size:18pt;color:#949494">t</p>',
    '<p style="font-size:14pt;font-weight:700;color:#949494">t</p>',
    '<h1 style="color:#949494">t</h1>',
    '<p style="font-size:larger"><span style="color:#949494">t</span></p>',
    '<a href="https://acme.example/">a link of the program\'s own colour</a>',
    '<td bgcolor="#222222"><a href="https://acme.example/">t</a></td>',
    '<td bgcolor="#222222" style="color:#fff">t</td>',
    '<body bgcolor="#222222" text="#ffffff"><p>t</p>',
    '<p style="color:#fff;background:linear-gradient(#000, #fff)">t</p>',
    '<td background="cid:x" style="color:#fff">t</td>',
    '<div style="opacity:.9"><p style="color:#888">t</p></div>',
    '<p style="color:#fff;mix-blend-mode:difference">t</p>',
    '<p style="color:nonsense">t</p>',
    '<p style="color:color(display-p3 1 1 1)">t</p>',
    '<p style="color:#eee"> &nbsp;&zwnj;• | </p>',
    '<div style="display:none;color:#fff">preheader</div>',
    '<div style="display:none"><p style="color:#fff">preheader</p></div>',
    '<span style="font-size:0;color:#fff">hidden</span>',
    '<div style="max-height:0px;overflow:hidden;color:#fff">hidden</div>',
    '<p class="wide">t</p>',
    '<p class="hover">t</p>',
    '<p style="color:#bbb;color:#333">t</p>',
    '<p style="color:#bbb;font:14px/1.5 Arial;color:inherit">t</p>',
    '<p style="background:#000;background:none;color:#333">t</p>',
]


@pytest.mark.parametrize("body", CERTAINLY_NOT)
def test_what_can_be_read_or_is_not_certain_is_left_alone(body: str) -> None:
    css = "@media (max-width: 600px) { .wide { color: #fff } } .hover:hover { color: #fff } .x, { color: #fff }"
    assert "contrast" not in rules(document(body, css=css))


@pytest.mark.parametrize(
    ("css", "body", "found"),
    [
        # In the dark scheme the card turns dark and its words stay as they are.
        (f"{DARK} {{ .card {{ background: #111 !important }} }}", '<p class="card" style="color:#333">t</p>', True),
        (
            f"{DARK} {{ .card {{ background: #111 !important; color: #eee !important }} }}",
            '<p class="card" style="color:#333;background:#fff">t</p>',
            False,
        ),
        # Without !important a style attribute wins.
        (f"{DARK} {{ .a {{ background: #111 }} }}", '<p class="a" style="color:#333;background:#fff">t</p>', False),
        # Whatever the program's own colours are.
        (f"{DARK} {{ .card {{ background: #111 }} }}", '<p class="card">t</p>', False),
        (f"{DARK} {{ .card {{ color: #333 }} }}", '<p class="card">t</p>', False),
        (f"{DARK} {{ .x {{ color: #333 }} }}", '<p style="color:#000">t</p>', False),
        ("@media (prefers-color-scheme: light) { .card { color: #ccc } }", '<p class="card">t</p>', True),
        ("@media screen and (prefers-color-scheme: dark) { .card { color: #000; background: #111 } }",
         '<p class="card">t</p>', True),
    ],
)  # fmt: skip
def test_the_dark_scheme_is_judged_where_it_is_spelt_out(css: str, body: str, found: bool) -> None:
    assert ("contrast" in rules(document(body, css=css))) is found


def test_what_is_found_says_the_colours_and_the_scheme() -> None:
    css = f"{DARK} {{ .card {{ color: #000; background: #111 }} }}"
    assert places(document('<p class="card">t</p>\n<p style="color:#bbb">t</p>', css=css)) == [
        "line 2, <p>: #bbbbbb on #ffffff is 1.9:1, and 4.5:1 is wanted",
        "line 1, <p>: #000000 on #111111 is 1.1:1, and 4.5:1 is wanted, dark scheme",
    ]
