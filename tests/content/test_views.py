"""What templates may look up: columns of any name, the campaign, the link, and nothing that Python knows."""

from pathlib import Path

import pytest
from markupsafe import escape

from campaign.content.views import LinkView
from campaign.model import Contact
from tests.content.templates import EMAIL, LINK, contact, load, text_fault, text_of


def test_columns_of_any_name_are_data(tmp_path: Path) -> None:
    names = ["First name", "a.b", "items", "keys", "class", "__class__", "__init__", "columns", "number", "email "]
    names += ["1", "", "naïve", "self", "_private", "x-y", "🙂", "\u200fname"]
    columns = {name: f"cell {index}" for index, name in enumerate(names)} | {"email": EMAIL}
    template = "|".join("{{ contact[" + repr(name) + "] }}" for name in names)
    assert text_of(tmp_path, template, columns) == "|".join(f"cell {index}" for index in range(len(names)))
    dotted = [name for name in names if name.isidentifier()]
    template = "|".join("{{ contact." + name + " }}" for name in dotted)
    assert text_of(tmp_path, template, columns) == "|".join(columns[name] for name in dotted)


@pytest.mark.parametrize("name", ["items", "get", "columns", "number", "__class__", "__init__", "__dict__"])
def test_what_is_no_column_is_undefined_whatever_python_knows(tmp_path: Path, name: str) -> None:
    for template in ("{{ contact." + name + " }}", "{{ contact['" + name + "'] }}"):
        assert f"there is no column {name!r}" in text_fault(tmp_path, template).what
        assert text_of(tmp_path, template.replace(" }}", " is defined }}")) == "False"


def test_a_link_has_the_three_names_that_are_told_and_nothing_of_our_own() -> None:
    names = [name for name in dir(LinkView) if not name.startswith("__") and name != "_name"]
    assert names == ["expires_at", "issued_at", "url"]


def test_email_is_the_address_that_is_mailed(tmp_path: Path) -> None:
    row = Contact(number=1, email="zoe@xn--mller-kva.example", columns={"email": " zoe@müller.example", "x": "y"})
    templates = load(tmp_path, {"subject.txt": "s", "body.txt": "{{ contact.email }} {{ contact['email'] }}"})
    assert "".join(templates.render(row, LINK).text) == "zoe@xn--mller-kva.example zoe@xn--mller-kva.example"
    other = Contact(number=1, email="zoe@mail.example", columns={"E-mail": "Zoe@mail.example"})
    assert "".join(templates.render(other, LINK).text) == "zoe@mail.example zoe@mail.example"
    assert other.columns == {"E-mail": "Zoe@mail.example"}


def test_columns_can_be_asked_for_and_gone_through(tmp_path: Path) -> None:
    template = (
        "{{ 'a' in contact }} {{ 'z' in contact }}{% for name in contact %} {{ name }}={{ contact[name] }}{% endfor %}"
    )
    assert text_of(tmp_path, template, {"email": EMAIL, "a": "1"}) == f"True False email={EMAIL} a=1"


def test_a_cell_is_never_a_template(tmp_path: Path) -> None:
    cell = "{{ link.url }}{% raw %}{# x"
    assert text_of(tmp_path, "{{ contact.a }}", {"email": EMAIL, "a": cell}) == cell


def test_unsubscribe_url_is_rendered_and_given_on(tmp_path: Path) -> None:
    files = {
        "subject.txt": "s",
        "body.txt": "{{ unsubscribe_url }}",
        "body.html": "<a href='{{ unsubscribe_url }}'>",
    }
    setting = "https://acme.example/u?c={{ campaign.name }}&e={{ contact.email | urlencode }}"
    content = load(tmp_path, files, setting).render(contact(), LINK)
    assert content.unsubscribe_url == "https://acme.example/u?c=autumn&e=zoe%40mail.example"
    assert "".join(content.text) == content.unsubscribe_url
    assert "".join(content.html) == f"<a href='{escape(content.unsubscribe_url)}'>"


def test_unsubscribe_url_is_undefined_where_it_is_not_set(tmp_path: Path) -> None:
    assert text_of(tmp_path, "{% if unsubscribe_url is defined %}yes{% else %}no{% endif %}") == "no"
    assert text_of(tmp_path, "{{ unsubscribe_url | default('none') }}") == "none"
    assert "message.unsubscribe_url" in text_fault(tmp_path, "{{ unsubscribe_url }}").fix
