"""The lesson on tools as a visitor sees it."""

from __future__ import annotations

from playwright.sync_api import expect


def test_tools(lesson, screenshot):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("from a formula to a picture")
    expect(lesson.locator(".cnnvis")).to_have_count(1, timeout=60_000)
    environment = lesson.locator("pre", has_text="mini_vgg")
    expect(environment).to_contain_text("tensorflow")
    assert "/" not in environment.inner_text()  # no path of the machine that serves it
    screenshot(lesson, "lesson-tools")
    lesson.get_by_role("radio", name="about as long").click()
    expect(lesson.get_by_text("here, just now.").filter(visible=True)).to_be_visible()
    lesson.get_by_text("Universidad Pública de Navarra, 2019, section").scroll_into_view_if_needed()
