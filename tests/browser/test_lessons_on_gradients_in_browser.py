"""Lessons 3.3, 3.4, 3.5 and 3.9 as a visitor sees them: whole, and the first widget answers."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SECONDS = 600  # while other tests use the machine


def whole(page: Page, title: str, guesses: int = 3) -> None:
    """The title, its questions and the explorer are there, and nothing that could not be shown."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    expect(page.locator(".cnnvis-quiz")).to_have_count(guesses, timeout=60_000)
    expect(page.get_by_role("radio", name="Saliency map").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    assert page.locator("img:not([alt]), img[alt='']").filter(visible=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sources = page.get_by_role("heading", name="Sources")
    sources.scroll_into_view_if_needed()
    expect(sources).to_be_in_viewport()


def test_deconvnet(lesson_page):
    page = lesson_page(NOTEBOOKS / "03_03_deconvnet.ipynb", timeout=SECONDS)
    whole(page, "DeconvNet: running a network backwards")
    first = page.locator(".cnnvis-unpooling")
    below = first.get_by_role("table", name="unpooled").locator("td")
    expect(below.nth(1)).to_have_text("5")
    first.get_by_role("spinbutton", name="the map, row 0, column 0").fill("9")
    expect(below.nth(0)).to_have_text("9")
    expect(below.nth(1)).to_have_text("0")


def test_saliency_maps(lesson_page):
    page = lesson_page(NOTEBOOKS / "03_04_saliency_maps.ipynb", timeout=SECONDS)
    whole(page, "Saliency maps")
    first = page.locator(".cnnvis-tangent")
    expect(first.get_by_text("mean slope from the start –")).to_have_count(0)
    first.get_by_role("slider").press("Home")
    expect(first.get_by_text("mean slope from the start –")).to_be_visible()


def test_guided_backpropagation(lesson_page):
    page = lesson_page(NOTEBOOKS / "03_05_guided_backpropagation.ipynb", timeout=SECONDS)
    whole(page, "Guided backpropagation")
    first = page.locator(".cnnvis-relu-gates").first
    handed = first.get_by_role("table", name="backpropagation", exact=True).locator("td")
    expect(handed.nth(0)).to_have_text("1")
    first.get_by_role("spinbutton", name="into the ReLU, row 0, column 0").fill("-2")
    expect(handed.nth(0)).to_have_text("0")


def test_guided_grad_cam(lesson_page):
    page = lesson_page(NOTEBOOKS / "03_09_guided_grad_cam.ipynb", timeout=SECONDS)
    whole(page, "Guided Grad-CAM")
    first = page.locator(".cnnvis-guided-product").first
    slider = first.get_by_role("slider", name="how much of the mask is applied")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "guided backprop")
    slider.press("ArrowRight")
    expect(first.get_by_text("mask applied to 1 %")).to_be_visible()
