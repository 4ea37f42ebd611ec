"""The lessons of chapter 2 as a visitor sees them: whole, and the first widget answers."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SECONDS = 600  # while other tests use the machine


def whole(page: Page, title: str, widgets: int) -> None:
    """The title, the widgets that are to be shown, and nothing that could not be."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    expect(page.locator(".cnnvis")).to_have_count(widgets, timeout=60_000)
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_machine_learning(lesson_page):
    page = lesson_page(NOTEBOOKS / "02_1_machine_learning.ipynb", timeout=SECONDS)
    whole(page, "Machine learning", widgets=11)
    first = page.locator(".cnnvis-fit").first
    program = first.locator("code")
    expect(program).to_have_text("def program(x): return 1.787 * x + 32.13")
    first.get_by_role("option").last.press("Shift+ArrowUp")
    expect(program).to_have_text("def program(x): return 1.891 * x + 31.84")
    second = page.get_by_text("Second question").locator("xpath=ancestor::fieldset")
    second.get_by_role("radio", name="About 90 %").click()
    expect(second.get_by_text("Right: About 90 %.")).to_be_visible()
    expect(second.get_by_text("90.3%, and it has not found a single 8")).to_be_visible()


def test_convolutional_networks(lesson_page):
    page = lesson_page(NOTEBOOKS / "02_3_convolutional_networks.ipynb", timeout=SECONDS)
    whole(page, "Convolutional networks", widgets=15)
    first = page.locator(".cnnvis-convolution").first
    first.get_by_role("combobox").select_option("leave as it is")
    result = first.get_by_role("grid", name="result").locator("[role=row]").first
    expect(result).to_have_text("00111")
    features = page.locator(".cnnvis-features")
    features.get_by_role("slider").press("End")
    expect(features.get_by_role("status")).to_contain_text("top_bn  7 × 7 × 1280")
    expect(features.locator("img")).to_have_count(16)
    pad = page.locator(".cnnvis-pad")
    pad.get_by_role("combobox").select_option("a 3")
    expect(pad.get_by_role("status")).to_contain_text("It reads 3")
    expect(pad.get_by_role("img", name="C3, map")).to_have_count(16)
