"""Unpooling and the convolution's matrix in a real browser: typed into and pointed at."""

from __future__ import annotations

import ast

import numpy as np
from jupyter_servers import awaited, in_kernel
from playwright.sync_api import Locator, expect

SETUP = """
import numpy as np
from cnnvis_widgets.widgets import ConvMatrix, Unpooling
numbers = np.array([[1, 5, 2, 2], [3, 4, 0, 1]])
one = Unpooling(numbers, label="pooling")
one
"""
MATRIX = """
conv = ConvMatrix([[1, 2, -1, 0], [3, 0, 2, 1], [-2, 1, 4, 0]], [[1, -1], [2, 0]], label="matrix")
conv
"""


def read(table: Locator) -> list[list[float]]:
    """The numbers of a table, those in fields too."""
    rows = table.evaluate("""(table) => [...table.rows].map((row) => [...row.cells].map(
        (cell) => cell.querySelector("input")?.value ?? cell.textContent))""")
    return [[float(text.replace("−", "-")) for text in row] for row in rows]


def python(page, code: str) -> list[list[float]]:
    return ast.literal_eval(in_kernel(page, f"({code}).tolist()"))


def agreed(page, code: str, shown) -> list[list[float]]:
    """The table that Python has, once the page shows the same."""
    return awaited(page, f"({code}).tolist()", lambda rows: rows == read(shown))


def test_what_is_typed_goes_where_the_switches_say(voila_page, screenshot):
    page = voila_page([SETUP, "two = Unpooling(numbers)\ntwo", MATRIX])
    first = page.locator(".cnnvis-unpooling").first
    below = first.get_by_role("table", name="unpooled")
    expect(below).to_be_visible()
    assert read(below) == [[0, 5, 2, 0], [0, 0, 0, 0]]
    first.get_by_role("spinbutton", name="the map, row 1, column 0").fill("9")
    expect(below.locator("td").nth(4)).to_have_text("9")
    message = "This window's largest value is 9, at row 1, column 0 of the map. 9 goes back to that"
    expect(first.get_by_text(message)).to_be_visible()
    first.get_by_role("spinbutton", name="back from above, row 0, column 1").fill("-3")
    expect(below.locator("td").nth(2)).to_have_text("−3")
    assert read(below) == agreed(page, "one.unpooled()", below) == [[0, 0, -3, 0], [9, 0, 0, 0]]
    first.get_by_role("checkbox").press("Space")
    expect(below.locator("td").nth(3)).to_have_text("−0.75")
    screenshot(first, "unpooling")
    first.get_by_role("button", name="Send the pooled map back").press("Enter")
    expect(below.locator("td").nth(3)).to_have_text("0.5")
    assert in_kernel(page, "two.values[1][0], one.signal") == "(3.0, None)"
    in_kernel(page, "one.close()")
    expect(page.locator(".cnnvis-unpooling")).to_have_count(1)

    conv = page.locator(".cnnvis-conv-matrix")
    result = conv.get_by_role("table", name="the result y")
    matrix = conv.get_by_role("table", name="the matrix C, 6 × 12")
    expect(matrix).to_be_visible()
    assert read(result) == python(page, "conv.forward()")
    assert read(matrix) == python(page, "conv.matrix()")
    conv.get_by_role("spinbutton", name="the kernel, row 1, column 1").fill("0.5")
    expect(result.locator("td").first).to_have_text("5")
    agreed(page, "conv.forward()", result)
    result.locator("td").nth(4).hover()
    expect(conv.get_by_text("Place (1, 1) of the result belongs to row 4 of C")).to_be_visible()
    marked = conv.get_by_role("table", name="the map x").locator("td.cnnvis-cell-marked")
    expect(marked).to_have_count(4)
    expect(matrix.locator("tr").nth(4).locator("td.cnnvis-cell-marked")).to_have_count(4)
    screenshot(conv, "conv-matrix")

    conv.get_by_role("radio", name="forward").press("ArrowRight")
    back = conv.get_by_role("table", name="handed down")
    assert read(back) == python(page, "conv.transposed()")
    transposed = conv.get_by_role("table", name="its transpose Cᵀ, 12 × 6")
    np.testing.assert_array_equal(read(transposed), np.array(python(page, "conv.matrix()")).T)
    conv.get_by_role("spinbutton", name="back from above, s, row 1, column 2").fill("10")
    agreed(page, "conv.transposed()", back)
    expect(conv.get_by_text("Place (1, 2) of the result belongs to column 5 of Cᵀ")).to_be_visible()
    screenshot(conv, "conv-matrix-back")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
