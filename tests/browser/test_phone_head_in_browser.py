"""A page's head on a phone: one row, and a menu for the rest."""

from __future__ import annotations

import pytest
from jupyter_servers import JupyterServer
from playwright.sync_api import Locator, Page, expect

SLOW = 180_000
LEAST = 44  # pixels that a finger needs
PAGES = [
    ("00_index", "en", "Menu"),
    ("glossary", "es", "Menú"),
    ("explorer", "en", "Menu"),
    ("explorer", "es", "Menú"),
    ("02_1_machine_learning", "en", "Menu"),
]


def boxes(page: Page, of: Locator) -> list[dict[str, float]]:
    """Where its links and buttons are that can be seen."""
    parts = of.locator("a, button, summary").filter(visible=True).all()
    found = [part.bounding_box() for part in parts]
    assert all(found)
    return found  # type: ignore[return-value]


@pytest.mark.parametrize(("name", "language", "menu"), PAGES)
def test_the_head_is_one_row_and_a_menu(
    course: JupyterServer, page: Page, screenshot, name: str, language: str, menu: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    address = f"{course.url}/voila/render/{name}.ipynb?lang={language}"
    page.goto(address, wait_until="commit")
    button = page.get_by_role("button", name=menu, exact=True)
    expect(button).to_be_visible(timeout=SLOW)
    tools = page.locator(".cnnvis-tools")
    button.click()  # also while the page has yet to come
    expect(tools).to_be_visible()
    button.click()
    expect(tools).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=SLOW)
    expect(page.locator(".cnnvis-running")).to_be_hidden(timeout=SLOW)
    head = page.locator(".cnnvis-head")
    row = boxes(page, head)
    assert head.bounding_box()["height"] <= 56  # type: ignore[index]
    assert len({round(box["y"] + box["height"] / 2) for box in row}) == 1
    assert all(box["width"] >= LEAST and box["height"] >= LEAST for box in row)
    assert min(box["y"] for box in row) >= 0
    assert max(box["x"] + box["width"] for box in row) <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(page, f"phone-head-{name}-{language}")

    # By finger, and away again by a tap elsewhere.
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(tools).to_be_visible()
    shown = boxes(page, page.locator(".cnnvis-menu-parts"))
    assert all(box["width"] >= LEAST and box["height"] >= LEAST for box in shown)
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in shown)
    screenshot(page, f"phone-menu-{name}-{language}")
    page.mouse.click(195, 820)
    expect(tools).to_be_hidden()

    # By keys: the menu follows its button, and Escape leads back to it.
    button.focus()
    page.keyboard.press("Enter")
    expect(tools).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.cnnvis-menu-parts') !== null")
    page.keyboard.press("Escape")
    expect(tools).to_be_hidden()
    expect(button).to_be_focused()

    # Where there is room, there is no menu.
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(button).to_be_hidden()
    expect(tools).to_be_visible()
