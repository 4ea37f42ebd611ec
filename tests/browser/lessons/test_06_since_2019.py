"""The lesson on what came after the thesis: its threshold, its guesses and its explorer answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_since_2019(lesson, screenshot):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Since 2019")
    expect(lesson.get_by_text("honest right on new pictures: 50%")).to_be_visible()
    threshold = lesson.locator(".cnnvis-threshold")
    threshold.get_by_role("slider").press("Home")
    # Everything is said to be snow: all of it is found, and half of it is none.
    expect(threshold.get_by_role("status")).to_contain_text("accuracy 50.0 %, precision 50.0 %")
    threshold.scroll_into_view_if_needed()
    screenshot(lesson, "lesson-since-2019")
    for number, answer in (("First", "Nothing"), ("Second", "5"), ("Third", "Noise")):
        quiz = lesson.get_by_role("group", name=f"{number} question")
        quiz.get_by_role("radio", name=answer, exact=True).click()
        expect(quiz.get_by_text(f"Right: {answer}.")).to_be_visible()
    expect(lesson.locator(".cnnvis-view-title")).to_contain_text("Gradient", timeout=60_000)
    sources = lesson.get_by_role("heading", name="Sources")
    sources.scroll_into_view_if_needed()
    expect(sources).to_be_in_viewport()
