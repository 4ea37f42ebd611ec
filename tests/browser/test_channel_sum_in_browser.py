"""The weighted sum in a real browser: the page's own arithmetic against NumPy's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from jupyter_servers import awaited, expect_in_kernel, in_kernel
from playwright.sync_api import Locator, Page, expect

from cnnvis_widgets.rendering import Scale, colorize, enlarge, overlay

SETUP = """
import numpy as np
from IPython.display import display
from cnnvis_widgets.widgets import ChannelSum

random = np.random.default_rng(3)
maps = np.maximum(random.normal(0.2, 1, (4, 5, 30)), 0).astype("float32")
weights = random.normal(0.1, 1, 30).astype("float32")
picture = random.integers(0, 256, (40, 50, 3), dtype="uint8")
"""
SHOW = "widget = ChannelSum(maps, weights, picture, alt='a drawing', count=6); widget"


def arrays() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What SETUP makes, made again on this side."""
    random = np.random.default_rng(3)
    maps = np.maximum(random.normal(0.2, 1, (4, 5, 30)), 0).astype("float32")
    weights = random.normal(0.1, 1, 30).astype("float32")
    return maps, weights, random.integers(0, 256, (40, 50, 3), dtype="uint8")


def ordered(maps: np.ndarray, weights: np.ndarray, order: str) -> list[int]:
    """The channels, the most important one first, one by one."""
    importance = {
        "contribution": [abs(w) * np.abs(maps[:, :, k]).sum() for k, w in enumerate(weights)],
        "weight": [abs(w) for w in weights],
    }[order]
    return sorted(range(len(weights)), key=lambda k: -importance[k])


def prefix_sums(maps: np.ndarray, weights: np.ndarray, order: str) -> list[np.ndarray]:
    sums = [np.zeros(maps.shape[:2])]
    for k in ordered(maps, weights, order):
        sums.append(sums[-1] + np.float64(weights[k]) * maps[:, :, k])
    return sums


def pixels(canvas: Locator) -> np.ndarray:
    """A canvas' colours, uint8 (rows, columns, 3)."""
    size, values = canvas.evaluate(
        """(c) => [[c.height, c.width],
           Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)]"""
    )
    return np.array(values, np.uint8).reshape(*size, 4)[..., :3]


def the_map(page: Page) -> Locator:
    return page.locator("canvas.cnnvis-sum-map")


def scale(page: Page) -> list[str]:
    return page.locator(".cnnvis-sum-scale span").all_inner_texts()


def test_the_running_map_is_numpys(voila_page):
    page = voila_page([SETUP, SHOW])
    maps, weights, picture = arrays()
    expect(the_map(page)).to_be_visible()
    choices = itertools.product(["contribution", "weight"], [True, False], [True, False])
    for order, relu, smooth in choices:
        in_kernel(page, f"widget.order, widget.relu, widget.smooth = {order!r}, {relu}, {smooth}")
        sums = prefix_sums(maps, weights, order)
        end = max(s.max() for s in sums) if relu else max(np.abs(s).max() for s in sums)
        colours = Scale(0.0, end, "sequential") if relu else Scale(-end, end, "diverging")
        for count in (6, 0, 30):
            in_kernel(page, f"widget.count = {count}")
            expect(page.get_by_role("spinbutton")).to_have_value(str(count))
            values = np.maximum(sums[count], 0) if relu else sums[count]
            how = "bilinear" if smooth else "nearest"
            expected = overlay(picture, enlarge(values, 40, 50, how), colours)
            # one step of a colour table, where the two roundings differ
            difference = np.abs(pixels(the_map(page)).astype(int) - expected.astype(int))
            assert difference.max() <= 6, (order, relu, smooth, count)
            assert difference.mean() < 0.2, (order, relu, smooth, count)


def test_overlap_and_sums_are_those_of_the_definition(voila_page):
    page = voila_page([SETUP, SHOW])
    maps, weights, _ = arrays()
    sums = prefix_sums(maps, weights, "contribution")
    now, whole = np.maximum(sums[6], 0), np.maximum(sums[-1], 0)
    shared = sum(min(a, b) for a, b in zip(now.flat, whole.flat, strict=True))
    larger = sum(max(a, b) for a, b in zip(now.flat, whole.flat, strict=True))
    expect(
        page.get_by_text(f"overlap with the whole map: {100 * shared / larger:.1f} %")
    ).to_be_visible()
    adds = page.get_by_text("adds up to").inner_text().replace("−", "-").split()
    assert float(adds[3]) == pytest.approx(sums[6].sum(), rel=0.006)
    assert float(adds[5]) == pytest.approx(sums[-1].sum(), rel=0.006)
    in_kernel(page, "widget.count = 30")
    expect(page.get_by_text("overlap with the whole map: 100 %")).to_be_visible()


