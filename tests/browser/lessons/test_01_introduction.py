"""The first lesson as a visitor sees it: whole, and its first widgets answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_introduction(lesson, screenshot):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("why look inside at all?")
    expect(lesson.locator(".cnnvis-quiz")).to_have_count(1, timeout=60_000)
    expect(lesson.locator(".cnnvis-explorer")).to_have_count(1)
    classes = lesson.locator(".cnnvis-predictions")
    expect(classes.get_by_text("bobsled").first).to_be_visible(timeout=60_000)
    lesson.get_by_role("radio", name="Something else").click()
    expect(lesson.get_by_text("Right: Something else.")).to_be_visible()
    expect(lesson.get_by_text("It says punching bag")).to_be_visible()
    screenshot(lesson, "lesson-introduction")
    lesson.get_by_text("Photos: astronaut").scroll_into_view_if_needed()
