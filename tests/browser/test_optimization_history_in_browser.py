"""The curve and its film in a real browser: by mouse, by keys, played, and taken away."""

from __future__ import annotations

from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import expect

GROWTH = """
import numpy as np
from IPython.display import display
from cnnvis_widgets.widgets import OptimizationHistory

frames = np.stack([np.full((40, 60, 3), 20 + 24 * k, np.uint8) for k in range(9)])
growth = OptimizationHistory()
growth.show(range(0, 81, 5), [3 * k ** 0.5 for k in range(17)], "activation", frames)
display(growth)
"""


def shade(page) -> int:
    """The grey level of the picture that is shown."""
    picture = page.locator(".cnnvis-optimization-history-picture")
    picture.evaluate("(image) => image.decode()")
    return picture.evaluate("""(image) => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        return context.getImageData(30, 20, 1, 1).data[0];
    }""")


def test_one_scrubs_through_the_film_and_plays_it(voila_page, screenshot):
    page = voila_page([GROWTH])
    slider = page.get_by_role("slider", name="Picture on the way")
    expect(page.get_by_text("After 80 steps: 12 (activation)")).to_be_visible()
    expect(page.get_by_role("img", name="The picture after 80 steps")).to_be_visible()
    assert abs(shade(page) - (20 + 24 * 8)) <= 2
    curve = page.get_by_role("img", name="activation over 80 steps: from 0 to 12")
    points = curve.locator("polyline").get_attribute("points").split()
    assert len(points) == 17
    heights = [float(point.split(",")[1]) for point in points]
    assert heights == sorted(heights, reverse=True)
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("After 50 steps: 9.49 (activation)")).to_be_visible()
    assert abs(shade(page) - (20 + 24 * 5)) <= 2
    expect_in_kernel(page, "growth.at", 5)
    screenshot(page.locator(".cnnvis-optimization-history"), "growth")
    page.keyboard.press("Home")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_text("After 80 steps: 12 (activation)")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_without_pictures_the_curve_alone_is_read_and_a_closed_one_leaves_nothing(voila_page):
    page = voila_page(
        [
            GROWTH,
            "growth.show((1, 2, 4), (0.5, -2, 7), 'loss')\nother = OptimizationHistory()\nother",
        ]
    )
    expect(page.get_by_role("slider", name="Step")).to_have_count(1)
    page.get_by_role("slider", name="Step").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("After 2 steps: −2 (loss)")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_have_count(0)
    in_kernel(page, "growth.close()")
    expect(page.locator(".cnnvis-optimization-history-picture")).to_have_count(
        1
    )  # the empty one's, hidden
