"""A browser, the pages that we make, and how somebody looks at them: on a phone or at a desk, in light or in dark.

The browser is Debian's Chromium (`apt-get install chromium`), driven by Playwright, which fetches none of its own.
Where there is none, the tests say that they are skipped.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from campaign.api import Campaign
from campaign.evidence import EvidenceKind
from tests.campaigns import SECRET, SmallCampaign
from tests.later_words import settle
from tests.smtp_server import CATALOGUE, FaultServer, local_part

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Look(NamedTuple):
    """How somebody looks at a page. Pixels."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"]


class Pages(NamedTuple):
    """What was made of one campaign."""

    gallery: Path
    message: Path
    report: Path


LOOKS = (
    Look("phone-light", 360, 740, "light"),
    Look("phone-dark", 360, 740, "dark"),
    Look("desk-light", 1280, 900, "light"),
    Look("desk-dark", 1280, 900, "dark"),
)
Open = Callable[[Path, Look], Page]
_CAME_BACK = (*[EvidenceKind.BOUNCED] * 3, EvidenceKind.COMPLAINT, EvidenceKind.UNSUBSCRIBED)
_PEOPLE = ("ada", "unknown.1", "unknown.2", "busy", "grey", "silent", *(f"p{number}" for number in range(30)))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    sandbox = [] if os.geteuid() else ["--no-sandbox"]  # which it refuses to root
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=sandbox)
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens a file as somebody looks at it. The test fails if the page complains, or wants anything from outside."""
    contexts = []
    complaints: list[str] = []

    def opened(path: Path, look: Look) -> Page:
        size = {"width": look.width, "height": look.height}
        context = browser.new_context(viewport=size, color_scheme=look.scheme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: complaints.append(asked.url) if asked.url.startswith("http") else None)
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """A campaign in which much went wrong, with names in several scripts, and a domain with a long name."""
    small = SmallCampaign(tmp_path_factory.mktemp("pages") / "campaign", settings={"smtp": {"rate": 15}})
    rows = [
        (f"{name}@{'people' if number % 3 else 'a.very.long.name.of.a.domain'}.example", f"Person {number}")
        for number, name in enumerate(_PEOPLE)
    ]
    small.contacts(
        [
            *rows,
            ("mona@people.example", "منى الأحمد"),
            ("nobody", "Zoë"),
            ("ADA@a.very.long.name.of.a.domain.example", "דנה"),
        ]
    )
    misbehaviours = (
        CATALOGUE["rcpt_5xx"](match=local_part("unknown")),
        CATALOGUE["rcpt_4xx"](match=local_part("busy")),
        CATALOGUE["rcpt_greylist"](match=local_part("grey")),
        CATALOGUE["body_accepted_cut"](match=local_part("silent")),
    )
    with FaultServer(*misbehaviours) as server:
        small.send(server.port)
    settle(small, *((f"p{number}", kind) for number, kind in enumerate(_CAME_BACK)))
    settings = {"link.secret": SECRET}
    ours = Campaign.load(small.path, settings=settings)
    ours.preview()
    return Pages(
        gallery=ours.preview_folder / "index.html",
        message=next(path for path in sorted(ours.preview_folder.glob("*.html")) if path.name != "index.html"),
        report=ours.report(small.folder / "report.html"),
    )


def violations(page: Page) -> list[str]:
    """What axe finds wrong, with where."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes'][:5]]}" for one in found]


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
