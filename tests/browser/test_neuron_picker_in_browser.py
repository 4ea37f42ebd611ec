"""Neurons and classes are chosen in Chromium."""

from __future__ import annotations

from jupyter_servers import in_kernel
from picker_pages import NEURONS, SETUP, python, radio
from playwright.sync_api import expect


def test_a_neuron_is_picked_by_card_by_arrow_and_by_number(voila_page, screenshot):
    page = voila_page([SETUP, NEURONS, "picker"])
    group = page.get_by_role("radiogroup", name="Neuron", exact=True)
    expect(group.get_by_role("radio")).to_contain_text(["3.21", "1.5", "−0.004"])
    entry = page.get_by_label("Unit number")
    expect(entry).to_have_value("7")
    group.get_by_role("radio").nth(1).click()
    python(page, "list(values)", [12])
    expect(entry).to_have_value("12")
    page.keyboard.press("ArrowRight")
    python(page, "values[-1]", 0)
    entry.fill("39")
    entry.press("Enter")
    python(page, "values[-1]", 39)
    assert group.locator("[aria-checked=true]").count() == 0
    entry.fill("40")
    entry.press("Enter")
    error = page.get_by_role("alert").filter(has_text="from 0 to 39; got 40")
    expect(error).to_be_visible()
    expect(entry).to_have_attribute("aria-invalid", "true")
    screenshot(page.locator(".cnnvis"), "neuron-picker-error")
    python(page, "picker.value", 39)
    entry.press("Escape")
    expect(entry).to_have_value("39")
    expect(error).to_be_hidden()


def test_aggregate_and_place_are_chosen_where_there_are_rows_and_columns(voila_page):
    page = voila_page([SETUP, NEURONS, "places = Watch(picker, 'position')", "picker"])
    radio(page, "Max").click()
    python(page, "picker.aggregate", "max")
    page.keyboard.press("ArrowRight")
    python(page, "list(places)", [[2, 4]])
    page.get_by_label("row", exact=True).fill("4")
    page.get_by_label("row", exact=True).press("Enter")
    python(page, "places[-1]", [4, 4])
    page.get_by_label("column", exact=True).fill("9")
    page.get_by_label("column", exact=True).press("Enter")
    expect(page.get_by_role("alert").filter(has_text="from 0 to 8")).to_be_visible()
    place = page.locator(".cnnvis-map")
    box = place.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 8.5 / 9, box["y"] + box["height"] * 0.5 / 5)
    python(page, "places[-1]", [0, 8])
    radio(page, "Mean").click()
    python(page, "picker.aggregate, picker.position", ("mean", []))
    in_kernel(page, "picker.positions = []")
    expect(radio(page, "Mean")).to_be_hidden()


WALL = """
from cnnvis_widgets.engine.requests import LayerView, NeuronMap
from cnnvis_widgets.widgets.explorer.explorer_records import show_neurons
maps = np.random.default_rng(5).random((1280, 7, 7)).astype(np.float32)
picker = NeuronPicker()
show_neurons(picker, LayerView(1280, (7, 7), tuple(
    NeuronMap((37 * n) % 1280, 5 - n / 400, maps[n]) for n in range(1280))))
picker.value = 0
values = Watch(picker)
"""


def test_the_wall_of_a_layer_of_1280_units(voila_page, screenshot):
    page = voila_page([SETUP, WALL, "picker"])
    wall = page.get_by_role("radiogroup", name="Neuron", exact=True)
    expect(page.get_by_text("1280 units, the most active first")).to_be_visible()
    cells = wall.get_by_role("radio")
    expect(cells).to_have_count(1280)
    # Each card shows its own cell of the one picture: rows of 36.
    place = "(e) => getComputedStyle(e.querySelector('.cnnvis-cell')).backgroundPosition"
    across, down = cells.nth(40).evaluate(place).split()
    assert abs(float(across[:-1]) - 100 * 4 / 35) < 0.01
    assert abs(float(down[:-1]) - 100 * 1 / 35) < 0.01
    assert "blob:" in cells.nth(40).evaluate(place.replace("Position", "Image"))
    cells.first.focus()
    before = page.evaluate("scrollY")
    page.keyboard.press("End")
    expect(cells.last).to_be_focused()
    expect(cells.last).to_be_in_viewport()
    python(page, "values[-1]", (37 * 1279) % 1280)
    assert page.evaluate("scrollY") == before  # the wall scrolls, the page stays
    assert wall.evaluate("(e) => e.scrollHeight > 10 * e.clientHeight")
    top = cells.last.bounding_box()["y"]
    page.keyboard.press("ArrowUp")
    above = page.locator(":focus").bounding_box()
    assert above["y"] < top
    screenshot(page.locator(".cnnvis"), "neuron-wall")
