"""Lesson 2.4b as a visitor sees it: whole, and its widgets answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_batches_and_optimizers(lesson, screenshot):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Batches and optimizers")
    expect(lesson.locator(".cnnvis")).to_have_count(4, timeout=60_000)
    expect(lesson.get_by_text("Traceback").filter(visible=True)).to_have_count(0)

    race = lesson.locator(".cnnvis-optimizer-race")
    race.get_by_role("button", name="Ten steps").click()
    expect(race.get_by_role("status")).to_contain_text("After 10 steps")
    screenshot(race, "lesson-02-4b-race")

    first = lesson.get_by_text("First question").locator("xpath=ancestor::fieldset")
    first.get_by_role("radio", name="RMSprop's and Adam's").click()
    expect(first.get_by_text("Right: RMSprop's and Adam's.")).to_be_visible()
    expect(first.get_by_text("SGD by 3e+101: it ran away.")).to_be_visible()
    third = lesson.get_by_text("Third question").locator("xpath=ancestor::fieldset")
    third.get_by_role("radio", name="Less than half of it").click()
    expect(third.get_by_text("From 0.128 to 0.036.")).to_be_visible()
