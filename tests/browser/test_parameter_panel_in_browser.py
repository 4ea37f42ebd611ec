"""Parameters are set in Chromium."""

from __future__ import annotations

from jupyter_servers import in_kernel
from picker_pages import PARAMETERS, SETUP, python, radio
from playwright.sync_api import expect


def test_slider_and_field_are_one_and_a_drag_sends_the_newest(voila_page):
    page = voila_page([SETUP, PARAMETERS, "picker"])
    slider = page.get_by_role("slider", name="Samples")
    field = page.get_by_role("spinbutton", name="Samples")
    expect(slider).to_have_value("50")
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.1 * box["width"], middle)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(box["x"] + (0.1 + 0.01 * step) * box["width"], middle)
        page.wait_for_timeout(10)
        if step in (20, 40):  # what comes and goes meanwhile must not take the slider away
            in_kernel(
                page, f"picker.error, picker.busy = {['', 'slow'][step == 20]!r}, {step == 20}"
            )
    page.mouse.up()
    shown = int(slider.input_value())
    assert 300 < shown < 400
    expect(field).to_have_value(str(shown))
    python(page, "picker.value['samples']", shown)
    assert 3 <= int(in_kernel(page, "len(values)")) <= 60  # never more than the moves
    slider.press("ArrowRight")
    python(page, "picker.value['samples']", shown + 1)
    field.fill("120")
    field.press("Enter")
    expect(slider).to_have_value("120")
    python(page, "picker.value['samples']", 120)
    in_kernel(page, "picker.value = {'samples': 77, 'noise': 0.5}")
    expect(field).to_have_value("77")
    expect(page.get_by_role("slider", name="Noise")).to_have_value("0.5")


def test_a_wrong_entry_is_said_in_place_and_the_last_good_value_kept(voila_page, screenshot):
    page = voila_page([SETUP, PARAMETERS, "picker"])
    field = page.get_by_role("spinbutton", name="Samples")
    for entry, says in [("501", "from 1 to 500; got 501"), ("1.5", "got 1.5"), ("", "got none")]:
        field.fill(entry)
        field.press("Enter")
        expect(page.get_by_role("alert").filter(has_text=says)).to_be_visible()
        expect(field).to_have_attribute("aria-invalid", "true")
    screenshot(page.locator(".cnnvis"), "parameter-panel-error")
    radio(page, "black").click()  # another parameter changes; the wrong entry stays to be mended
    python(page, "picker.value['samples'], picker.value['mask']", (50, "black"))
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("60")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "false")
    python(page, "picker.value['samples']", 60)


def test_every_kind_can_be_set_and_goes_back_to_its_default(voila_page):
    page = voila_page([SETUP, PARAMETERS, "defaults = dict(picker.value)", "picker"])
    page.get_by_label("Order", exact=True).fill("1.5")
    page.get_by_label("Order", exact=True).press("Enter")
    python(page, "picker.value['order']", 1.5)
    page.get_by_label("Order", exact=True).fill("")
    page.get_by_label("Order", exact=True).press("Enter")
    python(page, "picker.value['order']", None)
    page.get_by_role("combobox", name="Wraps").select_option("c")
    page.get_by_role("switch", name="Signed").press("Space")
    layer = page.get_by_role("textbox", name="Layer")
    layer.fill("mixed10")
    layer.press("Enter")
    radio(page, "grey").focus()
    page.keyboard.press("ArrowLeft")
    python(
        page,
        "[picker.value[n] for n in ('wrap', 'signed', 'layer', 'mask')]",
        ["c", True, "mixed10", "black"],
    )
    page.get_by_role("button", name="Wraps: back to b").click()
    python(page, "picker.value['wrap'], picker.value['layer']", ("b", "mixed10"))
    page.get_by_role("button", name="Reset all to defaults").click()
    python(page, "picker.value == defaults", True)
    in_kernel(page, "picker.parameters = []")
    expect(page.get_by_text("This method has no parameters.")).to_be_visible()
    python(page, "picker.value", {})


def test_of_many_parameters_four_are_in_sight_and_the_others_a_click_away(voila_page):
    many = """
picker = ParameterPanel(parameters=[
    dict(name=f"p{i}", title=f"Number {i}", kind="float", default=i, minimum=0, maximum=9)
    for i in range(9)])
"""
    page = voila_page([SETUP, many, "picker"])
    expect(page.get_by_role("slider").filter(visible=True)).to_have_count(4)
    page.get_by_text("5 more").click()
    expect(page.get_by_role("slider").filter(visible=True)).to_have_count(9)
    page.get_by_role("slider", name="Number 8").press("Home")
    python(page, "picker.value['p8']", 0.0)
    page.get_by_text("5 more").click()
    expect(page.get_by_role("slider").filter(visible=True)).to_have_count(4)
    # What is changed elsewhere is not left out of sight.
    in_kernel(page, "picker.value = {**picker.value, 'p7': 1.0}")
    expect(page.get_by_role("slider", name="Number 7")).to_be_visible()
