"""Small networks in a real browser: the page's steps against NumPy's, and a perceptron by hand."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from jupyter_servers import awaited, in_kernel
from playwright.sync_api import Page, expect

from cnnvis_widgets.course.models.small_network import SmallNetwork
from cnnvis_widgets.course.models.toy_data import plane_points


def learned(page: Page, name: str, steps: int) -> np.ndarray:
    """The parameters of a network once the page has told of so many steps."""
    awaited(page, f"{name}.steps", lambda made: made == steps)
    return np.array(ast.literal_eval(in_kernel(page, f"{name}.network.parameters.tolist()")))


@pytest.mark.parametrize(
    ("data", "hidden", "activation"),
    [
        ("spirals", [5, 3, 4], "tanh"),
        ("moons", [4, 2], "relu"),
        ("ring", [6], "relu6"),
        ("xor", [2, 3], "sigmoid"),
        ("clouds", [2], "linear"),
        ("clouds", [], "relu"),
    ],
)
def test_the_page_s_steps_are_numpy_s(voila_page, data, hidden, activation):
    cells = [
        "from cnnvis_widgets.widgets import DecisionBoundary",
        f"one = DecisionBoundary(data={data!r}, hidden={hidden}, activation={activation!r},"
        " rate=0.3, seed=2); one",
    ]
    page = voila_page(cells)
    wanted, points = SmallNetwork((2, *hidden, 1), activation, 2), plane_points(data)
    page.get_by_role("button", name="One step").click()
    wanted.step(points[:, :2], points[:, 2], 0.3)
    np.testing.assert_allclose(learned(page, "one", 1), wanted.parameters, rtol=1e-9, atol=1e-12)
    page.get_by_role("button", name="100 steps").click()
    wanted.train(points[:, :2], points[:, 2], 100, 0.3)
    np.testing.assert_allclose(learned(page, "one", 101), wanted.parameters, rtol=1e-6, atol=1e-8)
    right = int((wanted.classes(points[:, :2]) == points[:, 2]).sum())
    message = page.locator(".cnnvis-decision-boundary-status")
    expect(message).to_contain_text(
        f"101 steps: loss {wanted.loss(points[:, :2], points[:, 2]):.3g}"
    )
    expect(message).to_contain_text(f"{right} of 100 points right; {wanted.count} parameters")


def test_it_is_trained_paused_and_begun_anew_with_mouse_and_keyboard(voila_page, screenshot):
    cells = [
        "from cnnvis_widgets.widgets import DecisionBoundary",
        "one = DecisionBoundary(data='xor', hidden=[4], activation='tanh', rate=1.0); one",
        "two = DecisionBoundary([(-0.5, 0, 0), (0.5, 0.5, 1)], hidden=[], label='two points'); two",
    ]
    page = voila_page(cells)
    one, two = (
        page.locator(".cnnvis-decision-boundary").first,
        page.locator(".cnnvis-decision-boundary").nth(1),
    )
    message = one.locator(".cnnvis-decision-boundary-status")
    one.get_by_label("speed").select_option("fast")
    one.get_by_role("button", name="Train").focus()
    page.keyboard.press("Enter")
    expect(message).to_contain_text("100 of 100 points right", timeout=20_000)
    awaited(page, "one.steps", lambda made: made > 0)
    one.get_by_role("button", name="Pause").click()
    expect(one.get_by_role("button", name="Train")).to_be_visible()
    shown = message.inner_text()
    steps = int(shown.split(" ")[0])
    assert learned(page, "one", steps).shape == (17,)
    assert ast.literal_eval(in_kernel(page, "one.right")) == 100
    expect(one.get_by_role("status")).to_have_text(shown)
    assert one.locator(".cnnvis-decision-boundary-unit").count() == 4

    # the units: by mouse, then by keys
    note = one.locator(".cnnvis-decision-boundary-plane .cnnvis-chart-status")
    expect(note).to_contain_text("In the plane: the output")
    whole = one.locator(".cnnvis-decision-boundary-plane image").get_attribute("href")
    one.get_by_role("option", name="unit 2 of hidden layer 1").click()
    expect(note).to_contain_text("unit 2 of hidden layer 1")
    assert one.locator(".cnnvis-decision-boundary-chosen").count() == 1
    assert one.locator(".cnnvis-decision-boundary-plane image").get_attribute("href") != whole
    page.keyboard.press("ArrowDown")
    expect(note).to_contain_text("unit 3 of hidden layer 1")
    page.keyboard.press("ArrowRight")
    expect(note).to_contain_text("the output")
    page.keyboard.press("ArrowLeft")
    expect(note).to_contain_text("hidden layer 1")
    page.keyboard.press("End")
    expect(note).to_contain_text("the output")
    screenshot(page, "boundary-xor", full_page=True)

    one.get_by_role("button", name="Reset").click()
    expect(message).to_contain_text("0 steps:")
    learned(page, "one", 0)
    before = in_kernel(page, "one.network.parameters.tolist()")
    one.get_by_role("button", name="Other first weights").click()
    awaited(page, "one.seed", lambda seed: seed == 1)
    assert in_kernel(page, "one.network.parameters.tolist()") != before
    one.get_by_label("hidden layers").select_option("2")
    awaited(page, "one.hidden", lambda hidden: hidden == [4, 4])
    expect(message).to_contain_text("37 parameters")
    one.get_by_role("slider", name="units in each").press("ArrowRight")
    awaited(page, "one.hidden", lambda hidden: hidden == [5, 5])
    one.get_by_label("points", exact=True).select_option("spirals")
    one.get_by_label("activation").select_option("relu")
    awaited(page, "(one.data, one.activation)", lambda value: value == ("spirals", "relu"))
    one.get_by_role("slider", name="learning rate").press("End")
    awaited(page, "one.rate", lambda rate: rate == 10)
    in_kernel(page, "one.rate = 0.3; one.train(400)")
    expect(message).to_contain_text("400 steps")
    one.get_by_role("button", name="One step").click()
    learned(page, "one", 401)
    screenshot(page, "boundary-spirals", full_page=True)

    # the refusal is shown beside it; the other one is as it was
    in_kernel(page, "one.set_state({'hidden': [99]})")
    expect(one.get_by_role("alert")).to_contain_text("1 to 32")
    assert ast.literal_eval(in_kernel(page, "(two.steps, two.data)")) == (0, "own")
    two.get_by_role("button", name="100 steps").click()
    learned(page, "two", 100)
    in_kernel(page, "two.disabled = True")
    expect(two.get_by_role("button", name="One step")).to_be_disabled()
    in_kernel(page, "two.close()")
    expect(page.locator(".cnnvis-decision-boundary")).to_have_count(1)


def test_a_perceptron_by_hand(voila_page, screenshot):
    cells = [
        "from cnnvis_widgets.widgets import Perceptron",
        "one = Perceptron(); one",
        "two = Perceptron(task='xor', weights=[1, 1, -0.5], label='another'); two",
    ]
    page = voila_page(cells)
    one, two = page.locator(".cnnvis-perceptron").first, page.locator(".cnnvis-perceptron").nth(1)
    expect(one.get_by_role("status")).to_have_text("3 of 4 right.")
    one.get_by_role("button", name="Correct one mistake").focus()
    for _ in range(30):
        if one.get_by_text("4 of 4 right").count():
            break
        page.keyboard.press("Enter")
        page.wait_for_timeout(30)
    made = int(awaited(page, "one.corrections", lambda n: n > 0))
    in_kernel(page, "mine = Perceptron()\nwhile mine.correct(): pass")
    assert in_kernel(page, "(mine.weights, mine.corrections)") == in_kernel(
        page, "(one.weights, one.corrections)"
    )
    expect(one.get_by_role("status")).to_have_text(f"4 of 4 right after {made} corrections.")
    expect(one.get_by_role("button", name="Correct")).to_have_attribute("aria-disabled", "true")
    one.get_by_role("slider", name="w1").press("Home")
    awaited(page, "one.weights[0], one.corrections", lambda value: value == (-5, 0))
    table = two.locator("tbody tr")
    expect(table.nth(3)).to_have_text("111.510wrong")
    two.get_by_label("task").select_option("or")
    expect(two.get_by_role("status")).to_have_text("4 of 4 right.")
    awaited(page, "two.task", lambda task: task == "or")
    two.get_by_role("button", name="All weights").click()
    awaited(page, "two.weights", lambda w: w == [0, 0, 0])
    in_kernel(page, "two.set_state({'weights': [1, 2, 9]})")
    expect(two.get_by_role("alert")).to_contain_text("from -5 to 5")
    screenshot(page, "perceptron", full_page=True)
    in_kernel(page, "two.close()")
    expect(page.locator(".cnnvis-perceptron")).to_have_count(1)
