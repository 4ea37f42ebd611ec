"""The lesson on Deep Taylor decomposition as a visitor sees it: whole, and its widgets answer."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SECONDS = 600  # while other tests use the machine


def test_deep_taylor(lesson_page):
    page = lesson_page(NOTEBOOKS / "03_06_deep_taylor.ipynb", timeout=SECONDS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Deep Taylor decomposition")
    flow = page.locator(".cnnvis-relevance-flow")
    expect(flow).to_have_count(1, timeout=60_000)
    expect(page.locator(".cnnvis-quiz")).to_have_count(3)
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    floors = flow.get_by_role("radio")
    expect(floors).to_have_count(10)
    expect(floors.filter(has_text="9.009")).to_have_count(10)  # the sum on every floor
    expect(flow.get_by_role("status")).to_contain_text("top_activation: 7 × 7 places hold 9.009")
    floors.nth(1).focus()
    page.keyboard.press("End")
    expect(flow.get_by_role("status")).to_contain_text("the picture: 224 × 224 places hold 9.009")
    expect(flow.get_by_role("status")).to_contain_text("half of it lies on 31 % of them")
    first = page.get_by_text("First question").locator("xpath=ancestor::fieldset")
    first.get_by_role("radio", name="Where Egyptian cat's lies").click()
    expect(first.get_by_text("The two maps correlate with 0.99")).to_be_visible()
    sources = page.get_by_role("heading", name="Sources")
    sources.scroll_into_view_if_needed()
    expect(sources).to_be_in_viewport()
