"""Fits, descents and thresholds in a real browser: the page's arithmetic against Python's."""

from __future__ import annotations

import ast
import re

import numpy as np
import pytest
from jupyter_servers import awaited, in_kernel
from playwright.sync_api import Locator, expect
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, f1_score, precision_score, recall_score

FIT = """
import numpy as np
from cnnvis_widgets.widgets import FitPlot
random = np.random.default_rng(2)
x = random.uniform(-2, 5, 24)
cloud = np.column_stack([x, 1 + x / 2 + random.normal(0, 1, 24)]).round(3)
sets = np.column_stack([cloud, np.arange(24) % 3])
classes = np.column_stack([cloud, cloud @ [1, -2] + random.normal(0, 2, 24) > -1])
axes = {"x": (-3, 6), "y": (-4, 8)}
"""


def arrays() -> tuple[np.ndarray, np.ndarray]:
    """What FIT makes, made again on this side: sets, classes."""
    random = np.random.default_rng(2)
    x = random.uniform(-2, 5, 24)
    cloud = np.column_stack([x, 1 + x / 2 + random.normal(0, 1, 24)]).round(3)
    classes = np.column_stack([cloud, cloud @ [1, -2] + random.normal(0, 2, 24) > -1])
    return np.column_stack([cloud, np.arange(24) % 3]), classes


def numbers(text: str) -> list[float]:
    plain = text.replace("−", "-").replace("- ", "-").replace("+ ", "")
    return [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?", plain)]


def says(locator: Locator, wanted: list[float], rel: float = 0.006) -> None:
    """Wait until the numbers in a line of text are these."""
    figures: list[float] = []
    for _ in range(60):
        figures = numbers(locator.inner_text())
        if figures == pytest.approx(wanted, rel=rel, abs=1e-3):
            return
        locator.page.wait_for_timeout(50)
    assert figures == pytest.approx(wanted, rel=rel, abs=1e-3)


def curve(chart: Locator, style: str, high: float, tall: tuple[float, float]) -> np.ndarray:
    """The heights of a line's corners, in the units of the axis."""
    text = chart.locator(f"polyline.{style}").first.get_attribute("points")
    v = np.array([float(point.split(",")[1]) for point in text.split()])
    return tall[0] + (high - 38 - v) / (high - 38 - 24) * (tall[1] - tall[0])


def test_polynomials_are_numpys_and_their_errors_stand_beside_them(voila_page, screenshot):
    cells = [FIT, "fit = FitPlot(sets, **axes, model='polynomial', degree=3, show_test=False); fit"]
    page = voila_page(cells)
    sets, _ = arrays()
    train = sets[sets[:, 2] == 0]
    plot = page.locator(".cnnvis-fit")
    message = plot.locator(".cnnvis-chart-status").nth(1)

    def errors(degree: int, roles: int) -> list[float]:
        weights = np.polyfit(train[:, 0], train[:, 1], degree)
        missed = np.polyval(weights, sets[:, 0]) - sets[:, 1]
        return [np.sqrt((missed[sets[:, 2] == role] ** 2).mean()) for role in range(roles)]

    for degree in (3, 0, 7):
        in_kernel(page, f"fit.degree = {degree}")
        says(message, errors(degree, 2))
        weights = np.polyfit(train[:, 0], train[:, 1], degree)
        wanted = np.polyval(weights, np.linspace(-3, 6, 201))
        values = curve(plot.locator("svg").first, "cnnvis-chart-second", 340, (-4, 8))
        inside = (wanted > -4) & (wanted < 8)
        np.testing.assert_allclose(values[inside], wanted[inside], atol=2e-3)

    # the test set is shut until it is opened
    expect(plot.get_by_role("option")).to_have_count(16)
    plot.get_by_role("checkbox", name="open the test set").check()
    expect(plot.get_by_role("option")).to_have_count(24)
    says(message, errors(7, 3))
    slider = plot.get_by_role("slider", name="degree")
    slider.press("Home")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    awaited(page, "fit.degree", lambda d: d == 2)
    says(message, errors(2, 3))
    over = plot.locator("svg").nth(1)
    best = [int(np.argmin([errors(d, 3)[role] for d in range(8)])) for role in range(3)]
    label = over.get_attribute("aria-label")
    assert numbers(label) == [0, 7, *best]
    screenshot(page, "fit-polynomial")


def test_points_are_moved_by_mouse_and_keyboard_and_a_line_by_hand(voila_page, screenshot):
    page = voila_page(
        [
            FIT,
            "line = FitPlot([(0, 0), (4, 4), (2, 5)], **axes, show_own=True); line",
            "other = FitPlot(cloud, **axes); other",
        ]
    )
    plot = page.locator(".cnnvis-fit").first
    message = plot.locator(".cnnvis-chart-status")
    says(message.nth(1), [6.0])
    expect(plot.locator("code")).to_have_text("def program(x): return 1 * x + 1")

    # the third point down onto the line
    mark = plot.get_by_role("option", name="point 3 of 3")
    box = mark.locator("circle").last.bounding_box()
    svg = plot.locator("svg").first.bounding_box()
    unit = svg["height"] / 340 * (340 - 38 - 24) / 12  # pixels for 1 of y
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + 3 * unit, steps=5)
    page.mouse.up()
    moved = awaited(page, "line.points[2]", lambda p: abs(p[1] - 2) < 0.05)
    assert moved[0] == pytest.approx(2, abs=0.05)
    x, y = np.array([(0, 0), (4, 4), moved[:2]]).T
    _, rest, *_ = np.polyfit(x, y, 1, full=True)
    says(message.nth(1), [float(rest[0])], rel=0.02)

    page.keyboard.press("Shift+ArrowUp")  # 5 % of 12
    awaited(page, "line.points[2]", lambda p: p[1] == pytest.approx(moved[1] + 0.6, abs=0.011))
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowLeft")  # 1 % of 9
    awaited(page, "line.points[0]", lambda p: p[0] == pytest.approx(-0.09))
    page.keyboard.press("Insert")
    awaited(page, "len(line.points)", lambda n: n == 4)
    page.keyboard.press("Delete")
    awaited(page, "len(line.points)", lambda n: n == 3)
    plane = plot.locator("svg").first
    plane.click(position={"x": svg["width"] * 0.8, "y": svg["height"] * 0.75})
    awaited(page, "len(line.points)", lambda n: n == 4)

    slope = plot.get_by_role("slider", name="your slope")
    slope.press("ArrowRight")
    own = awaited(page, "line.own", lambda own: own[0] > 0)
    points = np.array(ast.literal_eval(in_kernel(page, "line.points")))
    squared = ((own[0] * points[:, 0] + own[1] - points[:, 1]) ** 2).sum()
    assert numbers(message.first.inner_text())[-1] == pytest.approx(squared, rel=0.006)
    awaited(page, "other.points == cloud.tolist() or len(other.points)", lambda n: n == 24)
    screenshot(page, "fit-line", full_page=True)
    in_kernel(page, "other.close()")
    expect(page.locator(".cnnvis-fit")).to_have_count(1)


