"""Deep signals and the regulariser in a real browser: settings, words, pictures."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from jupyter_servers import awaited, in_kernel
from playwright.sync_api import expect


def test_deep_signal(voila_page, screenshot):
    cells = [
        "from cnnvis_widgets.widgets import SignalPropagation",
        "one = SignalPropagation(); one",
        "two = SignalPropagation(activation='tanh', mean=1.0, deviation=0.376, label='another')\n"
        "two",
    ]
    page = voila_page(cells)
    one, two = (page.locator(".cnnvis-signal-propagation").nth(k) for k in (0, 1))
    message = one.get_by_role("status")
    expect(message).to_contain_text("After 20 layers an activation of size")
    expect(two.get_by_role("status")).to_contain_text("has become exactly 0.")
    he = one.get_by_role("button", name="He", exact=True)
    expect(he).to_have_attribute("aria-pressed", "true")

    # the heights of the dots are Python's powers of ten
    curve = np.array(ast.literal_eval(in_kernel(page, "one._curves['signal']")))
    dots = one.locator("svg").first.locator("circle")
    expect(dots).to_have_count(21)
    heights = np.array([float(dot.get_attribute("cy")) for dot in dots.all()])
    low, high = min(-2, curve.min()), max(2, curve.max())
    room = 0.06 * (high - low)
    wanted = 280 - 38 - (curve - low + room) / (high - low + 2 * room) * (280 - 38 - 24)
    np.testing.assert_allclose(heights, wanted, atol=0.01)

    one.get_by_role("button", name="thesis, as printed").focus()
    page.keyboard.press("Enter")
    awaited(page, "(one.mean, round(one.deviation, 3))", lambda f: f == (1, 0.376))
    expect(message).to_contain_text("· 10³⁸")
    expect(he).to_have_attribute("aria-pressed", "false")
    screenshot(page, "deep-signal", full_page=True)
    one.get_by_role("slider", name="mean").press("Home")
    awaited(page, "one.mean", lambda mean: mean == 0)
    one.get_by_role("slider", name="hidden layers").press("ArrowLeft")
    awaited(page, "one.depth", lambda depth: depth == 19)
    one.get_by_role("slider", name="deviation").press("Home")
    awaited(page, "one.deviation", lambda d: d == 0.001)
    one.get_by_label("activation", exact=True).select_option("sigmoid")
    awaited(page, "one.activation", lambda a: a == "sigmoid")
    one.get_by_role("checkbox", name="BatchNorm").check()
    awaited(page, "one.normalised", lambda n: n is True)
    one.get_by_role("button", name="Other first weights").click()
    awaited(page, "one.seed", lambda seed: seed == 1)
    expect(message).to_contain_text("After 19 layers")
    in_kernel(page, "one.set_state({'depth': 99})")
    expect(one.get_by_role("alert")).to_contain_text("2 to 40")
    assert ast.literal_eval(in_kernel(page, "two.depth")) == 20
    in_kernel(page, "two.close()")
    expect(page.locator(".cnnvis-signal-propagation")).to_have_count(1)


def test_regulariser(voila_page, screenshot):
    cells = [
        "from cnnvis_widgets.widgets import Regulariser",
        "one = Regulariser(); one",
        "own = [(-0.5, 0, 0), (0.5, 0.5, 1), (0, 0.9, 1)]",
        "two = Regulariser(own, own, units=4, epochs=20, label='three points'); two",
    ]
    page = voila_page(cells)
    one, two = (page.locator(".cnnvis-regulariser").nth(k) for k in (0, 1))
    message, rows = one.get_by_role("status"), one.locator("tbody tr")

    def shown() -> None:
        """The page says what Python has."""
        made = "r = one._result; (r['steps'], r['training'][-1], r['validation'][-1], r['right'])"
        steps, training, validation, right = ast.literal_eval(in_kernel(page, made))
        expect(message).to_contain_text(f"{steps} steps, 1185 parameters")
        for k, (name, loss) in enumerate({"training": training, "validation": validation}.items()):
            expect(rows.nth(k)).to_contain_text(f"{int(1000 * right[name] + 0.5) / 10:.1f} %")
            text = rows.nth(k).locator("td").first.inner_text().replace("−", "-")
            assert float(text) == pytest.approx(loss, rel=0.05)

    shown()
    assert one.locator(".cnnvis-decision-boundary-1, .cnnvis-decision-boundary-0").count() == 440
    screenshot(page, "regulariser", full_page=True)
    before = one.locator("image").get_attribute("href")
    penalty = one.get_by_role("slider", name="L2 penalty")
    for _ in range(4):
        penalty.press("ArrowRight")
    awaited(page, "(one.l2, one.busy)", lambda f: f == (0.003, False))
    shown()
    assert one.locator("image").get_attribute("href") != before
    one.get_by_role("slider", name="L1 penalty").press("ArrowRight")
    awaited(page, "one.l1", lambda penalty: penalty == 0.0001)
    one.get_by_role("slider", name="dropout").press("ArrowRight")
    awaited(page, "one.dropout", lambda share: share == 0.1)
    one.get_by_label("optimizer", exact=True).select_option("momentum")
    one.get_by_label("batch size", exact=True).select_option("8")
    awaited(page, "(one.optimizer, one.batch, one.busy)", lambda f: f == ("momentum", 8, False))
    one.get_by_role("slider", name="learning rate").press("ArrowRight")
    awaited(page, "one.rate", lambda rate: rate > 0.01)
    one.get_by_role("button", name="Other first weights").click()
    awaited(page, "(one.seed, one.busy)", lambda f: f == (1, False))
    shown()
    expect(message).to_contain_text("2000 steps")
    in_kernel(page, "one.set_state({'batch': 99})")
    expect(one.get_by_role("alert")).to_contain_text("1 to 40")
    expect(two.get_by_role("status")).to_contain_text("20 steps, 37 parameters")
    in_kernel(page, "two.disabled = True")
    expect(two.get_by_role("slider", name="dropout")).to_be_disabled()
    in_kernel(page, "two.close()")
    expect(page.locator(".cnnvis-regulariser")).to_have_count(1)
