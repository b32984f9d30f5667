"""Images that the HTML names by `cid:`: found, named in the HTML as the message will name them, and no others."""

import re
from pathlib import Path

import pytest

from campaign.content import TemplateSet
from campaign.errors import TemplateError
from tests.content.templates import LINK, contact, load, write
from tests.message.files import GIF, PNG


def loaded(root: Path, body: str, files: dict[str, str | bytes] | None = None) -> TemplateSet:
    return load(root, {"subject.txt": "s", "body.html": body, "logo.png": PNG, **(files or {})})


def html(templates: TemplateSet, **columns: str) -> str:
    return "".join(templates.render(contact(**columns), LINK).html)


@pytest.mark.parametrize(
    "body",
    [
        '<img src="cid:logo.png" alt="Acme">',
        "<img src='cid:logo.png' alt='Acme'>",
        "<img src=cid:logo.png alt=Acme>",
        '<td background="CID:logo.png">x</td>',
        '<td style="background: url(cid:logo.png)">x</td>',
        "<td style=\"background: url('cid:logo.png')\">x</td>",
        '<!--[if mso]><v:fill src="cid:logo.png"/><![endif]-->x',
        "{% set logo = 'cid:logo.png' %}<img src=\"{{ logo }}\">",
    ],
)
def test_the_html_names_the_image_by_its_content_id(tmp_path: Path, body: str) -> None:
    templates = loaded(tmp_path, body)
    (image,) = templates.images
    assert (image.name, image.octets) == ("logo.png", PNG)
    assert re.fullmatch(r"[0-9a-f]{24}@localhost", image.content_id)
    assert f"cid:{image.content_id}" in html(templates) and "logo.png" not in html(templates)


def test_an_image_shown_twice_is_brought_once(tmp_path: Path) -> None:
    templates = loaded(tmp_path, '<img src="cid:logo.png"><img src="cid:./logo.png"><img src="cid:logo.png">')
    assert len(templates.images) == 1


def test_images_of_one_name_in_two_folders_are_two(tmp_path: Path) -> None:
    body = '{% extends "_layout/base.html" %}{% block b %}<img src="cid:logo.png">{% endblock %}'
    write(tmp_path, {"../_layout/base.html": '<img src="cid:./logo.png">{% block b %}{% endblock %}'})
    write(tmp_path, {"../_layout/logo.png": GIF})
    templates = loaded(tmp_path, body)
    assert {image.octets for image in templates.images} == {PNG, GIF}
    assert len({image.content_id for image in templates.images}) == 2


@pytest.mark.parametrize(("written", "file"), [("my%20logo.png", "my logo.png"), ("a&amp;b.png", "a&b.png")])
def test_names_are_written_as_in_any_url(tmp_path: Path, written: str, file: str) -> None:
    (image,) = loaded(tmp_path, f'<img src="cid:{written}">', {file: PNG}).images
    assert image.name == file


def test_an_image_in_a_folder_of_the_templates(tmp_path: Path) -> None:
    (image,) = loaded(tmp_path, '<img src="cid:images/a.gif">', {"images/a.gif": GIF}).images
    assert image.octets == GIF


def test_an_image_that_is_not_there_is_told_with_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"no image 'lgoo\.png'") as caught:
        loaded(tmp_path, '<p>\n{# #}\n<img\n src="cid:lgoo.png">')
    assert caught.value.where == "body.html line 4"


@pytest.mark.parametrize(
    "body",
    [
        '<img src="cid:{{ contact.logo }}">',
        '<img src="cid:logo{{ contact.logo }}">',
        "<img src=\"{{ 'cid:' ~ contact.logo }}\">",
        '<img src="cid:">',
    ],
)
def test_a_name_that_is_put_together_is_told_with_file_and_line(tmp_path: Path, body: str) -> None:
    with pytest.raises(TemplateError, match="put together") as caught:
        loaded(tmp_path, f"<p>\n{body}")
    assert caught.value.where == "body.html line 2"


@pytest.mark.parametrize("name", ["../../secret.png", "../../../etc/passwd", "/etc/passwd"])
def test_an_image_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    with pytest.raises(TemplateError):
        loaded(tmp_path, f'<img src="cid:{name}">')


def test_a_link_to_an_image_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    (write(tmp_path, {}) / "way.png").symlink_to("../../secret.png")
    with pytest.raises(TemplateError, match="leads out"):
        loaded(tmp_path, '<img src="cid:way.png">')


def test_a_folder_is_no_image(tmp_path: Path) -> None:
    (write(tmp_path, {}) / "way.png").mkdir()
    with pytest.raises(TemplateError, match="is a folder"):
        loaded(tmp_path, '<img src="cid:way.png">')


def test_a_template_that_a_cell_names_can_bring_no_image_of_its_own(tmp_path: Path) -> None:
    """It is compiled when somebody's message wants it: what every message brings along is settled by then."""
    files: dict[str, str | bytes] = {"part.html": '<img src="cid:other.gif">', "other.gif": GIF}
    templates = loaded(tmp_path, "{% include contact.part ~ '.html' %}", files)
    with pytest.raises(TemplateError, match="named by what a row holds") as caught:
        html(templates, part="part")
    assert caught.value.where == "part.html line 1"


def test_one_that_shows_an_image_which_is_there_anyway_can(tmp_path: Path) -> None:
    body = "<img src='cid:logo.png'>{% include contact.part ~ '.html' %}"
    templates = loaded(tmp_path, body, {"part.html": '<img src="cid:logo.png">'})
    assert html(templates, part="part").count(templates.images[0].content_id) == 2


def test_a_body_in_plain_text_and_a_subject_name_no_images(tmp_path: Path) -> None:
    templates = load(tmp_path, {"subject.txt": '"cid:a.png"', "body.txt": '"cid:b.png"'})
    content = templates.render(contact(), LINK)
    assert templates.images == ()
    assert (content.subject, content.text) == ('"cid:a.png"', ('"cid:b.png"',))


def test_the_text_that_is_made_from_html_has_the_words_of_its_image(tmp_path: Path) -> None:
    text = "".join(loaded(tmp_path, '<p><img src="cid:logo.png" alt="Acme"> Hello</p>').render(contact(), LINK).text)
    assert "Acme" in text and "cid" not in text


def test_images_are_among_the_files_that_tell_one_campaign_from_another(tmp_path: Path) -> None:
    assert "logo.png" in {file.name for file in loaded(tmp_path, '<img src="cid:logo.png">').files}


def test_chunks_with_an_image_are_still_the_same_objects_for_everybody(tmp_path: Path) -> None:
    """Else the composer would encode them for each message anew."""
    templates = loaded(tmp_path, '<p>Hello {{ contact.name }}</p><img src="cid:logo.png"> and much more')
    chunks = templates.render(contact(name="Ann"), LINK).html
    assert any("cid:" in chunk and chunk in templates.constants for chunk in chunks)


@pytest.mark.parametrize(
    ("written", "what", "fix"),
    [
        ("lgoo.png", "there is no image 'lgoo.png'; did you mean 'logo.png'?", "put it into the template's folder"),
        ("the logo.png", "there is no image 'the'", "write a space in its name as %20"),
    ],
)
def test_a_name_that_was_nearly_right_is_told_how(tmp_path: Path, written: str, what: str, fix: str) -> None:
    with pytest.raises(TemplateError) as caught:
        loaded(tmp_path, f'<img src="cid:{written}" alt="">')
    assert caught.value.what == what and caught.value.fix.startswith(fix)