def test_the_logistic_boundary_is_scikit_learns(voila_page, screenshot):
    cells = [FIT, "fit = FitPlot(classes, **axes, model='logistic', strength=0.2); fit"]
    page = voila_page(cells)
    _, classes = arrays()
    plot = page.locator(".cnnvis-fit")
    for strength in (0.2, 5.0):
        in_kernel(page, f"fit.strength = {strength}")
        model = LogisticRegression(C=1 / strength, tol=1e-10, max_iter=5000)
        model.fit(classes[:, :2], classes[:, 2])
        # "x1" and "x2" have digits too
        wanted = [model.coef_[0, 0], 1, model.coef_[0, 1], 2, model.intercept_[0]]
        says(plot.locator("code"), wanted)
        p = model.predict_proba(classes[:, :2])[np.arange(24), classes[:, 2].astype(int)]
        right = (model.predict(classes[:, :2]) == classes[:, 2]).sum()
        says(plot.locator(".cnnvis-chart-status").nth(1), [right, 24, -np.log(p).mean()])
    screenshot(page, "fit-logistic")
    plot.get_by_role("button", name="Other class").click()
    awaited(page, "fit.points[0][2]", lambda c: c == 1 - classes[0, 2])


def test_descent_step_by_step(voila_page, screenshot):
    cells = [
        "from cnnvis_widgets.widgets import Descent",
        "one = Descent((1, -4, 2), domain=(-3, 4), start=3); one",
        "two = Descent((0, 0, -2, 0, 1), domain=(-2, 2), label='two valleys'); two",
    ]
    page = voila_page(cells)
    one, two = page.locator(".cnnvis-descent").first, page.locator(".cnnvis-descent").nth(1)
    sum_line, message = one.locator(".cnnvis-chart-status").first, one.get_by_role("status")
    says(sum_line, [3, -0.1, 8, 2.2])
    one.get_by_role("button", name="One step").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    awaited(page, "one.steps", lambda n: n == 2)
    theta = 1 + 2 * 0.6**2
    says(message, [2, theta, 2 * (theta - 1) ** 2 - 1, 4 * (theta - 1)])
    assert one.locator(".cnnvis-descent-past").count() == 2
    field = one.get_by_role("spinbutton", name="exact learning rate")
    field.fill("0.6")
    field.press("Enter")
    awaited(page, "one.rate", lambda rate: rate == 0.6)
    run = one.get_by_role("button", name="Run")
    run.click()
    awaited(page, "one.steps", lambda n: n >= 4)
    one.get_by_role("button", name="Pause").click()
    steps = int(awaited(page, "one.steps", lambda n: True))
    says(
        message,
        [steps, 1 + 2 * (1 - 2.4) ** steps, 8 * 1.4 ** (2 * steps) - 1, 8 * (-1.4) ** steps],
    )
    in_kernel(page, "one.steps = 100")
    expect(message).to_contain_text("it has run away")
    expect(one.get_by_role("button", name="One step")).to_have_attribute("aria-disabled", "true")
    two.get_by_role("slider", name="start at").press("End")
    awaited(page, "(two.start, two.steps)", lambda s: s == (2, 0))
    rate = two.get_by_role("slider", name="learning rate")
    rate.press("Home")
    awaited(page, "two.rate", lambda r: r == 0.001)
    one.get_by_role("button", name="Back to the start").click()
    awaited(page, "one.steps", lambda n: n == 0)
    screenshot(page, "descent", full_page=True)
    in_kernel(page, "two.close()")
    expect(page.locator(".cnnvis-descent")).to_have_count(1)


