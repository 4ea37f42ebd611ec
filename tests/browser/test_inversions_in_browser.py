"""The two ways back in a real browser: chosen by mouse and by keys, twice in one page."""

from __future__ import annotations

from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import Locator, expect

SETUP = """
import numpy as np
from cnnvis_widgets.widgets import Inversions

given = np.full((20, 30, 3), 100, np.uint8)
made = {
    "conv1": {"regularised": (given + 10, 0.0213), "decoder": (given + 50, 0.1)},
    "conv2": {"regularised": (given + 30, 0.4), "decoder": None},
    "pool": {"regularised": (given + 80, 0.5), "decoder": (given + 90, 0.7)},
}
one = Inversions(given, made, {"conv1": "10 × 15 × 4"}, alt="plain grey")
one
"""
SHADE = """(image) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(5, 5, 1, 1).data[0];
}"""


def figures(widget: Locator, text: str) -> Locator:
    """The caption of an enlarged picture that ends so."""
    return widget.locator("figcaption").filter(has_text=text)


def test_a_layer_is_chosen_and_enlarged(voila_page, screenshot):
    page = voila_page([SETUP, "two = Inversions(given, made, value='pool')\ntwo"])
    first, second = (page.locator(".cnnvis-inversions").nth(i) for i in (0, 1))
    layers = first.get_by_role("radiogroup", name="Two ways back")
    expect(layers.get_by_role("radio")).to_have_count(3)
    expect(layers.get_by_role("radio", name="conv1")).to_have_attribute("aria-checked", "true")
    expect(layers.get_by_text("no decoder")).to_be_visible()

    large = first.get_by_role("img", name="decoder, made from conv1, enlarged")
    large.evaluate("(image) => image.decode()")
    assert large.evaluate(SHADE) == 150
    expect(figures(first, "code's error 0.0213, colours off by 10")).to_be_visible()

    layers.get_by_role("radio", name="conv1").focus()
    page.keyboard.press("ArrowRight")
    large = first.get_by_role("img", name="regularised, made from conv2, enlarged")
    large.evaluate("(image) => image.decode()")
    assert large.evaluate(SHADE) == 130
    expect(first.get_by_role("status")).to_have_text(
        "conv2. regularised: code's error 0.4, colours off by 30; no decoder."
    )
    expect(first.locator("figure")).to_have_count(2)
    expect_in_kernel(page, "one.value, two.value", ("conv2", "pool"))
    expect(second.get_by_role("radio", name="pool")).to_have_attribute("aria-checked", "true")

    layers.get_by_role("radio", name="pool").click()
    expect(figures(first, "code's error 0.7, colours off by 90")).to_be_visible()
    screenshot(first, "inversions")
    in_kernel(page, "one.value = 'conv1'")
    expect(first.locator("figure")).to_have_count(3)
    in_kernel(page, "one.set_state({'value': 'conv7'})")
    expect(first.get_by_role("alert")).to_contain_text("conv1, conv2, pool")
    in_kernel(page, "one.close()")
    expect(page.locator(".cnnvis-inversions")).to_have_count(1)
