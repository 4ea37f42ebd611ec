"""The lesson on the other results as a visitor sees it: whole, and its widgets answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_the_other_results(lesson, screenshot):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Other results")
    films = lesson.locator(".cnnvis-optimization-history")
    expect(films).to_have_count(3, timeout=120_000)  # disc, heart, the explorer's
    expect(lesson.locator(".cnnvis-quiz")).to_have_count(3)
    expect(lesson.locator(".cnnvis-explorer")).to_have_count(1)
    expect(lesson.get_by_role("heading", name="Sources")).to_be_visible()

    first = films.first
    slider = first.get_by_role("slider", name="Picture on the way")
    expect(first.get_by_text("After 40 steps:")).to_be_visible()
    finished = first.locator("img").get_attribute("src")
    slider.press("Home")
    expect(first.get_by_text("After 0 steps:")).to_be_visible()
    assert first.locator("img").get_attribute("src") != finished

    lesson.get_by_role("radio", name="All ten").first.click()
    expect(lesson.get_by_text("Right: All ten.")).to_be_visible()
    expect(lesson.get_by_text("By score 40%, by probability 100%")).to_be_visible()
    screenshot(lesson, "lesson-04-4", full_page=True)
