"""Lesson 2.4 as a visitor sees it: whole, and its widgets answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_training(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Training")
    expect(lesson.locator(".cnnvis")).to_have_count(6, timeout=60_000)
    expect(lesson.get_by_text("Traceback").filter(visible=True)).to_have_count(0)

    # the first widget: as printed in the thesis, then what He wrote
    deep = lesson.locator(".cnnvis-signal-propagation")
    deep.get_by_role("button", name="thesis, as printed").click()
    expect(deep.get_by_role("status")).to_contain_text("· 10³⁸")
    deep.get_by_role("button", name="He", exact=True).click()
    expect(deep.get_by_role("status")).to_contain_text("has become 1.")

    # zeros stay zeros
    zeros = lesson.locator(".cnnvis-decision-boundary").first
    zeros.get_by_role("button", name="100 steps").click()
    expect(zeros.locator(".cnnvis-decision-boundary-status")).to_contain_text(
        "100 steps: loss 0.693, 50 of"
    )

    few = lesson.locator(".cnnvis-regulariser")
    expect(few.get_by_role("status")).to_contain_text("1185 parameters")
    for _ in range(5):
        few.get_by_role("slider", name="L2 penalty").press("ArrowRight")
    expect(few.get_by_role("status")).to_contain_text("0.383 in validation")

    third = lesson.get_by_text("Third question").locator("xpath=ancestor::fieldset")
    third.get_by_role("radio", name="Four times as large").click()
    expect(third.get_by_text("Right: Four times as large.")).to_be_visible()
