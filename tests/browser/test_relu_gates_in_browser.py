"""The three rules in a real browser: typed into, read cell by cell, two in one page."""

from __future__ import annotations

import ast

from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import Locator, expect

SETUP = """
import numpy as np
from cnnvis_widgets.widgets import ReluGates
values = [[1, -1, 7], [-3, 2, 0]]
gradient = [[2, 3, 4], [-1, -2, 5]]
one = ReluGates(values, gradient, label="By hand")
one
"""
SHUT = "cnnvis-cell-shut"


def read(table: Locator) -> list[list[float]]:
    rows = table.locator("tr").all()
    texts = [[cell.inner_text() for cell in row.locator("td").all()] for row in rows]
    return [[float(text.replace("−", "-")) for text in row] for row in texts]


def test_what_is_typed_is_handed_on_by_the_three_rules(voila_page, screenshot):
    page = voila_page([SETUP, "two = ReluGates(values, gradient)\ntwo"])
    first = page.locator(".cnnvis-relu-gates").first
    tables = {
        rule: first.get_by_role("table", name=title, exact=True)
        for rule, title in [
            ("gradient", "backpropagation"),
            ("deconvnet", "DeconvNet"),
            ("guided", "guided backprop"),
        ]
    }
    expect(tables["guided"]).to_be_visible()
    for rule, table in tables.items():
        assert read(table) == ast.literal_eval(in_kernel(page, f"one.result({rule!r}).tolist()"))
    assert read(tables["gradient"]) == [[2, 0, 4], [0, -2, 0]]
    # ReLU6 shuts the 7 too, and DeconvNet does not mind.
    first.get_by_role("radio", name="ReLU6").click()
    expect(tables["gradient"].locator("td").nth(2)).to_have_text("0")
    assert read(tables["deconvnet"]) == [[2, 3, 4], [0, 0, 5]]
    expect(tables["guided"].locator("td").nth(2)).to_have_class(SHUT)

    cell = first.get_by_role("spinbutton", name="into the ReLU, row 0, column 1")
    cell.fill("2.5")
    expect(tables["guided"].locator("td").nth(1)).to_have_text("3")
    expect(tables["guided"].locator("td.cnnvis-cell-marked")).to_have_text("3")
    message = "2.5 went in, so the ReLU is open; 3 comes back. Handed on: backpropagation 3,"
    expect(first.get_by_text(message)).to_be_visible()
    page.keyboard.press("Shift+Tab")  # the cell before; its number is turned with the arrow keys
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(first.get_by_text("Row 0, column 0: −1 went in, so the ReLU is shut")).to_be_visible()
    expect_in_kernel(page, "one.values[0], two.values[0]", ([-1.0, 2.5, 7.0], [1.0, -1.0, 7.0]))
    assert in_kernel(page, "one.gate, two.gate") == "('relu6', 'relu')"
    screenshot(first, "relu-gates")


def test_what_is_no_number_changes_nothing_and_what_python_sets_is_shown(voila_page):
    page = voila_page([SETUP])
    cell = page.get_by_role("spinbutton", name="back from above, row 1, column 2")
    cell.fill("")
    expect(cell).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Tab")
    expect(cell).to_have_value("5")
    in_kernel(page, "one.gradient = [[1, 1, 1], [1, 1, -9]]")
    expect(cell).to_have_value("-9")
    table = page.get_by_role("table", name="DeconvNet")
    expect(table.locator("td").nth(5)).to_have_text("0")
    in_kernel(page, "one.close()")
    expect(page.locator(".cnnvis-relu-gates")).to_have_count(0)
