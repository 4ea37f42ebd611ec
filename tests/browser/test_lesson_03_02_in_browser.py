"""The lesson on activation maximisation as a visitor sees it: whole, its films to be scrubbed."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

LESSON = Path(__file__).parents[2] / "notebooks" / "03_02_activation_maximization.ipynb"
SECONDS = 600  # three large ascents, while other tests use the machine


def test_the_lesson_on_activation_maximisation(lesson_page, screenshot):
    page = lesson_page(LESSON, timeout=SECONDS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Activation maximisation")
    films = page.locator(".cnnvis-optimization-history")
    expect(films).to_have_count(5, timeout=120_000)  # three classes, the tiny one, the explorer's
    expect(page.locator(".cnnvis-quiz")).to_have_count(3)
    expect(page.locator(".cnnvis-explorer")).to_have_count(1)
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    page.get_by_role("heading", name="Sources").scroll_into_view_if_needed()
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    first = films.first
    slider = first.get_by_role("slider", name="Picture on the way")
    expect(first.get_by_text("After 100 steps:")).to_be_visible()
    finished = first.locator("img").get_attribute("src")
    slider.press("Home")
    expect(first.get_by_text("After 0 steps:")).to_be_visible()
    expect(first.get_by_role("img", name="The picture after 0 steps")).to_be_visible()
    assert first.locator("img").get_attribute("src") != finished

    tiny = films.nth(3)
    slider = tiny.get_by_role("slider", name="Picture on the way")
    slider.press("Home")
    slider.press("ArrowRight")
    expect(tiny.get_by_text("After 1 step: 2 (activation)")).to_be_visible()

    page.get_by_role("radio", name="Snow").click()
    expect(page.get_by_text("Right: Snow.")).to_be_visible()
    screenshot(page, "lesson-activation-maximization")
