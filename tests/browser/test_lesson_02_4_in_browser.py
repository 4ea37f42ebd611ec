"""Lesson 2.4 as a visitor sees it: whole, and its widgets answer."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SECONDS = 600  # while other tests use the machine


def test_training(lesson_page, screenshot):
    page = lesson_page(NOTEBOOKS / "02_4_training.ipynb", timeout=SECONDS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Training")
    expect(page.locator(".cnnvis")).to_have_count(7, timeout=60_000)
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    expect(page.get_by_text("Traceback").filter(visible=True)).to_have_count(0)
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("heading", name="Sources").scroll_into_view_if_needed()

    # the first widget: as printed in the thesis, then what He wrote
    deep = page.locator(".cnnvis-signal-propagation")
    deep.get_by_role("button", name="thesis, as printed").click()
    expect(deep.get_by_role("status")).to_contain_text("· 10³⁸")
    deep.get_by_role("button", name="He", exact=True).click()
    expect(deep.get_by_role("status")).to_contain_text("has become 1.")

    # zeros stay zeros
    zeros = page.locator(".cnnvis-decision-boundary").first
    zeros.get_by_role("button", name="100 steps").click()
    expect(zeros.locator(".cnnvis-decision-boundary-said")).to_contain_text(
        "100 steps: loss 0.693, 50 of"
    )

    few = page.locator(".cnnvis-regulariser")
    expect(few.get_by_role("status")).to_contain_text("1185 parameters")
    for _ in range(5):
        few.get_by_role("slider", name="L2 penalty").press("ArrowRight")
    expect(few.get_by_role("status")).to_contain_text("0.383 in validation")

    race = page.locator(".cnnvis-optimizer-race")
    race.get_by_role("button", name="Ten steps").click()
    expect(race.get_by_role("status")).to_contain_text("After 10 steps")
    screenshot(race, "lesson-02-4-race")

    second = page.get_by_text("Second question").locator("xpath=ancestor::fieldset")
    second.get_by_role("radio", name="RMSprop's and Adam's").click()
    expect(second.get_by_text("Right: RMSprop's and Adam's.")).to_be_visible()
    expect(second.get_by_text("SGD by 3e+101: it ran away.")).to_be_visible()