def test_the_threshold_s_table_is_scikit_learns(voila_page, screenshot):
    make = """
import numpy as np
from cnnvis_widgets.widgets import Threshold
random = np.random.default_rng(8)
labels = random.random(90) < 0.3
scores = np.clip(random.normal(0.35 + 0.25 * labels, 0.2), 0, 1)
"""
    cells = [
        make,
        "one = Threshold(scores, labels, names=('eight', 'other')); one",
        "two = Threshold(scores[:5], labels[:5]); two",
    ]
    page = voila_page(cells)
    random = np.random.default_rng(8)
    labels = random.random(90) < 0.3
    scores = np.clip(random.normal(0.35 + 0.25 * labels, 0.2), 0, 1)
    one = page.locator(".cnnvis-threshold").first

    def right(threshold: float) -> None:
        message = scores >= threshold
        (tn, fp), (fn, tp) = confusion_matrix(labels, message)
        cells = one.locator("tbody td strong")
        expect(cells).to_have_text([str(n) for n in (tp, fn, fp, tn)])
        measures = [
            (labels == message).mean(),
            precision_score(labels, message),
            recall_score(labels, message),
            f1_score(labels, message),
        ]
        expect(one.locator("dd strong")).to_have_text([f"{100 * m:.1f} %" for m in measures])
        here = one.locator(".cnnvis-threshold-here")
        across = (float(here.get_attribute("cx")) - 50) / (300 - 50 - 14)
        up = 1.02 * (300 - 38 - float(here.get_attribute("cy"))) / (300 - 38 - 24)
        assert (across, up) == pytest.approx((measures[2], measures[1]), abs=1e-6)

    right(0.5)
    slider = one.get_by_role("slider")
    for _ in range(4):
        slider.press("ArrowRight")
    awaited(page, "one.threshold", lambda t: t == pytest.approx(0.52))
    right(0.52)
    strips = one.locator("svg").first
    box = strips.bounding_box()
    place = box["x"] + box["width"] * (14 + 0.3 * (560 - 28)) / 560
    page.mouse.move(place, box["y"] + 40)
    page.mouse.down()
    page.mouse.up()
    now = awaited(page, "one.threshold", lambda t: abs(t - 0.3) < 0.005)
    right(float(now))
    awaited(page, "two.threshold", lambda t: t == 0.5)
    in_kernel(page, "two.threshold = 1")
    expect(page.locator(".cnnvis-threshold").nth(1).locator("dd strong").nth(1)).to_have_text("–")
    screenshot(page, "threshold", full_page=True)
    in_kernel(page, "two.close()")
    expect(page.locator(".cnnvis-threshold")).to_have_count(1)
