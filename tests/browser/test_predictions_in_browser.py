"""Classes are chosen among bars and found by name in Chromium."""

from __future__ import annotations

import pytest
from picker_pages import PREDICTIONS, SETUP, python
from playwright.sync_api import expect


def test_a_class_is_chosen_among_the_bars(voila_page):
    page = voila_page([SETUP, PREDICTIONS, "picker"])
    bars = page.get_by_role("listbox", name="Predictions").get_by_role("option")
    expect(bars).to_contain_text(["38.0 %", "33.0 %", "< 0.1 %"])
    tracks = page.locator(".cnnvis-track")
    filled = [t.evaluate("(e) => e.firstChild.clientWidth / e.clientWidth") for t in tracks.all()]
    assert filled == pytest.approx([0.38, 0.33, 0], abs=0.01)
    bars.nth(1).click()
    python(page, "list(values)", [282])
    page.keyboard.press("ArrowUp")
    python(page, "values[-1]", 285)
    expect(bars.first).to_have_attribute("aria-selected", "true")


def test_any_class_is_found_by_name_or_number_with_the_keyboard(voila_page, screenshot):
    page = voila_page([SETUP, PREDICTIONS, "picker"])
    field = page.get_by_role("combobox")
    matches = page.get_by_role("listbox", name="matching classes").get_by_role("option")
    field.focus()
    page.keyboard.type("cat")
    expect(matches).to_have_text(["282 tiger cat", "285 Egyptian cat"])
    active = field.get_attribute("aria-activedescendant")
    expect(page.locator(f"#{active}")).to_have_text("282 tiger cat")
    screenshot(page.locator(".cnnvis"), "predictions-search")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    python(page, "list(values)", [285])
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("967")
    page.keyboard.press("Enter")
    python(page, "values[-1]", 967)
    expect(page.get_by_text("Chosen: espresso (unit 967)")).to_be_visible()
    page.keyboard.type("zebra")
    expect(page.get_by_text("No class fits “zebra”")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox", name="matching classes")).to_be_hidden()
    field.fill("thing 99")
    matches.filter(has_text="thing 995").click()
    python(page, "values[-1]", 995)


def test_without_probabilities_the_values_before_softmax_are_shown(voila_page, screenshot):
    logits = "[dict(unit=u, logit=g) for u, g in [(4, 12.0), (1, 6.0), (0, -6.0)]]"
    page = voila_page([SETUP, f"picker = Predictions(units=5, predictions={logits})", "picker"])
    bars = page.get_by_role("option")
    expect(bars).to_contain_text(["class 4", "class 1", "class 0"])
    expect(bars).to_contain_text(["12", "6", "−6"])
    spans = page.locator(".cnnvis-track > span")
    places = [s.evaluate("(e) => [e.style.insetInlineStart, e.style.width]") for s in spans.all()]
    zero = "33.3333%"  # from −6 to 12
    assert [[start[:6], width[:5]] for start, width in places] == [
        [zero[:6], "66.66"],
        [zero[:6], "33.33"],
        ["0%", "33.33"],
    ]
    screenshot(page.locator(".cnnvis"), "predictions-logits")
    page.get_by_role("combobox").fill("3")
    page.get_by_role("combobox").press("Enter")
    python(page, "picker.value", 3)
