"""The lesson on activation maximisation as a visitor sees it: whole, its films to be scrubbed."""

from __future__ import annotations

from playwright.sync_api import expect


def test_the_lesson_on_activation_maximisation(lesson, screenshot):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Activation maximisation")
    films = lesson.locator(".cnnvis-optimization-history")
    expect(films).to_have_count(5, timeout=120_000)  # three classes, the tiny one, the explorer's
    expect(lesson.locator(".cnnvis-quiz")).to_have_count(3)
    expect(lesson.locator(".cnnvis-explorer")).to_have_count(1)

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

    lesson.get_by_role("radio", name="Snow").click()
    expect(lesson.get_by_text("Right: Snow.")).to_be_visible()
    screenshot(lesson, "lesson-activation-maximization")
