"""Transfer encodings: the one that suits the body, and every octet comes through."""

import re
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import InvalidContactError
from tests.message.messages import compose, composer, content, encoding, parsed


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", "7bit"),
        ("plain\ttext \n", "7bit"),
        (".\n..\n", "7bit"),
        (".\nFrom me\n", "quoted-printable"),
        ("x" * 900, "7bit"),
        ("x" * 901, "quoted-printable"),
        ("a\0b and more of it", "quoted-printable"),
        ("bell \a and more of it", "quoted-printable"),
        ("form feed \f and more of it", "quoted-printable"),
        ("delete \x7f and more of it", "quoted-printable"),
        ("mostly ASCII, é", "quoted-printable"),
        ("漢字かな交じり文\n" * 5, "base64"),
        ("Привет, мир\n" * 5, "base64"),
        ("\0" * 90, "base64"),
        ("a\rb\r\nc\n", "7bit"),
    ],
)
def test_each_body_gets_the_encoding_that_suits_it(body: str, expected: str) -> None:
    assert encoding(body) == expected


@pytest.mark.parametrize(
    "text",
    [
        ("x" * 500, "y" * 401),
        ("x" * 900 + "\n", "y" * 500, "", "z" * 401 + "\n", "a"),
        ("a\n" + "x" * 901,),
        ("a\n" + "x" * 901 + "\nb",),
    ],
)
@pytest.mark.parametrize("known", [0, 1, 9])
def test_a_line_too_long_for_7bit_may_come_of_many_chunks(text: tuple[str, ...], known: int) -> None:
    read = parsed(compose(content(text=text, html=()), by=composer(constants=text[:known])))

    assert read["Content-Transfer-Encoding"] == "quoted-printable"
    assert read.get_content().replace("\r\n", "\n") == "".join(text) + "\n"


def test_a_body_that_holds_the_boundary_does_not_leave_as_7bit() -> None:
    boundary = parsed(compose(content())).get_boundary()
    assert boundary is not None
    assert "=_" in boundary  # Neither quoted-printable nor base64 can say this.
    body = f"before\n--{boundary}\nContent-Type: text/html\n\n<p>forged\n--{boundary}--\n"

    read = parsed(compose(content(text=("a\n", body, body[:9], body[9:]))))

    text, html = read.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert text["Content-Transfer-Encoding"] == "quoted-printable"
    assert text.get_content().replace("\r\n", "\n") == "a\n" + body + body
    assert html.get_content().replace("\r\n", "\n") == "<p>Hello</p>\n"


@pytest.mark.parametrize("blank", [" ", "\t"])
@pytest.mark.parametrize("length", range(70, 80))
@pytest.mark.parametrize("split", [0, 5, -1])
def test_white_space_before_a_line_break_survives_and_no_line_grows_too_long(
    blank: str, length: int, split: int
) -> None:
    line = "é" + "x" * (length - 7) + blank
    text = (line[:split], line[split:], "\n", "next", blank, "", "\r\n", blank)
    whole = "".join(text)

    for chunks, constants in [(text, ()), (text, text), (text, text[:1]), (text, text[2:]), ((whole,), ())]:
        message = compose(content(text=chunks, html=()), by=composer(constants=constants))

        assert all(len(row) <= 76 for row in message.data.partition(b"\r\n\r\n")[2].split(b"\r\n"))
        assert not any(row.endswith((b" ", b"\t")) for row in message.data.split(b"\r\n"))
        assert parsed(message).get_content() == f"{line}\r\nnext{blank}\r\n{blank}\r\n"


@pytest.mark.parametrize("column", range(65, 80))
@pytest.mark.parametrize("sign", ["=", "==", "==="])
def test_a_long_link_is_not_cut_within_an_encoded_octet(column: int, sign: str) -> None:
    link = "x" * column + sign + "y" * 200
    message = compose(content(html=("é", link, "\n", link, "x" * 75, link)))

    html = message.data.partition(b"text/html")[2].partition(b"\r\n\r\n")[2]
    assert all(len(row) <= 76 for row in html.split(b"\r\n"))
    assert not re.search(rb"=(?!3D|C3|A9|\r\n|_)", html)
    (_, part) = parsed(message).iter_parts()
    assert isinstance(part, EmailMessage)
    assert part.get_content() == f"é{link}\r\n{link}{'x' * 75}{link}\r\n"


@pytest.mark.parametrize("length", range(64, 82))
def test_a_body_without_a_last_line_break_gets_one(length: int) -> None:
    for body in ("x" * length, "é" + "x" * length, "é" + "x" * length + " "):
        for text in ((body,), (body[:1], body[1:])):
            assert parsed(compose(content(text=text, html=()))).get_content() == body + "\r\n"


@pytest.mark.parametrize("encoded", ["a", "é" + "plain" * 20, "漢字" * 20])
@pytest.mark.parametrize("known", [0, 1, 2, 3])
def test_a_line_break_in_two_chunks_is_one(encoded: str, known: int) -> None:
    text = (f"{encoded}\r", f"\n{encoded}\r", f"\r{encoded}\r")
    read = parsed(compose(content(text=text, html=()), by=composer(constants=text[:known])))

    assert read.get_content().replace("\r\n", "\n") == f"{encoded}\n{encoded}\n\n{encoded}\n"


@pytest.mark.parametrize("bad", ["\ud800", "a\udfffb"])
def test_half_a_character_is_refused_and_nothing_of_the_body_is_told(bad: str) -> None:
    link = "https://acme.example/sso?token=secret"
    for body in ((link, bad), (bad, link), (f"{link}{bad}",)):
        for constants in ((), (bad,)):
            with pytest.raises(InvalidContactError, match="half of a character") as caught:
                compose(content(html=body), by=composer(constants=constants))
            assert "secret" not in str(caught.value)
            assert caught.value.where == "row 7"
            assert caught.value.__suppress_context__


@settings(max_examples=60)
@given(text=st.lists(st.text(st.sampled_from("From é=\n\r \t.x")), max_size=6).map(tuple), known=st.integers(0, 6))
def test_chunks_that_are_made_known_later_change_nothing(text: tuple[str, ...], known: int) -> None:
    new, taught = composer(), composer()
    taught.add_constants(text[:known])
    taught.add_constants(text[known:])
    body = content(text=text, html=())
    sent = compose(body, by=taught)
    assert sent == compose(body, by=composer(constants=text))
    assert parsed(sent).get_content() == parsed(compose(body, by=new)).get_content()
