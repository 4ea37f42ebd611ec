"""A lesson as a deck, in the page that `cnnvis app` serves."""

from __future__ import annotations

import pytest
from jupyter_servers import JupyterServer
from playwright.sync_api import Browser, expect


@pytest.fixture
def app(course: JupyterServer) -> str:
    """The address of the pages as `cnnvis app` serves them."""
    return f"{course.url}/voila/render"


def test_a_lesson_is_a_deck_with_live_widgets(app: str, chromium: Browser, screenshot) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{app}/02_1_machine_learning.ipynb", wait_until="commit")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Machine learning", timeout=120_000)
    question = page.get_by_role("heading", name="The question")
    expect(question).to_be_visible()
    page.wait_for_function("document.querySelectorAll('.cnnvis').length > 0", timeout=60_000)

    page.get_by_role("button", name="As slides").click()
    bar = page.get_by_role("navigation", name="Slides")
    expect(bar).to_contain_text("1 of 2")  # some twenty
    expect(heading).to_be_visible()
    expect(question).to_be_hidden()
    expect(page.get_by_role("button", name="Show the code")).to_be_hidden()
    screenshot(page, "deck-1")
    page.keyboard.press("ArrowRight")
    expect(question).to_be_visible()
    expect(question).to_be_in_viewport()
    expect(heading).to_be_hidden()
    page.keyboard.press("PageUp")
    expect(bar.get_by_role("button", name="Back")).to_be_disabled()
    expect(heading).to_be_visible()

    # Every slide shows something; widgets can be used, and keep their keys while they are.
    count = int(bar.locator("output").inner_text().split(" of ")[1])
    used = False
    for number in range(1, count + 1):
        expect(bar).to_contain_text(f"{number} of {count}")
        shown = page.locator("[cell-index]:not(.cnnvis-off)")
        assert any(box and box["height"] > 10 for box in map(_box, shown.all())), number
        slider = page.locator("[cell-index]:not(.cnnvis-off) input[type=range]").first
        if not used and slider.count() and slider.is_visible():
            before = slider.input_value()
            slider.focus()
            page.keyboard.press("ArrowLeft")
            assert slider.input_value() != before
            expect(bar).to_contain_text(f"{number} of {count}")
            screenshot(page, "deck-widget")
            used = True
        for _ in range(10):  # a slide may come in steps
            page.keyboard.press("PageDown")
            if bar.locator("output").inner_text() != f"{number} of {count}":
                break
    assert used
    expect(bar.get_by_role("button", name="On")).to_be_disabled()

    # The address leads to the slide; leaving gives the page back.
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    expect(question).to_be_visible()
    assert page.url.endswith("#slide-2")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Show the code")).to_be_visible()
    expect(heading).to_be_attached()
    expect(page.locator(".cnnvis-off")).to_have_count(0)
    assert "#" not in page.url
    context.close()
    assert errors == []


def test_a_deck_that_is_opened_before_its_cells_have_run(app: str, chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{app}/02_1_machine_learning.ipynb#slide-2", wait_until="commit")
    expect(page.get_by_role("heading", name="The question")).to_be_visible(timeout=60_000)
    output = page.get_by_role("navigation", name="Slides").locator("output")
    early = int(output.inner_text().split(" of ")[1])
    page.wait_for_function(
        "document.querySelector('.cnnvis') && !document.querySelector('.voila-skeleton-container')",
        timeout=120_000,
    )
    page.keyboard.press("ArrowRight")
    count = int(output.inner_text().split(" of ")[1])
    assert count <= early
    for _ in range(200):
        shown = page.locator("[cell-index]:not(.cnnvis-off)")
        assert any(box and box["height"] > 10 for box in map(_box, shown.all()))
        if output.inner_text() == f"{count} of {count}":
            break
        page.keyboard.press("PageDown")
    expect(output).to_have_text(f"{count} of {count}")
    page.close()


def _box(locator) -> dict | None:
    return locator.bounding_box()