def test_cards_say_unit_weight_and_what_it_adds(voila_page):
    page = voila_page([SETUP, SHOW.replace("count=6", "shown=5, order='weight'")])
    maps, weights, _ = arrays()
    cards = page.locator(".cnnvis-cards").get_by_role("radio")
    expect(cards).to_have_count(5)
    for card, unit in zip(cards.all(), ordered(maps, weights, "weight"), strict=False):
        lines = card.inner_text().replace("−", "-").split("\n")
        assert lines[0] == f"unit {unit}"
        assert float(lines[1].split()[1]) == pytest.approx(weights[unit], rel=0.006)
        added = float(weights[unit]) * maps[:, :, unit].sum()
        assert float(lines[2].split()[1]) == pytest.approx(added, rel=0.006, abs=1e-6)
        wanted = colorize(maps[:, :, unit], Scale(0.0, float(maps.max()), "sequential"))
        assert np.abs(pixels(card.locator("canvas")).astype(int) - wanted).max() <= 3


def test_everything_by_keyboard_alone(voila_page):
    page = voila_page([SETUP, SHOW])
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect_in_kernel(page, "widget.count", 7)
    page.keyboard.press("End")
    expect_in_kernel(page, "widget.count", 30)
    expect(slider).to_have_attribute(
        "aria-valuetext", "30 of 30 channels, overlap with the whole map 100 %"
    )
    page.keyboard.press("Home")
    expect_in_kernel(page, "widget.count", 0)
    expect(page.get_by_text("all zeros", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect_in_kernel(page, "widget.count", 1)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect_in_kernel(page, "widget.order", "weight")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect_in_kernel(page, "widget.count", 2)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect_in_kernel(page, "widget.view", "last")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect_in_kernel(page, "(widget.relu, widget.smooth)", (False, False))


def test_a_number_beyond_the_channels_is_refused_where_it_is_typed(voila_page):
    page = voila_page([SETUP, SHOW])
    field = page.get_by_role("spinbutton")
    field.fill("31")
    field.press("Enter")
    expect(page.get_by_text("a whole number from 0 to 30; got 31")).to_be_visible()
    expect_in_kernel(page, "widget.count", 6)
    field.press("Escape")
    expect(field).to_have_value("6")


def test_the_last_channel_alone_is_its_own_map(voila_page):
    page = voila_page([SETUP, SHOW.replace("count=6", "count=2, view='last', smooth=False")])
    maps, weights, picture = arrays()
    unit = ordered(maps, weights, "contribution")[1]
    expect(page.get_by_text(f"activation of unit {unit}")).to_be_visible()
    values = enlarge(maps[:, :, unit], 40, 50, "nearest")
    wanted = overlay(picture, values, Scale(0.0, float(maps.max()), "sequential"))
    assert np.abs(pixels(the_map(page)).astype(int) - wanted).max() <= 3
    row, column = np.unravel_index(maps[:, :, unit].argmax(), (4, 5))
    place = f"row {row}, column {column}"
    name = f"Map of unit {unit} over a drawing, 4 × 5 values: strongest at {place}."
    expect(the_map(page)).to_have_attribute("aria-label", name)


def test_play_adds_up_to_the_end_and_can_be_paused(voila_page):
    page = voila_page([SETUP, SHOW.replace("count=6", "count=30")])
    page.get_by_role("button", name="Add up").click()
    awaited(page, "widget.count", lambda count: 1 <= count < 30)
    page.get_by_role("button", name="Pause").click()
    paused = int(page.get_by_role("spinbutton").input_value())
    assert 1 <= paused < 30
    page.wait_for_timeout(300)  # in which it would go on
    assert int(page.get_by_role("spinbutton").input_value()) == paused
    page.get_by_role("button", name="Add up").click()
    expect(page.get_by_role("spinbutton")).to_have_value("30", timeout=20_000)
    expect_in_kernel(page, "widget.count", 30)
    expect(page.get_by_role("button", name="Add up")).to_be_visible()


def test_new_maps_are_shown_in_place(voila_page):
    page = voila_page([SETUP, SHOW])
    in_kernel(page, "widget.show(maps[:2, :3, :4], weights[:4])")
    expect(page.get_by_text("of 4 channels", exact=True)).to_be_visible()
    expect(page.get_by_role("spinbutton")).to_have_value("4")
    expect(page.locator(".cnnvis-cards").get_by_role("radio")).to_have_count(4)
    assert pixels(the_map(page)).shape == (64, 96, 3)


def test_two_on_a_page_do_not_disturb_each_other_and_leave_nothing_behind(voila_page, screenshot):
    cells = [
        SETUP,
        "one = ChannelSum(maps, weights, picture); one",
        "two = ChannelSum(maps, weights); two",
    ]
    page = voila_page(cells, viewport={"width": 500, "height": 900})
    page.get_by_role("slider").nth(1).press("End")
    expect_in_kernel(page, "(one.count, two.count)", (1, 30))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "channel-sum-narrow", full_page=True)
    in_kernel(page, "one.close()")
    expect(page.locator(".cnnvis-channel-sum")).to_have_count(1)
    page.get_by_role("slider").press("Home")
    expect_in_kernel(page, "two.count", 0)


def test_in_lab(lab_page, screenshot):
    page = lab_page([SETUP, SHOW])
    expect(the_map(page)).to_be_visible()
    page.get_by_role("slider").press("ArrowRight")
    expect_in_kernel(page, "widget.count", 7)
    screenshot(page, "channel-sum-lab")
