"""The lesson on Deep Taylor decomposition as a visitor sees it: whole, and its widgets answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_deep_taylor(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Deep Taylor decomposition")
    flow = lesson.locator(".cnnvis-relevance-flow")
    expect(flow).to_have_count(1, timeout=60_000)
    expect(lesson.locator(".cnnvis-quiz")).to_have_count(3)

    floors = flow.get_by_role("radio")
    expect(floors).to_have_count(10)
    expect(floors.filter(has_text="9.009")).to_have_count(10)  # the sum on every floor
    expect(flow.get_by_role("status")).to_contain_text("top_activation: 7 × 7 places hold 9.009")
    floors.nth(1).focus()
    lesson.keyboard.press("End")
    expect(flow.get_by_role("status")).to_contain_text("the picture: 224 × 224 places hold 9.009")
    expect(flow.get_by_role("status")).to_contain_text("half of it lies on 31 % of them")
    first = lesson.get_by_text("First question").locator("xpath=ancestor::fieldset")
    first.get_by_role("radio", name="Where Egyptian cat's is").click()
    expect(first.get_by_text("The two maps correlate with 0.99")).to_be_visible()
    sources = lesson.get_by_role("heading", name="Sources")
    sources.scroll_into_view_if_needed()
    expect(sources).to_be_in_viewport()
