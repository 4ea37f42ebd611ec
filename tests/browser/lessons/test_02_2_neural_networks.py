"""The lesson on neural networks as a visitor sees it."""

from __future__ import annotations

from playwright.sync_api import expect


def test_neural_networks(lesson, screenshot):
    expect(lesson.get_by_role("heading", level=1)).to_contain_text("Neural networks")
    expect(lesson.locator(".cnnvis")).to_have_count(8, timeout=60_000)

    # Figure 5 has learned, and goes on learning here
    first = lesson.locator(".cnnvis-decision-boundary").first
    message = first.locator(".cnnvis-decision-boundary-status")
    expect(message).to_contain_text("600 steps")
    expect(message).to_contain_text("100 of 100 points right; 13 parameters")
    first.get_by_role("button", name="One step").click()
    expect(message).to_contain_text("601 steps")
    first.get_by_role("option", name="unit 3 of hidden layer 1").click()
    expect(first.get_by_role("status")).to_contain_text("In the plane: unit 3")

    unit = lesson.locator(".cnnvis-perceptron")
    expect(unit.get_by_role("status")).to_have_text("2 of 4 right.")
    unit.get_by_label("task").select_option("or")
    expect(unit.get_by_role("status")).to_have_text("4 of 4 right.")

    learner = lesson.locator(".cnnvis-decision-boundary").nth(1)
    learner.get_by_label("hidden layers").focus()
    learner.get_by_role("slider", name="units in each").press("ArrowRight")
    expect(learner.locator(".cnnvis-decision-boundary-status")).to_contain_text("0 steps")
    expect(learner.locator(".cnnvis-decision-boundary-status")).to_contain_text("13 parameters")
    learner.get_by_role("button", name="Train").click()
    expect(learner.locator(".cnnvis-decision-boundary-status")).to_contain_text(
        "100 of 100", timeout=60_000
    )
    learner.get_by_role("button", name="Pause").click()

    question = lesson.get_by_text("First question").locator("xpath=ancestor::fieldset")
    question.get_by_role("radio", name="Some of them").click()
    expect(question.get_by_text("2 of 20. That weights exist")).to_be_visible()
    screenshot(lesson, "lesson-02-2")
