"""Pages shown large, for the back row: all of it is still there, and the pointer is true."""

from __future__ import annotations

import pytest
from jupyter_servers import JupyterServer
from playwright.sync_api import FloatRect, Locator, Page, expect

SLOW = 180_000
SIDE = 64  # of Mini VGG's input
SCALE = 1.35


def size_of_text(page: Page, selector: str) -> float:
    """The height of a letter as it is seen, in pixels of the window."""
    return page.locator(selector).first.evaluate(
        "(e) => parseFloat(getComputedStyle(e).fontSize) * e.currentCSSZoom"
    )


def box_of(part: Locator) -> FloatRect:
    """Where an element is, in pixels of the window."""
    box = part.bounding_box()
    assert box is not None
    return box


def in_sight(page: Page, selector: str) -> bool:
    """Whether all such elements are within the window."""
    size = page.viewport_size
    assert size is not None
    boxes = [box_of(part) for part in page.locator(selector).filter(visible=True).all()]
    assert boxes
    return all(
        box["x"] >= 0
        and box["y"] >= 0
        and box["x"] + box["width"] <= size["width"]
        and box["y"] + box["height"] <= size["height"]
        for box in boxes
    )


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080), (390, 844)])
def test_the_explorer_is_larger_and_all_of_it_works(
    course: JupyterServer, page: Page, screenshot, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    address = f"{course.url}/voila/render/explorer.ipynb?network=mini_vgg&picture=cat"
    page.goto(address, wait_until="commit")
    expect(page.locator(".cnnvis-trust button").first).to_be_visible(timeout=SLOW)
    # The last check may make the strip a line taller and the picture smaller.
    expect(page.locator(".cnnvis-trust")).to_have_attribute("aria-busy", "false", timeout=SLOW)
    usual = size_of_text(page, ".cnnvis-bar-parts button")
    if width <= 640:
        page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Large text").click()
    expect(page.get_by_role("button", name="Large text")).to_have_attribute("aria-pressed", "true")
    if width <= 640:
        page.keyboard.press("Escape")
    assert size_of_text(page, ".cnnvis-bar-parts button") == pytest.approx(SCALE * usual)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture = page.locator("svg.cnnvis-touch").first
    picture.scroll_into_view_if_needed()
    assert box_of(picture)["height"] <= height
    if width > 640:
        page.evaluate("scrollTo(0, 0)")
        assert in_sight(page, ".cnnvis-bar-parts button")
        assert box_of(picture)["y"] + box_of(picture)["height"] <= height
    screenshot(page, f"large-explorer-{width}")

    # The pixel under the pointer is the one that is read.
    for row, column in [(5, 7), (40, 61), (62, 1)]:
        box = box_of(picture)  # what comes meanwhile may move it
        x = box["x"] + (column + 0.5) / SIDE * box["width"]
        page.mouse.move(x, box["y"] + (row + 0.5) / SIDE * box["height"])
        expect(page.get_by_text(f"Row {row}, column {column}:")).to_be_visible()

    # A panel opens by its button, and within the window.
    opener = page.locator(".cnnvis-bar-parts button").nth(4)
    opener.click()
    panel = page.locator(".cnnvis-panel-open")
    expect(panel).to_be_visible()
    opened, button = box_of(panel), box_of(opener)
    assert opened["x"] >= 0
    assert opened["x"] + opened["width"] <= width + 1
    if width > 640:
        assert abs(opened["y"] - button["y"] - button["height"]) < 12
        assert opened["x"] <= button["x"] + 1
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()

    # It stays on other pages, until it is ended.
    other = page.context.new_page()
    other.goto(f"{course.url}/voila/render/glossary.ipynb", wait_until="commit")
    large = other.get_by_role("button", name="Large text")
    expect(large).to_have_attribute("aria-pressed", "true", timeout=SLOW)
    large.press("Enter")
    expect(large).to_have_attribute("aria-pressed", "false")
    other.reload(wait_until="commit")
    expect(large).to_have_attribute("aria-pressed", "false", timeout=SLOW)
    other.close()


def test_an_address_asks_for_it_and_words_are_explained_beside_them(
    course: JupyterServer, page: Page, screenshot
) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    lesson = f"{course.url}/voila/render/03_08_grad_cam.ipynb?large=1"
    page.goto(lesson, wait_until="commit")
    large = page.get_by_role("button", name="Large text")
    expect(large).to_have_attribute("aria-pressed", "true", timeout=SLOW)
    word = page.locator("a.cnnvis-term").first
    word.hover()
    meaning = page.get_by_role("tooltip")
    expect(meaning).to_be_visible()
    there, here = box_of(word), box_of(meaning)
    assert abs(here["y"] - there["y"] - there["height"]) < 3
    assert abs(here["x"] - there["x"]) < 3 or here["x"] + here["width"] <= 1280
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "large-lesson")
    page.goto(lesson.replace("large=1", "large=0"), wait_until="commit")
    expect(large).to_have_attribute("aria-pressed", "false", timeout=SLOW)
