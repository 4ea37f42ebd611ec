"""The lesson on VisualBackProp as a visitor sees it: whole, and its widgets answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_visual_backprop(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("VisualBackProp")
    chains = lesson.locator(".cnnvis-map-chain")
    expect(chains).to_have_count(2, timeout=60_000)
    expect(lesson.locator(".cnnvis-quiz")).to_have_count(3)

    chain = chains.first
    links = chain.get_by_role("radio")
    expect(links).to_have_count(6)
    status = chain.get_by_role("status")
    expect(status).to_contain_text("Link 1 of 6, top_activation: 7 × 7 places")
    links.nth(0).focus()
    lesson.keyboard.press("End")
    expect(status).to_contain_text(
        "Link 6 of 6, the picture: 224 × 224 places, product at most 217"
    )
    expect(chains.nth(1).get_by_role("radio")).to_have_count(8)
    first = lesson.get_by_text("First question").locator("xpath=ancestor::fieldset")
    first.get_by_role("radio", name="Not at all").click()
    expect(first.get_by_text("The largest difference is 0.")).to_be_visible()
    sources = lesson.get_by_role("heading", name="Sources")
    sources.scroll_into_view_if_needed()
    expect(sources).to_be_in_viewport()
