"""What is the name of a host, by its form, and what is not."""

import pytest

from campaign.host_names import LONGEST_NAME, is_full_host_name, is_host_name

LONG = ".".join(["a" * 62] * 4)


@pytest.mark.parametrize("name", ["a.b", "acme.example", "ACME.Example", "1.2.a", "a" * 63 + ".se"])
def test_a_full_name_has_labels_with_dots_between(name: str) -> None:
    assert is_full_host_name(name) and is_host_name(name)


@pytest.mark.parametrize("name", ["localhost", "2026a", "192.0.2.1"])
def test_one_label_is_a_name_and_no_full_one_and_so_is_what_looks_like_an_address(name: str) -> None:
    assert is_host_name(name) and not is_full_host_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            ".",
            "a..b",
            ".a.b",
            "a.b.",
            "-a.b",
            "a-.b",
            "a_b.c",
            "a b.c",
            "a.b\n",
            "bücher.example",
            "\u212aa.example",
        ),
        *(f"{'a' * 64}.se", f"{LONG}.ab", "a:b.c", "[::1]"),
    ],
)
def test_what_no_host_can_be_called(name: str) -> None:
    assert not is_host_name(name) and not is_full_host_name(name)


def test_the_dns_has_so_much_room() -> None:
    assert is_full_host_name(f"{LONG}.a") and len(f"{LONG}.a") == LONGEST_NAME
