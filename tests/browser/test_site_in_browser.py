"""The site of the docs opened as files, in a browser that reaches nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build" / "site"


@pytest.fixture(scope="module")
def site() -> Path:
    command = [sys.executable, str(ROOT / "scripts" / "build_site.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return SITE


@pytest.fixture
def page(chromium: Browser, site: Path) -> Iterator[Page]:
    """A page that complains at the end of what it asked of the internet, and of errors."""
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    outside: list[str] = []
    page.on("request", lambda r: None if r.url.startswith("file:") else outside.append(r.url))
    page.on("pageerror", lambda error: outside.append(str(error)))
    yield page
    page.close()
    assert not [url for url in outside if not url.startswith(("data:", "blob:"))]


def test_diagrams_are_drawn(page: Page) -> None:
    count = (ROOT / "docs" / "architecture.md").read_text("utf-8").count("```mermaid")
    assert count > 1
    page.goto(f"{SITE.as_uri()}/architecture.html")
    drawn = page.locator("div.mermaid")
    expect(drawn).to_have_count(count)  # the theme puts each drawing in the place of its source
    expect(page.locator("pre.mermaid")).to_have_count(0)
    for number in range(count):
        drawn.nth(number).scroll_into_view_if_needed()
        box = drawn.nth(number).bounding_box()
        assert box
        assert box["height"] > 50
        assert box["width"] > 250


def test_search_finds_a_word_and_leads_to_its_page(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{SITE.as_uri()}/index.html")
    page.get_by_role("button", name="Search").click()
    field = page.get_by_placeholder("Search")
    expect(field).to_be_focused()
    field.fill("kerdock")
    match = page.get_by_text("How the noise is reduced")
    expect(match.first).to_be_visible()
    match.first.click()
    expect(page).to_have_title("LIME - cnnvis-widgets")


def test_no_page_is_wider_than_a_phone(page: Page) -> None:
    for path in sorted(SITE.rglob("*.html")):
        if path.name != "404.html":
            page.goto(path.as_uri(), wait_until="commit")
            width = page.evaluate("document.scrollingElement.scrollWidth")
            assert width <= 390, f"{path.name} is {width} pixels wide"


def test_the_film_stands_on_the_home_page_and_rests_where_motion_is_not_wanted(page: Page) -> None:
    shown = "document.querySelector('picture img').currentSrc.split('/').pop()"
    page.goto(f"{SITE.as_uri()}/index.html")
    assert page.evaluate(shown) == "explorer.webp"
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    assert page.evaluate(shown) == "explorer.png"
