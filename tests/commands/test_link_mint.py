"""`campaign link mint`: a link that stands the inspection."""

from tests.campaigns import SmallCampaign
from tests.command_line import Command


class TestMint:
    def test_a_minted_link_stands_the_inspection(self, command: Command, small: SmallCampaign) -> None:
        small.settings = {"link": {"redirect_to": "https://acme.myclickfunnels.com/{{ contact.name | urlencode }}"}}
        small.load(25)
        minted = command("link", "mint", small.path, "P3@People.Example", "--lasts", "1h")
        link = minted.out.strip()
        assert minted.code == 0
        assert link.startswith("https://acme.myclickfunnels.com/sso?identifier=p3%40")
        assert "token" not in minted.err
        seen = command("link", "inspect", link, "--campaign", small.path)
        assert seen.code == 0
        assert "https://acme.myclickfunnels.com/Person%203" in seen.out
        assert "WRONG" not in seen.out
        assert link.rpartition("token=")[2] not in seen.out + seen.err
        assert command("link", "inspect", "-", "--campaign", small.path, stdin=f"<{link}>\n").code == 0

    def test_a_link_needs_no_password_of_the_server(self, command: Command, small: SmallCampaign) -> None:
        small.settings = {"smtp": {"username": "us"}}
        small.load(25)
        assert command("link", "mint", small.path, "p3@people.example").code == 0
