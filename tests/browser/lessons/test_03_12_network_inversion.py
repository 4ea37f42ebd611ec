"""The lesson on network inversion as a visitor sees it: whole, and the strip of layers answers."""

from __future__ import annotations

from playwright.sync_api import expect


def test_the_lesson_on_network_inversion(lesson, screenshot):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Network inversion")
    strips = lesson.locator(".cnnvis-inversions")
    expect(strips).to_have_count(2, timeout=120_000)
    expect(lesson.locator(".cnnvis-optimization-history")).to_have_count(
        2
    )  # the film, and the explorer's
    expect(lesson.locator(".cnnvis-quiz")).to_have_count(3)

    first = strips.first
    layers = first.get_by_role("radiogroup", name="Two ways back")
    layers.get_by_role("radio", name="conv1_relu").focus()
    lesson.keyboard.press("End")
    expect(first.get_by_role("status")).to_contain_text("avg_pool. regularised: code's error 0.0")
    expect(first.get_by_role("status")).to_contain_text("no decoder")
    layers.get_by_role("radio", name="conv3_block2_out").click()
    expect(first.locator("figure")).to_have_count(3)
    large = first.get_by_role("img", name="decoder, made from conv3_block2_out, enlarged")
    expect(large).to_be_visible()
    assert large.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 64

    lesson.get_by_role("radio", name="The grainy one").click()
    expect(lesson.get_by_text("Right: The grainy one.")).to_be_visible()
    screenshot(lesson, "lesson-network-inversion")
