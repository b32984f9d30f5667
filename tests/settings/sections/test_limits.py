"""[limits."gmail.com"]: domains in any form, each once, and what is misspelt is told with what was meant."""

import pytest

from tests.settings.campaign_files import MINIMAL, Folder, toml


def with_limits(text: str) -> str:
    return f"{toml(MINIMAL)}\n{text}\n"


def test_there_are_none_unless_they_are_set(folder: Folder) -> None:
    assert folder.load().limits == {}


def test_a_domain_may_be_written_in_any_case_and_in_either_form(folder: Folder) -> None:
    limits = folder.load(
        with_limits('[limits."GMail.COM."]\nrate = 0.5\nconnections = 1000\n[limits."Bücher.example"]\nconnections = 1')
    ).limits
    assert {domain: (limit.rate, limit.connections) for domain, limit in limits.items()} == {
        "gmail.com": (0.5, 1000),
        "xn--bcher-kva.example": (None, 1),
    }


@pytest.mark.parametrize("written", ["Gmail.com", "gmail.com.", "@gmail.com"])
def test_a_domain_stands_there_once(folder: Folder, written: str) -> None:
    error = folder.refusal(with_limits(f'[limits."gmail.com"]\nrate = 5\n[limits."{written}"]\nrate = 6'))
    assert "gmail.com stands there twice" in error.what


def test_the_two_forms_of_a_domain_are_one(folder: Folder) -> None:
    text = '[limits."bücher.example"]\nrate = 5\n[limits."xn--bcher-kva.example"]\nrate = 6'
    assert "stands there twice" in folder.refusal(with_limits(text)).what


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ('[limits."gmail.com"]\nrat = 5', "no such setting rat of", "write rate"),
        ('[limits."gmail.com"]\nconection = 5', "did you mean connections?", "write connections"),
        ('[limits."gmail.com"]\nwidth = 5', "no such setting width", "there are connections and rate"),
        ('[limits."gmail.com"]', "it limits nothing", "write rate = 20"),
        ('[limits."gmail.com"]\nrate = 0', "limits.rate of", "write for example: 20"),
        ('[limits."gmail.com"]\nrate = nan', "limits.rate of", "write for example: 20"),
        ('[limits."gmail.com"]\nrate = true', "is true; it must be messages a second", "write for example: 20"),
        ('[limits."gmail.com"]\nconnections = 0', "limits.connections of", "write for example: 4"),
        ('[limits."gmail.com"]\nconnections = 1001', "limits.connections of", "write for example: 4"),
        ('[limits."gmail.com"]\nconnections = 2.5', "limits.connections of", "write for example: 4"),
        ('[limits."gmail"]\nrate = 5', "'gmail' is no domain of recipients", 'write it like [limits."gmail.com"]'),
        ('[limits."a b.example"]\nrate = 5', "is no domain of recipients", "write it like"),
        ('[limits."a\\u0000b.example"]\nrate = 5', "is no domain of recipients", "write it like"),
        ("[limits.gmail.com]\nrate = 5", "is no domain in quotes", 'write it in quotes: [limits."gmail.com"]'),
        ("[limits]\nrate = 5", "limits.rate belongs to no domain", 'write [limits."gmail.com"], and rate = …'),
        ('[limits]\n"gmail.com" = 20', "belongs to no domain", 'write [limits."gmail.com"], and rate = …'),
        ('[limit."gmail.com"]\nrate = 5', "no such section [limit]; did you mean [limits]?", "write [limits]"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_write(folder: Folder, text: str, what: str, fix: str) -> None:
    error = folder.refusal(with_limits(text))
    assert what in error.what
    assert fix in error.what + error.fix
    assert "settings are wrong" not in error.what, "one mistake is told once"


def test_a_section_that_is_none_is_told(folder: Folder) -> None:
    error = folder.refusal(f"limits = 3\n{toml(MINIMAL)}")
    assert error.what == "limits is not a section" and '[limits."gmail.com"]' in error.fix


def test_no_more_than_a_thousand(folder: Folder) -> None:
    many = "".join(f'[limits."d{number}.example"]\nrate = 1\n' for number in range(1001))
    assert "1,000 are the most" in folder.refusal(with_limits(many)).what


@pytest.mark.parametrize("name", ["CAMPAIGN_LIMITS__RATE", "CAMPAIGN_LIMITS__GMAIL__RATE"])
def test_the_environment_has_no_limits(folder: Folder, name: str) -> None:
    assert f"{name} names no setting" in folder.refusal(environ={name: "5"}).what
