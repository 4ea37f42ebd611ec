"""The sliding window in a real browser: the page's own sums against SciPy's."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import Locator, expect
from scipy.signal import correlate

SETUP = """
import numpy as np
from IPython.display import display
from cnnvis_widgets.widgets import Convolution

random = np.random.default_rng(5)
values = random.integers(-3, 7, (5, 7, 3))
kernel = random.integers(-2, 3, (3, 2, 3))
"""
VOLUME = "volume = Convolution(values, kernel, channel_names=['red', 'green', 'blue']); volume"
PLANE = (
    "plane = Convolution(values[..., 0], [[0, 0, 0], [0, 2, 0], [0, 0, 0]], label='plane'); plane"
)
PICTURE = """
ramp = np.add.outer(np.arange(30) ** 2, 3 * np.arange(25)) / 10
large = Convolution(ramp, [[1, 0, -1]] * 3, label='large'); large
"""


def arrays() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    values = random.integers(-3, 7, (5, 7, 3)).astype(float)
    return values, random.integers(-2, 3, (3, 2, 3)).astype(float)


def numbers(grid: Locator) -> np.ndarray:
    """The numbers in a grid's cells."""
    rows = grid.evaluate(
        "(g) => [...g.children].map((row) => [...row.children].map((c) => c.textContent))"
    )
    return np.array([[float(text.replace("−", "-")) for text in row] for row in rows])


def shows(grid: Locator, wanted: np.ndarray) -> None:
    """Wait until a grid shows these numbers, to two decimals."""
    values = None
    for _ in range(60):
        values = numbers(grid)
        if values.shape == wanted.shape and np.abs(values - wanted).max() <= 0.0051:
            return
        grid.page.wait_for_timeout(50)
    np.testing.assert_allclose(values, wanted, atol=0.0051)


def convolved(values: np.ndarray, taps: np.ndarray, stride: int, padding: int) -> np.ndarray:
    padded = np.pad(values, ((padding, padding), (padding, padding), (0, 0)))
    return correlate(padded, taps, mode="valid")[::stride, ::stride, 0]


def test_the_pages_sums_are_scipys_in_every_setting_and_the_keyboard_does_it_all(
    voila_page, screenshot
):
    page = voila_page([SETUP, VOLUME])
    values, taps = arrays()
    result = page.get_by_role("grid", name="result")
    shows(result, convolved(values, taps, 1, 0))

    # the kernel's first number of the second channel, with the keyboard
    grid = page.get_by_role("grid", name="kernel, green")
    grid.get_by_role("gridcell").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    editor = page.get_by_role("spinbutton", name="kernel, row 1, column 1, green:")
    editor.fill("-2.5")
    editor.press("Enter")
    taps[1, 1, 1] = -2.5
    shows(result, convolved(values, taps, 1, 0))
    expect_in_kernel(page, "volume.kernel[1][1][1]", -2.5)

    page.get_by_role("spinbutton", name="stride").fill("2")
    page.get_by_role("spinbutton", name="stride").press("Enter")
    page.get_by_role("spinbutton", name="padding").fill("1")
    page.get_by_role("spinbutton", name="padding").press("Enter")
    page.get_by_role("spinbutton", name="bias").fill("0.25")
    page.get_by_role("spinbutton", name="bias").press("Enter")
    wanted = convolved(values, taps, 2, 1) + 0.25
    shows(result, wanted)
    expect_in_kernel(page, "np.array(volume.result).round(2).tolist()", wanted.round(2).tolist())
    expect(page.get_by_text("rows: ⌊(5 + 2·1 − 3) / 2⌋ + 1 = 3")).to_be_visible()
    shows(page.get_by_role("grid", name="input, blue"), np.pad(values[..., 2], 1))

    result.get_by_role("gridcell").first.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect_in_kernel(page, "volume.at", [1, 2])
    marked = page.get_by_role("grid", name="input, red").locator(".cnnvis-conv-marked")
    expect(marked).to_have_count(6)
    under = np.pad(values, ((1, 1), (1, 1), (0, 0)))[2:5, 4:6]
    assert marked.all_inner_texts() == [f"{v:.0f}".replace("-", "−") for v in under[..., 0].flat]
    parts = [f"adds {(under[..., c] * taps[..., c]).sum():g}".replace("-", "−") for c in range(3)]
    expect(page.locator(".cnnvis-conv-partial")).to_have_text(parts)
    screenshot(page, "convolution-volume", full_page=True)

    in_kernel(page, "volume.stride = 1; volume.operation = 'maximum'")
    pooled = np.lib.stride_tricks.sliding_window_view(values, (3, 2), axis=(0, 1)).max((3, 4))
    for channel, name in enumerate(["red", "green", "blue"]):
        shows(page.get_by_role("grid", name=f"result, {name}"), pooled[..., channel])
    expect(page.get_by_role("spinbutton", name="padding")).to_be_hidden()
    expect(page.get_by_role("spinbutton", name="input, row 0, column 0, red:")).to_be_visible()


def test_two_on_a_page_presets_and_a_picture(voila_page, screenshot):
    page = voila_page([SETUP, PLANE, PICTURE], viewport={"width": 900, "height": 1100})
    values, _ = arrays()
    expect(page.locator(".cnnvis-convolution")).to_have_count(2)
    plane, large = page.locator(".cnnvis-convolution").all()
    plane.get_by_role("combobox").select_option("vertical edges")
    sobel = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])[..., None]
    shows(plane.get_by_role("grid", name="result"), convolved(values[..., :1], sobel, 1, 0))
    plane.get_by_role("grid", name="kernel").get_by_role("gridcell").first.click()
    plane.get_by_role("spinbutton", name="kernel, row 0").fill("4")
    plane.get_by_role("spinbutton", name="kernel, row 0").press("Enter")
    expect(plane.get_by_role("combobox")).to_have_value("your own")

    # the ramp rises by 0.3 from column to column: −0.6 at each of three rows
    picture = large.get_by_role("application")
    expect(picture).to_have_attribute(
        "aria-label", "result, 28 × 23, chosen row 0, column 0: −1.8; arrow keys move"
    )
    picture.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect_in_kernel(page, "(large.at, plane.at)", ([1, 1], [0, 0]))
    colours = picture.evaluate(
        "(c) => Array.from(c.getContext('2d').getImageData(c.width - 5, c.height - 5, 1, 1).data)"
    )
    assert colours == [0, 0, 255, 255]  # the most negative value there is, everywhere
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "convolution-plane", full_page=True)

    page.locator(".cnnvis-convolution").first.get_by_role("button", name="Slide").click()
    for _ in range(100):
        if ast.literal_eval(in_kernel(page, "plane.at")) != [0, 0]:
            break
        page.wait_for_timeout(100)
    assert ast.literal_eval(in_kernel(page, "plane.at")) != [0, 0]
    in_kernel(page, "large.close()")
    expect(page.locator(".cnnvis-convolution")).to_have_count(1)


@pytest.mark.parametrize("theme", ["dark"])
def test_it_can_be_read_on_dark(voila_page, screenshot, theme):
    page = voila_page([SETUP, PLANE], query=f"theme={theme}")
    cell = page.get_by_role("grid", name="input").get_by_role("gridcell").first
    ink, paper = cell.evaluate(
        "(c) => [getComputedStyle(c).color, getComputedStyle(c.closest('.cnnvis')).color]"
    )
    assert ink == paper
    screenshot(page, "convolution-dark")
