"""The lesson on the other results as a visitor sees it: whole, and its widgets answer."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

LESSON = Path(__file__).parents[2] / "notebooks" / "04_4_other_results.ipynb"
SECONDS = 600  # a dozen ascents, while other tests use the machine


def test_the_other_results(lesson_page, screenshot):
    page = lesson_page(LESSON, timeout=SECONDS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Other results")
    films = page.locator(".cnnvis-optimization-history")
    expect(films).to_have_count(3, timeout=120_000)  # disc, heart, the explorer's
    expect(page.locator(".cnnvis-quiz")).to_have_count(3)
    expect(page.locator(".cnnvis-explorer")).to_have_count(1)
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    page.get_by_role("heading", name="Sources").scroll_into_view_if_needed()
    expect(page.get_by_role("heading", name="Sources")).to_be_in_viewport()
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    first = films.first
    slider = first.get_by_role("slider", name="Picture on the way")
    expect(first.get_by_text("After 40 steps:")).to_be_visible()
    finished = first.locator("img").get_attribute("src")
    slider.press("Home")
    expect(first.get_by_text("After 0 steps:")).to_be_visible()
    assert first.locator("img").get_attribute("src") != finished

    page.get_by_role("radio", name="All ten").first.click()
    expect(page.get_by_text("Right: All ten.")).to_be_visible()
    expect(page.get_by_text("By score 40%, by probability 100%")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 16_000})
    page.wait_for_timeout(1500)
    screenshot(page, "lesson-04-4")
