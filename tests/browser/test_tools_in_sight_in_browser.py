"""The explorer as `cnnvis app` serves it: with each tool, what is used is within the window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from jupyter_servers import JupyterServer
from playwright.sync_api import Locator, Page, expect

SLOW = 180_000
SIZES = [(1280, 800), (1920, 1080)]


def bottom(part: Locator) -> float:
    """How far down it reaches, in pixels of the window."""
    box = part.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def drag(page: Page) -> None:
    box = page.locator("svg.cnnvis-touch").first.bounding_box()
    assert box is not None
    for share, action in ((0.35, page.mouse.down), (0.5, None), (0.6, page.mouse.up)):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + share * box["height"])
        if action:
            action()


def paint(page: Page) -> None:
    drag(page)
    page.locator(".cnnvis-paint-compare").click()
    expect(page.locator(".cnnvis-paint-key")).to_be_visible()


def patch(page: Page) -> None:
    drag(page)
    expect(page.locator(".cnnvis-touch-class").first).to_be_visible()


def superpixels(page: Page) -> None:
    expect(page.locator(".cnnvis-fewest button").first).to_be_visible(timeout=SLOW)
    drag(page)
    expect(page.locator(".cnnvis-touch-class").first).to_be_visible()


def deletion(page: Page) -> None:
    expect(page.locator(".cnnvis-touch-chart svg")).to_be_visible(timeout=SLOW)


TOOLS: dict[str, Callable[[Page], None]] = {
    "read": lambda page: None,
    "box": drag,
    "paint": paint,
    "patch": patch,
    "superpixels": superpixels,
    "deletion": deletion,
}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_controls_and_checks_are_in_sight_with_each_tool(
    course: JupyterServer, page: Page, screenshot, width: int, height: int, language: str
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    address = f"{course.url}/voila/render/explorer.ipynb?picture=cat&lang={language}"
    page.goto(address, wait_until="commit")
    strip = page.locator(".cnnvis-trust")
    expect(strip.locator("button")).to_have_count(3, timeout=SLOW)
    picture = page.locator(".cnnvis-view-pane").first
    places = set()
    for name, act in TOOLS.items():
        page.locator(f'.cnnvis-touch-bar [data-key="{name}"]').click()
        act(page)
        screenshot(page, f"tool-{name}-{width}-{language}")
        assert bottom(strip) <= height, name
        assert bottom(page.locator(".cnnvis-view-actions")) <= height, name
        answers = page.locator(".cnnvis-touch-answers")
        if name != "read":
            assert bottom(answers) <= height, name
        places.add((strip.bounding_box()["y"], picture.bounding_box()["height"]))  # type: ignore[index]
    assert len(places) == 1  # neither moves when a tool is taken up
    assert picture.bounding_box()["height"] >= 0.5 * height  # type: ignore[index]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("language", ["en", "es"])
def test_on_a_phone_the_controls_follow_the_picture(
    course: JupyterServer, page: Page, screenshot, language: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    address = f"{course.url}/voila/render/explorer.ipynb?picture=cat&lang={language}"
    page.goto(address, wait_until="commit")
    strip = page.locator(".cnnvis-trust")
    expect(strip.locator("button")).to_have_count(3, timeout=SLOW)
    page.locator('.cnnvis-touch-bar [data-key="paint"]').click()
    page.locator("svg.cnnvis-touch").first.scroll_into_view_if_needed()
    paint(page)
    screenshot(page, f"tool-paint-390-{language}", full_page=True)
    tops = [
        page.locator(one).first.bounding_box()["y"]  # type: ignore[index]
        for one in (
            ".cnnvis-view-pane",
            ".cnnvis-touch-bar",
            ".cnnvis-touch-answers",
            ".cnnvis-view-look",
            ".cnnvis-trust",
        )
    ]
    assert tops == sorted(tops)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
