"""The lesson on convolutional networks: its widgets answer."""

from __future__ import annotations

from playwright.sync_api import expect


def test_convolutional_networks(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Convolutional networks")
    expect(lesson.locator(".cnnvis")).to_have_count(15, timeout=60_000)
    first = lesson.locator(".cnnvis-convolution").first
    first.get_by_role("combobox").select_option("leave as it is")
    result = first.get_by_role("grid", name="result").locator("[role=row]").first
    expect(result).to_have_text("00111")
    features = lesson.locator(".cnnvis-features")
    features.get_by_role("slider").press("End")
    expect(features.get_by_role("status")).to_contain_text("top_bn  7 × 7 × 1280")
    expect(features.locator("img")).to_have_count(16)
    pad = lesson.locator(".cnnvis-pad")
    pad.get_by_role("combobox").select_option("a 3")
    expect(pad.get_by_role("status")).to_contain_text("It reads 3")
    expect(pad.get_by_role("img", name="C3, map")).to_have_count(16)
