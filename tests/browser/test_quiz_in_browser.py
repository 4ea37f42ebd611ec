"""The guess in a real browser: nothing is given away before one has chosen."""

from __future__ import annotations

from jupyter_servers import expect_in_kernel
from playwright.sync_api import expect

GUESS = """
import numpy as np
from cnnvis_widgets.rendering import figure
from cnnvis_widgets.widgets import Quiz

shown = figure(None, np.eye(3), mode="heatmap", title="a diagonal")
guess = Quiz("Where is it?", ["left", "right", "nowhere"], 1, "Because it is.", shown)
guess
"""


def test_a_choice_shows_the_answer_and_it_can_be_hidden_again(voila_page, screenshot):
    page = voila_page([GUESS])
    picture = page.get_by_role("img")
    expect(page.get_by_text("Where is it?")).to_be_visible()
    expect(picture).to_be_hidden()
    expect(page.get_by_text("Because it is.")).to_be_hidden()
    page.get_by_role("radio", name="left").click()
    expect(page.get_by_text("You chose: left. It is: right.")).to_be_visible()
    expect(page.get_by_text("Because it is.")).to_be_visible()
    expect(picture).to_be_visible()
    assert (picture.get_attribute("alt") or "").startswith("a diagonal. Heatmap of 3 × 3 values")
    assert picture.evaluate("(image) => image.naturalWidth") > 300
    screenshot(page.locator(".cnnvis-quiz"), "guess")
    expect_in_kernel(page, "(guess.value, guess.looked, guess.correct)", (0, True, False))
    page.get_by_role("button", name="Hide it again").click()
    expect(picture).to_be_hidden()
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)


def test_by_keyboard_moving_among_the_answers_gives_nothing_away(voila_page):
    page = voila_page([GUESS])
    page.get_by_role("radio", name="left").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="right")).to_be_focused()
    expect(page.get_by_role("img")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Right: right.")).to_be_visible()
    expect_in_kernel(page, "guess.correct", True)


def test_one_can_look_without_a_guess(voila_page):
    page = voila_page([GUESS])
    page.get_by_role("button", name="Skip and show the answer").click()
    expect(page.get_by_text("It is: right.")).to_be_visible()
    expect(page.get_by_role("button", name="Hide it again")).to_be_focused()
    expect_in_kernel(page, "(guess.value, guess.looked)", (None, True))
