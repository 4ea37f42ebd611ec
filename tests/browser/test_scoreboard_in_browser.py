"""Scoring in a real browser: by keys, by mouse, back, twice in a page, and the table."""

from __future__ import annotations

from pathlib import Path

from jupyter_servers import in_kernel
from playwright.sync_api import expect
from served_pages import WITHOUT_WORDS

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "scoreboard.ipynb"
CELLS = [
    """
import tempfile
import cnnvis_widgets as cnnvis
study = cnnvis.Study("mini_vgg", ["scene:3", "scene:5"], ["saliency", "grad_cam"],
                     ["output", "top layer"], tempfile.mkdtemp())
study.run()
one = cnnvis.Scoreboard(study)
one
""",
    "two = cnnvis.Scoreboard(study, tempfile.mkdtemp() + '/other.json', seed=3)\ntwo",
]


def test_maps_are_judged_by_keys_and_by_mouse(voila_page, screenshot) -> None:
    page = voila_page(CELLS, timeout=240)
    boards = page.locator(".cnnvis-scoreboard")
    expect(boards).to_have_count(2)
    first = boards.first
    expect(first.get_by_text("Map 1 of 8:")).to_be_visible()
    pictures = first.locator(".cnnvis-scoreboard-pair img")
    expect(pictures).to_have_count(2)
    assert pictures.nth(1).evaluate("(i) => i.decode().then(() => i.naturalWidth)") == 64
    text = first.inner_text().lower()
    assert "saliency" not in text and "grad-cam" not in text
    first.get_by_role("button", name="0: no").focus()
    page.keyboard.press("1")
    expect(first.get_by_text("Map 2 of 8:")).to_be_visible()
    page.keyboard.press("0")
    expect(first.get_by_text("2 of 8 judged")).to_be_visible()
    page.keyboard.press("Backspace")
    expect(first.get_by_text("Map 2 of 8:")).to_be_visible()
    expect(first.get_by_role("button", name="0: no")).to_have_attribute("aria-pressed", "true")
    first.get_by_role("button", name="1: yes").click()
    expect(first.get_by_text("Map 3 of 8:")).to_be_visible()
    assert in_kernel(page, "sorted(one.scores.points.values())") == "[1, 1]"
    screenshot(page, "scoreboard")
    for number in range(3, 9):
        expect(first.get_by_text(f"Map {number} of 8:")).to_be_visible()
        page.keyboard.press("1")
    expect(first.get_by_text("All maps are judged.")).to_be_visible()
    expect(first.get_by_role("button", name="1: yes")).to_have_attribute("aria-disabled", "true")
    first.get_by_role("button", name="Show the table").click()
    ours = first.get_by_role("table", name="Your points")
    expect(ours.get_by_role("row").nth(1)).to_contain_text("4 of 4")
    thesis = first.get_by_role("table", name="The thesis' points")
    expect(thesis.get_by_role("row", name="all")).to_contain_text("50")
    evidence = first.get_by_role("table", name="What the evidence says")
    expect(evidence.get_by_role("row", name="relevance mass")).to_be_visible(timeout=60_000)
    screenshot(page, "scoreboard-table", full_page=True)
    first.get_by_role("button", name="← back").click()
    expect(first.get_by_text("Map 8 of 8:")).to_be_visible()
    page.keyboard.press("?")
    expect(first.get_by_text("All maps are judged.")).to_be_visible()
    expect(ours.get_by_role("row").nth(1)).to_contain_text("3 of 4")  # of both methods there
    assert in_kernel(page, "list(one.scores.points.values()).count('undecided')") == "1"
    second = boards.nth(1)
    expect(second.get_by_text("0 of 8 judged")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    in_kernel(page, "one.close()")
    expect(boards).to_have_count(1)


def test_the_app_s_notebook_as_a_page(voila_page, screenshot) -> None:
    page = voila_page(NOTEBOOK, timeout=240)
    expect(page.get_by_role("heading", name="Scoreboard", level=1)).to_be_visible()
    expect(page.get_by_text("Map 1 of 36:")).to_be_visible()
    assert page.locator(WITHOUT_WORDS).filter(visible=True).count() == 0
    screenshot(page, "scoreboard-notebook")
