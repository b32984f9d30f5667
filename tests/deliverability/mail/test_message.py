"""What is found in the HTML of a message, and, as many again, what must not be."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.deliverability.mail.message import html_faults
from tests.deliverability.mail.documents import TEXT, document, places, rules

FOUND: list[tuple[str, str]] = [
    ('<a href="http://acme.example/terms">t</a>', "link_http"),
    ('<a href=" HTTP://acme.example/">t</a>', "link_http"),
    ('<map><area href="http://acme.example/" alt="x"></map>', "link_http"),
    ('<a href="">t</a>', "link_empty"),
    ('<a href="#">t</a>', "link_empty"),
    ('<a href="#terms">t</a>', "link_empty"),
    ('<a href="terms.html">t</a>', "link_relative"),
    ('<a href="/terms">t</a>', "link_relative"),
    ('<a href="//acme.example/terms">t</a>', "link_relative"),
    ('<a href="www.acme.example">t</a>', "link_relative"),
    ('<a href="acme.example:8080/terms">t</a>', "link_relative"),
    ('<a href="https://acme.example/a b">t</a>', "link_malformed"),
    ('<a href="https:///terms">t</a>', "link_malformed"),
    ('<a href="https://[1/">t</a>', "link_malformed"),
    ('<a href="{{ link.url }}">t</a>', "placeholder"),
    ('<a href="https://acme.example/?n=%7B%7B+contact.name+%7D%7D">t</a>', "placeholder"),
    ("<p>Hello {{ contact.name }}</p>", "placeholder"),
    ("<p>{% if contact.name %}x{% endif %}</p>", "placeholder"),
    ('<img src="https://acme.example/a.png">', "image_alt"),
    ('<a href="https://acme.example/"><img src="cid:logo" alt=""></a>', "image_alt"),
    ('<a href="https://acme.example/"><img src="cid:logo"></a>', "image_alt"),
    ('<img alt="x" src="data:image/png;base64,AA">', "image_data"),
    ('<img alt="x" src="http://acme.example/a.png">', "image_http"),
    ('<img alt="x" src="a.png">', "link_relative"),
    ('<img alt="x" src="https://acme.example/a.svg?v=2">', "image_format"),
    ('<img alt="x" src="https://acme.example/A.WEBP">', "image_format"),
    ('<div style="font-size:0px"><img src="cid:logo"></div>', "image_alt"),
    ("<script>x()</script>", "html_script"),
    ('<p onclick="x()">t</p>', "html_script"),
    ('<a href="javascript:x()">t</a>', "html_script"),
    ('<form action="https://acme.example/"></form>', "html_form"),
    ('<input type="checkbox">', "html_form"),
    ("<button>t</button>", "html_form"),
    ('<iframe src="https://acme.example/"></iframe>', "html_embed"),
    ('<object data="https://acme.example/"></object>', "html_embed"),
    ('<embed src="https://acme.example/">', "html_embed"),
    ("<video></video>", "html_embed"),
    ("<audio></audio>", "html_embed"),
    ("<style>p { margin: 0 }</style>", "css_in_body"),
    ('<p style="display:flex">t</p>', "css_support"),
    ('<p style="DISPLAY : GRID">t</p>', "css_support"),
    ('<p style="position:absolute;top:0">t</p>', "css_support"),
    ('<p style="float:left">t</p>', "css_support"),
    ('<td style="background-image:url(https://acme.example/a.png)">t</td>', "css_support"),
    ('<td style="background:#fff url(https://acme.example/a.png)">t</td>', "css_support"),
    ('<p style="color:var(--ink)">t</p>', "css_support"),
    ('<p style="width:calc(100% - 10px)">t</p>', "css_support"),
    ('<p style="margin-inline:auto">t</p>', "css_support"),
]


@pytest.mark.parametrize(("body", "rule"), FOUND)
def test_what_is_wrong_in_the_body_is_found_and_nothing_else(body: str, rule: str) -> None:
    assert rules(document(body)) == {rule}


SOUND = [
    "<style> </style>",
    '<a href="mailto:a@acme.example?subject=Hello there">t</a>',
    '<a href="tel:+1 555 0100">t</a><a href="sms:+15550100">t</a><a href="webcal://acme.example/x">t</a>',
    '<a href="#terms">t</a><h2 id="terms">Terms</h2>',
    '<a href="#m%C3%BC">t</a><a name="mü"></a>',
    '<a href="#top">t</a>',
    '<a name="here"></a><a>t</a>',
    '<a href="\n https://acme.example/a?b=c&amp;d=%20#e ">t</a>',
    '<a href="https://münchen.example/ä">t</a>',
    '<a href="{{amazonSESUnsubscribeUrl}}">t</a><a href="{{{ pm:unsubscribe }}}">t</a>',
    '<a href="%unsubscribe_url%">t</a><a href="<%asm_group_unsubscribe_raw_url%>">t</a>',
    "<p>Braces { like } these, 100% of them, and {one: {two: 3}}</p>",
    '<img src="https://acme.example/o.gif?id=1" alt="" width="1" height="1">',
    '<img src="cid:logo" alt="Acme">',
    '<a href="https://acme.example/"><img src="cid:logo" alt="Acme"></a>',
    '<a href="https://acme.example/"><img src="cid:logo" alt="">Acme</a>',
    '<a href="https://acme.example/" title="Acme"><img src="cid:logo" alt=""></a>',
    '<img src="cid:line" role="presentation">',
    '<div style="display:none"><img src="cid:logo"></div>',
    '<script type="application/ld+json">{"@type": "Order"}</script>',
    '<!--[if mso]><style>.x { display: flex }</style><a href="http://x.example">t</a><img src="x"><![endif]-->',
    "<!--[if !mso]><!--><p>t</p><!--<![endif]-->",
    '<td background="cid:x" style="background:url(https://acme.example/a.png)"><!--[if gte mso 9]><v:rect fill="t">'
    "<v:fill type='tile' src='https://acme.example/a.png'/><v:textbox><![endif]--><p>t</p>"
    "<!--[if gte mso 9]></v:textbox></v:rect><![endif]--></td>",
    '<p style="mso-line-height-rule:exactly;mso-padding-alt:0;border-radius:4px;max-width:600px">t</p>',
    '<img align="left" style="float:left" src="cid:x" alt="x">',
    '<p style="display:block;position:relative;float:none;filter:none">t</p>',
    '<span style="display:none!important;visibility:hidden;opacity:0;max-height:0;overflow:hidden">t</span>',
    '<p dir="rtl" lang="ar">مرحبا بكم</p>',
    '<p style="color:red;color:;;:;">t</p>',
    "<center><font size=2 face=arial>old</font></center>",
]


@pytest.mark.parametrize("body", SOUND)
def test_what_is_well_in_the_body_is_left_alone(body: str) -> None:
    assert rules(document(body)) == set()


@pytest.mark.parametrize(
    ("css", "found"),
    [
        (".a { display: flex }", {"css_support"}),
        (".b { display: flex }", set()),  # which no element has
        ("@media (max-width: 600px) { .a { display: flex } }", set()),
        ("@supports (display: grid) { .a { display: grid } }", set()),
        ("@media screen { .a { display: flex } }", {"css_support"}),
        ("@media print { @font-face { font-family: x } }", {"css_support", "font_remote"}),
        ("@font-face { font-family: x; src: url(https://acme.example/x.woff) }", {"font_remote"}),
        ("@import url(https://acme.example/x.css);", {"css_remote"}),
        ("@import url(https://fonts.acme.example/x);", {"font_remote"}),
        ("@import 'https://fonts.acme.example/x';", {"font_remote"}),
        (".a { color: #333 }" * 900, set()),
        (".a { color: #333 }" * 1_000, {"css_length"}),
        ("<!-- .a { margin: 0 } -->", set()),
        (".a { display: flex", {"css_support"}),
        ("} .a { ((( } ]] @ ; <", set()),
    ],
)
def test_css_is_held_against_what_programs_drop(css: str, found: set[str]) -> None:
    assert rules(document('<p class="a">t</p>', css=css)) == found


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (document().replace(' lang="en"', ""), {"html_lang"}),
        (document().replace(' lang="en"', ' lang=""'), {"html_lang"}),
        (document().replace("<title>Order</title>", ""), {"html_title"}),
        (document().replace("<title>Order</title>", "<title> </title>"), {"html_title"}),
        (document().replace('<meta charset="utf-8">', ""), {"html_charset"}),
        (document().replace('charset="utf-8"', 'charset="latin1"'), {"html_charset"}),
        (
            document().replace(
                '<meta charset="utf-8">', '<meta http-equiv="Content-Type" content="text/html; charset=UTF-8"/>'
            ),
            set(),
        ),
        (document().replace("display:none", ""), {"preheader"}),
        (document().replace("Your order is packed.", "&nbsp;&zwnj;"), {"preheader"}),
        (document().replace("display:none", "max-height:0;overflow:hidden"), set()),
        (document().replace("display:none", "font-size:1px;color:#ffffff"), set()),
        (document().replace(' lang="en"', "").replace("<body>", '<body lang="de">'), set()),
        (document(head='<link rel="stylesheet" href="https://acme.example/x.css">'), {"css_remote"}),
        (document(head='<link rel="stylesheet" href="https://fonts.acme.example/x">'), {"font_remote"}),
        (document(head='<link rel="icon" href="https://acme.example/x.ico">'), set()),
        ('<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x">' + document()[15:], set()),
        ("", set()),
        (" \n", set()),
        ("<!-- nothing -->", set()),
    ],
)
def test_what_surrounds_the_words(html: str, found: set[str]) -> None:
    assert rules(html) == found


@pytest.mark.parametrize("body", [body for body, _ in FOUND])
def test_no_query_and_no_words_of_the_message_are_shown(body: str) -> None:
    body = re.sub(r"(https?://[\w.]+)(?=[/\"?])/?", r"\1/s3cret?token=s3cret#s3cret", body)
    for place in places(document(body + '<a href="http://s3cret@x.example/?s3cret">Zoë</a>')):
        assert "s3cret" not in place.replace("http://x.example/…", "") and "Zoë" not in place


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [body for body, _ in FOUND] + SOUND + ["<", "<style>", "</", "<!--", "&#0;", "\0", "\ud800"]
            ),
            st.text(max_size=20),
        ),
        max_size=8,
    ).map("".join)
)
def test_whatever_is_given_nothing_is_raised(html: str) -> None:
    list(html_faults(html, html, unsubscribe_url="https://acme.example/u", unsubscribe_mailto="u@acme.example"))


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 5_000 + "t",
        f'<p style="color:{"(" * 3_000}">t</p>',
        f"<style>{'a{' * 3_000}</style><p>t</p>",
        f"<style>{':not(' * 2_000}</style><p>t</p>",
        f"<style>@media {'(' * 3_000} {{ p {{ color: red }} }}</style><p>t</p>",
    ],
)
def test_depth_breaks_nothing(html: str) -> None:
    list(html_faults(html, TEXT))
