"""The table of facts in a real browser: sorted, filtered as in Python, notes, two at once."""

from __future__ import annotations

from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import expect

SETUP = """
import cnnvis_widgets as cnnvis
from cnnvis_widgets.study.printed_table import COMPARED, HEADINGS
from cnnvis_widgets.widgets import FactsTable
columns = {"title": "method", **HEADINGS, "section": "section"}
notes = {("LIME", "resolution"): "that of its pieces", ("CAM", "title"): "the first one"}
facts = [f for f in cnnvis.methods() if f['name'] in COMPARED]
one = FactsTable(facts, columns, notes)
one
"""


def test_the_table_is_sorted_and_filtered(voila_page, screenshot):
    page = voila_page([SETUP, "two = FactsTable(facts, {'title': 'method'})\ntwo"])
    first = page.locator(".cnnvis-facts-table").first
    names = first.locator("tbody th")

    def agrees(count: int) -> None:
        expect(first.locator("tbody tr")).to_have_count(count)
        texts = [text.split("✱")[0].strip() for text in names.all_inner_texts()]
        expect_in_kernel(page, "one.shown", tuple(texts))

    agrees(15)
    heading = first.get_by_role("columnheader", name="resolution")
    expect(heading).to_have_attribute("aria-sort", "none")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    agrees(15)
    heading.get_by_role("button").press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    agrees(15)
    first.get_by_role("combobox", name="only rows whose gradient-based is").select_option("no")
    agrees(7)
    expect(first.get_by_text("7 of 15 rows, sorted by resolution, downwards")).to_be_visible()
    # With the keyboard: a letter chooses in a select.
    first.get_by_role("combobox", name="only rows whose needs training is").press("y")
    agrees(2)
    first.get_by_role("button", name="low", exact=False).focus()
    expect(first.get_by_text("LIME, resolution: that of its pieces")).to_be_visible()
    screenshot(first, "facts-table-filtered")
    first.get_by_role("button", name="Show all, as they came").press("Enter")
    agrees(15)
    expect(heading).to_have_attribute("aria-sort", "none")
    first.get_by_role("columnheader", name="method").get_by_role("button").click()
    agrees(15)
    screenshot(first, "facts-table")
    in_kernel(page, "one.sort = ''; one.filters = {'acts_on': 'a layer'}")
    agrees(2)
    assert in_kernel(page, "len(two.shown), two.sort") == "(15, '')"
    in_kernel(page, "one.close()")
    expect(page.locator(".cnnvis-facts-table")).to_have_count(1)
    expect(page.get_by_text("15 of 15 rows")).to_be_visible()
