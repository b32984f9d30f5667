"""Which columns templates name."""

from pathlib import Path

from tests.content.templates import load


def test_the_columns_that_templates_name_are_known(tmp_path: Path) -> None:
    files = {
        "subject.txt": "{{ contact.a }} {{ contact.email }}",
        "body.html": "{% extends '_b.html' %}{% block x %}{{ contact['b b'] | upper }}{% endblock %}",
        "_b.html": "{% block x %}{% endblock %}{% if contact.c is defined %}{{ contact.c }}{% endif %}",
        "body.txt": "{{ contact.d | default('') }}{% if 'e' in contact %}{{ contact.e }}{% endif %}{{ link.url }}",
    }
    templates = load(tmp_path, files, "https://x.example/{{ contact.f }}")
    assert templates.columns == {"a", "b b", "c", "d", "e", "email", "f"}
    assert [fault.what for fault in templates.faults(["email"])] == [
        f"there is no column {name!r}" for name in ("a", "b b", "f")
    ]
