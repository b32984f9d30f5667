"""Settings that are templates."""

from pathlib import Path

import pytest

from campaign.content import text_template
from campaign.errors import TemplateError
from tests.content.templates import WELCOME, contact, fault_of


def test_a_setting_is_a_template_over_a_contact() -> None:
    render = text_template("https://x.example/{{ contact.id | urlencode }}/<>", name="link.redirect_to")
    assert render(contact(id="a/b c&")) == "https://x.example/a/b%20c%26/<>"
    assert render.constant is None
    assert render.columns == {"id"}
    assert render.outline == "https://x.example/x/<>"


def test_a_constant_setting_is_the_same_string_for_everybody() -> None:
    render = text_template("https://x.example/{# ours #}orders\n", name="link.redirect_to")
    assert render(contact()) == "https://x.example/orders"
    assert render(contact()) is render(contact(a="b")) is render.constant
    assert text_template("", name="x")(contact()) == ""


def test_the_campaign_is_known_where_it_has_a_name() -> None:
    source = "{{ campaign.name }}"
    assert text_template(source, name="x", campaign_name="autumn")(contact()) == "autumn"
    with pytest.raises(TemplateError, match="no variable 'campaign'"):
        text_template(source, name="x")(contact())


def test_a_fault_in_a_setting_names_the_setting(tmp_path: Path) -> None:
    render = text_template("https://x.example/{{ contact.profil }}", name="link.redirect_to")
    with pytest.raises(TemplateError) as caught:
        render(contact(profile="1"))
    assert caught.value.what == "there is no column 'profil'; did you mean 'profile'?"
    assert caught.value.where == "link.redirect_to"
    assert caught.value.__context__ is None
    fault = fault_of(tmp_path, WELCOME, "https://x.example/{{ contact.profil }}", first_name="Z")
    assert (fault.what, fault.where) == ("there is no column 'profil'", "message.unsubscribe_url")
    hidden = fault_of(tmp_path, WELCOME, "https://x.example/{{ link.url }}", first_name="Z")
    assert (hidden.what[:31], hidden.where) == ("there is no variable 'link' in ", "message.unsubscribe_url")


@pytest.mark.parametrize("source", ["{{ contact.", "{% include 'a.txt' %}", "{% extends 'a' %}", "{{ a | nofilter }}"])
def test_a_setting_that_cannot_be_compiled_is_refused(source: str) -> None:
    with pytest.raises(TemplateError) as caught:
        text_template(source, name="link.redirect_to")
    assert caught.value.where == "link.redirect_to"
