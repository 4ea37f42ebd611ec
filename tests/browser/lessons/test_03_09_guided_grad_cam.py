"""The lesson on Guided Grad-CAM: its widget answers."""

from __future__ import annotations

from playwright.sync_api import expect


def test_guided_grad_cam(lesson):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Guided Grad-CAM")
    expect(lesson.locator(".cnnvis-quiz")).to_have_count(3, timeout=60_000)
    expect(lesson.get_by_role("button", name="Method")).to_be_visible(timeout=60_000)
    first = lesson.locator(".cnnvis-guided-product").first
    slider = first.get_by_role("slider", name="how much of the mask is applied")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "guided backprop")
    slider.press("ArrowRight")
    expect(first.get_by_text("mask applied to 1 %")).to_be_visible()
