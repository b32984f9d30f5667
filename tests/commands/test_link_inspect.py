"""`campaign link inspect`: what a link says, what is wrong with it, and never the link itself."""

from pathlib import Path

import jwt
import pytest

from tests.campaigns import SECRET, SmallCampaign
from tests.command_line import Command, assert_three_parts


class TestInspect:
    def test_what_is_wrong_with_a_link_is_said(
        self, command: Command, small: SmallCampaign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        small.load(25)
        link = command("link", "mint", small.path, "p3@people.example").out.strip()
        monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET[::-1])
        seen = command("link", "inspect", link, "--campaign", small.path)
        assert seen.code == 1
        assert "WRONG" in seen.out

    def test_a_link_is_inspected_with_the_secret_of_the_environment(
        self, command: Command, small: SmallCampaign, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        small.load(25)
        link = command("link", "mint", small.path, "p3@people.example").out.strip()
        token = link.rpartition("token=")[2]
        pasted = f"Hello, your link is {link}, see you!"
        seen = command("link", "inspect", pasted)
        assert seen.code == 0
        assert "ok     secret: signed with the secret at hand" in seen.out
        assert token not in seen.out + seen.err
        monkeypatch.delenv("CAMPAIGN_LINK__SECRET")
        unknown = command("link", "inspect", pasted)
        assert unknown.code == 0
        assert "?      secret: no secret is at hand" in unknown.out
        (tmp_path / "secret").write_text(SECRET + "\n")
        monkeypatch.setenv("CAMPAIGN_LINK__SECRET_FILE", "secret")
        monkeypatch.setenv("CAMPAIGN_LINK__DOMAIN", "www.acme.example")
        by_file = command("link", "inspect", "-", stdin=f'<a href="{link.replace("&", "&amp;")}">in</a>')
        assert by_file.code == 1
        assert "ok     secret: signed with the secret at hand" in by_file.out
        assert "WRONG  domain: the link's host is 'acme.myclickfunnels.com', not link.domain" in by_file.out
        assert token not in by_file.out + by_file.err
        (tmp_path / "secret").unlink()
        missing = command("link", "inspect", link)
        assert missing.code == 2
        assert_three_parts(missing)

    def test_no_claim_upsets_the_terminal_or_shows_another_token(self, command: Command) -> None:
        other = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"
        claims = {"sub": "a@x.example:acme.example", "redirect_to": f"https://acme.example/\x1b[2J?token={other}"}
        made = jwt.encode(claims, SECRET, algorithm="HS256")
        link = f"https://acme.example/sso?identifier=a%40x.example&strategy=email&token={made}"
        seen = command("link", "inspect", link)
        assert seen.code == 1
        assert "\x1b" not in seen.out
        assert "eyJ" not in seen.out
