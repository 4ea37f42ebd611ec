"""axe-core finds nothing serious on the pages of the app, as a visitor meets them.

The lessons' pages are looked at by the visits in `lessons/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe import violations
from jupyter_servers import JupyterServer
from playwright.sync_api import Browser, Page, expect

LOADING = 180_000


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, reduced_motion="reduce", bypass_csp=True
    )
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    yield opened
    context.close()


def opened(page: Page, course: JupyterServer, name: str) -> None:
    page.goto(f"{course.url}/voila/render/{name}.ipynb", wait_until="commit")


def test_axe_sees_what_is_wrong(page: Page) -> None:
    """Without this, a test that finds nothing would prove nothing."""
    page.set_content(
        "<!doctype html><html lang='en'><title>t</title><main><button></button>"
        "<img src='data:,'><p style='color:#aaa;background:#fff'>pale</p></main></html>"
    )
    rules = {line.split()[1] for line in violations(page)}
    assert rules >= {"button-name:", "image-alt:", "color-contrast:"}


def test_the_home_page(page: Page, course: JupyterServer) -> None:
    opened(page, course, "00_index")
    expect(page.locator(".cnnvis-course-card").first).to_be_visible(timeout=LOADING)
    assert violations(page) == []


def test_the_explorer_with_each_of_its_panels_and_tools(page: Page, course: JupyterServer) -> None:
    opened(page, course, "explorer")
    expect(page.locator(".cnnvis-trust-line button").first).to_be_visible(timeout=LOADING)
    assert violations(page) == []
    for name in ("Network", "Picture", "Layer", "Method", "Parameters"):
        page.get_by_role("button", name=re.compile(f"^{name}")).click()
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        assert violations(page) == [], name
        page.keyboard.press("Escape")
    for name in ("Position", "Box", "Patch", "Superpixels", "Deletion"):
        page.get_by_role("radio", name=name, exact=True).click()
        assert violations(page) == [], name
    page.get_by_role("button", name=re.compile("^Layer")).click()
    page.get_by_role("tab", name="Diagram").click()
    expect(page.get_by_role("tree", name="Layer, as a diagram")).to_be_visible()
    assert violations(page) == [], "the diagram"
    page.get_by_role("treeitem", name=re.compile("^block7a:")).click()
    page.get_by_role("treeitem", name=re.compile("^block7a_project_conv:")).click()
    card = page.get_by_role("region", name="Neuron's card")
    expect(card.get_by_role("button", name=re.compile("choose this"))).to_have_count(
        4, timeout=LOADING
    )
    assert violations(page) == [], "a neuron's card"
    page.get_by_role("button", name="QR code").click()
    expect(page.get_by_role("dialog", name="Link as a QR code")).to_be_visible()
    assert violations(page) == []


def test_the_comparer(page: Page, course: JupyterServer) -> None:
    opened(page, course, "comparer")
    cells = page.locator(".cnnvis-comparer img, .cnnvis-grid-map, .cnnvis-comparer canvas")
    expect(cells.first).to_be_visible(timeout=LOADING)
    assert violations(page) == []


def test_who_cheats(page: Page, course: JupyterServer) -> None:
    opened(page, course, "who_cheats")
    titles = page.locator(".cnnvis-shortcut-quiz .cnnvis-view-title")
    expect(titles.nth(0)).to_contain_text("Network A says", timeout=LOADING)
    expect(titles.nth(1)).to_contain_text("Network B says", timeout=LOADING)
    expect(page.get_by_role("radio", name="Network B", exact=True)).to_be_visible()
    assert violations(page) == []


def test_the_scoreboard(page: Page, course: JupyterServer) -> None:
    opened(page, course, "scoreboard")
    expect(page.locator(".cnnvis-scoreboard").first).to_be_visible(timeout=LOADING)
    assert violations(page) == []
