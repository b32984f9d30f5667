"""A folder of templates: a contact and a link in, content out; which files it reads, and which it never can."""

from pathlib import Path

import pytest

from campaign.content import load_templates
from campaign.errors import TemplateError
from campaign.model import Content
from tests.content.templates import EMAIL, LINK, URL, WELCOME, contact, fault_of, load, text_of


def test_a_contact_and_a_link_become_content(tmp_path: Path) -> None:
    content = load(tmp_path, WELCOME).render(contact(first_name="Zoë & <Co>"), LINK)
    assert content == Content(
        subject="Zoë & <Co>, your order is ready",
        text=("Hi ", "Zoë & <Co>", "\n\n", URL),
        html=(
            *("<p>Hi ", "Zoë &amp; &lt;Co&gt;", "</p>\n<a href='"),
            *(URL.replace("&", "&amp;"), "'>", "autumn", "</a>"),
        ),
        unsubscribe_url=None,
    )


def test_chunks_are_plain_strings_and_the_constant_ones_the_same_objects(tmp_path: Path) -> None:
    files = {
        **WELCOME,
        "body.html": '{% extends "_base.html" %}'
        "{% block main %}<p>{{ contact.first_name }}</p>{# not #}<hr>{% endblock %}",
        "_base.html": "<body>{% block main %}{% endblock %}{% for n in [1, 2] %}<i> {% endfor %}"
        '{% include "_foot.html" %}</body>',
        "_foot.html": "<p>foot of {{ campaign.name }}</p>",
    }
    templates = load(tmp_path, files)
    first = templates.render(contact(first_name="A"), LINK)
    second = templates.render(contact(first_name="B"), LINK)
    assert "".join(first.html) == "<body><p>A</p><hr><i> <i> <p>foot of autumn</p></body>"
    same = [one is other and one in templates.constants for one, other in zip(first.html, second.html, strict=True)]
    assert [chunk for chunk, is_same in zip(first.html, same, strict=True) if is_same] == [
        *("<body>", "<p>", "</p><hr>", "<i> ", "<i> ", "<p>foot of ", "</p>", "</body>"),
    ]
    assert {type(chunk) for chunk in first.html + first.text} == {str}
    assert {"Hi ", "\n\n", ", your order is ready"} <= templates.constants


def test_a_campaign_may_be_plain_text_alone(tmp_path: Path) -> None:
    content = load(tmp_path, {"subject.txt": "s", "body.txt": "t"}).render(contact(), LINK)
    assert (content.text, content.html) == (("t",), ())


def test_what_is_known_of_the_link_can_be_told(tmp_path: Path) -> None:
    template = "{{ link.expires_at | moment }} / {{ link.issued_at.isoformat() }} / {{ link.expires_at.tzinfo }}"
    assert text_of(tmp_path, template) == (
        "Monday 23 November 2026, 18:00 EST / 2026-11-23T09:30:00-05:00 / America/New_York"
    )


# Folders and files.


def test_a_layout_beside_the_folder_is_found_by_both_ways_of_naming_it(tmp_path: Path) -> None:
    for name in ("_layout/base.html", "../_layout/base.html"):
        files = {
            "subject.txt": "s",
            "body.html": '{% extends "' + name + '" %}{% block a %}{{ contact.email }}{% endblock %}',
            "../_layout/base.html": '<b>{% block a %}{% endblock %}{% include "./foot.html" %}</b>',
            "../_layout/foot.html": '{% include "../welcome/sign.html" %}',
            "sign.html": "Zoë",
        }
        content = load(tmp_path, files | {"body.txt": "t"}).render(contact(), LINK)
        assert "".join(content.html) == f"<b>{EMAIL}Zoë</b>"


def test_the_folders_own_file_comes_before_a_shared_one(tmp_path: Path) -> None:
    files = {"subject.txt": "s", "body.txt": "{% include 'x.txt' %}", "x.txt": "own", "../x.txt": "shared"}
    assert load(tmp_path, files).render(contact(), LINK).text == ("own",)


@pytest.mark.parametrize(
    "name", ["../../secret.txt", "_layout/../../secret.txt", "/secret.txt", "./../../secret.txt", "..", "../.."]
)
def test_nothing_outside_can_be_reached(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    with pytest.raises(TemplateError) as caught:
        load(tmp_path, {"subject.txt": "s", "body.txt": "\n{% include '" + name + "' %}"})
    assert caught.value.where == "body.txt line 2"
    absolute = {"subject.txt": "s", "body.txt": "{% include '" + str(tmp_path / "secret.txt") + "' %}"}
    with pytest.raises(TemplateError):
        load(tmp_path, absolute)
    computed = {"subject.txt": "s", "body.txt": "{% include contact.file %}"}
    assert "there is no template" in fault_of(tmp_path, computed, file=name).what


def test_optional_includes_may_be_missing(tmp_path: Path) -> None:
    template = "a{% include 'no.txt' ignore missing %}{% include ['no.txt', 'x.txt'] %}"
    content = load(tmp_path, {"subject.txt": "s", "body.txt": template, "x.txt": "{{ contact.email }}"})
    assert "".join(content.render(contact(), LINK).text) == f"a{EMAIL}"


def test_macros_can_be_imported(tmp_path: Path) -> None:
    files = {
        "subject.txt": "s",
        "body.html": "{% from 'm.html' import row %}{{ row(contact.a) }}",
        "m.html": "{% macro row(x) %}<td>{{ x }} {{ campaign.name }}</td>{% endmacro %}",
        "body.txt": "t",
    }
    content = load(tmp_path, files).render(contact(a="<"), LINK)
    assert "".join(content.html) == "<td>&lt; autumn</td>"


def test_files_are_read_once(tmp_path: Path) -> None:
    files = {
        "subject.txt": "s",
        "body.txt": "{% extends '_b.txt' %}",
        "_b.txt": "{% include '_c.txt' %}",
        "_c.txt": "c",
    }
    templates = load(tmp_path, files)
    for name in files:
        (tmp_path / "templates/welcome" / name).unlink()
    assert templates.render(contact(), LINK).text == ("c",)


def test_a_byte_order_mark_is_not_content(tmp_path: Path) -> None:
    content = load(tmp_path, {"subject.txt": b"\xef\xbb\xbfHi", "body.txt": b"\xef\xbb\xbft\r\nu"}).render(
        contact(), LINK
    )
    assert (content.subject, content.text) == ("Hi", ("t\nu",))


def test_a_folder_that_is_none_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="no such template folder"):
        load_templates(tmp_path / "nowhere", campaign_name="c", unsubscribe_url=None)
    with pytest.raises(TemplateError, match=r"no subject\.txt"):
        load(tmp_path / "a", {"body.txt": "t"})
    with pytest.raises(TemplateError, match=r"neither body\.html nor body\.txt"):
        load(tmp_path / "b", {"subject.txt": "s"})
