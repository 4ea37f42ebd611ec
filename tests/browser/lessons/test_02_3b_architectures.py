"""The lesson on architectures: diagrams, features by depth, and a digit that is drawn."""

from __future__ import annotations

from playwright.sync_api import expect


def test_architectures(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Architectures")
    expect(lesson.locator(".cnnvis")).to_have_count(11, timeout=60_000)
    assert lesson.title() == "2.3b Architectures"
    drawn = lesson.locator(".cnnvis-architecture")
    expect(drawn).to_have_count(6)
    vgg = drawn.nth(2)
    vgg.get_by_role("option", name="fc1: dense, 4096").click()
    expect(vgg.get_by_role("status")).to_contain_text("74.3 %")
    features = lesson.locator(".cnnvis-features")
    features.get_by_role("slider").press("End")
    expect(features.get_by_role("status")).to_contain_text("top_bn  7 × 7 × 1280")
    expect(features.locator("img")).to_have_count(16)
    pad = lesson.locator(".cnnvis-pad")
    pad.get_by_role("combobox").select_option("a 3")
    expect(pad.get_by_role("status")).to_contain_text("It reads 3")
    expect(pad.get_by_role("img", name="C3, map")).to_have_count(16)
    lesson.get_by_role("radio", name="The numbers that came in, unchanged").click()
    expect(lesson.get_by_text("Right: The numbers that came in, unchanged.")).to_be_visible()
    ways = lesson.get_by_role("navigation", name="What comes next")
    expect(ways.get_by_role("link", name="2.4 Training")).to_be_visible()
