"""The race in a real browser: the page's ways against Python's, mouse and keyboard."""

from __future__ import annotations

import re

import numpy as np
import pytest
from jupyter_servers import awaited, in_kernel
from playwright.sync_api import Locator, expect

from cnnvis_widgets.course.models.loss_surfaces import SURFACES, surface
from cnnvis_widgets.widgets import OptimizerRace


def ways(race: Locator, name: str) -> list[np.ndarray]:
    """The corners of the four ways in the plane, in the units of its axes."""
    one = surface(name)
    box = [
        float(n)
        for n in race.locator(".cnnvis-optimizer-race-plane svg").get_attribute("viewBox").split()
    ]
    wide, high = box[2] - 50 - 14, box[3] - 24 - 38
    paths = []
    for line in race.locator(".cnnvis-optimizer-race-plane polyline").all():
        places = np.array([p.split(",") for p in line.get_attribute("points").split()], float)
        x = one.x[0] + (places[:, 0] - 50) / wide * (one.x[1] - one.x[0])
        y = one.y[0] + (box[3] - 38 - places[:, 1]) / high * (one.y[1] - one.y[0])
        paths.append(np.column_stack([x, y]))
    return paths


def test_the_page_s_ways_are_python_s(voila_page):
    cells = [
        "from cnnvis_widgets.widgets import OptimizerRace",
        "one = OptimizerRace(steps=50); one",
    ]
    page = voila_page(cells)
    race = page.locator(".cnnvis-optimizer-race")
    message = race.locator(".cnnvis-optimizer-race-status")
    for k, name in enumerate(SURFACES):
        how = {"noise": 0.4 * (k % 2), "decay": 0.05 * (k % 3), "momentum": 0.9 - 0.1 * k}
        rates = [0.03, 0.02, 0.05, 0.08 + 0.01 * k]
        setting = "".join(f"one.{key} = {value}; " for key, value in how.items())
        in_kernel(page, f"one.surface = {name!r}; {setting}one.rates = {rates}; one.steps = 60")
        twin = OptimizerRace(surface=name, rates=rates, steps=60, **how)
        expect(message).to_contain_text("After 60 steps")
        expect(race.get_by_label("surface", exact=True)).to_have_value(name)
        wanted = list(twin.paths.values())
        for _ in range(60):
            paths = ways(race, name)
            near = [f.shape == w.shape and np.abs(f - w).max() < 1e-3 for f, w in
                    zip(paths, wanted, strict=True)]  # fmt: skip
            if all(near):
                break
            page.wait_for_timeout(50)
        assert all(near), (name, near)
        numbers = re.findall(r"(?:SGD|momentum|RMSprop|Adam) ([\d.e−]+)", message.inner_text())
        values = [float(n.replace("−", "-").rstrip(".")) for n in numbers]
        assert values == pytest.approx([loss[-1] for loss in twin.losses.values()], rel=0.06)


def test_it_is_raced_and_moved_with_mouse_and_keyboard(voila_page, screenshot):
    cells = [
        "from cnnvis_widgets.widgets import OptimizerRace",
        "one = OptimizerRace(); one",
        "two = OptimizerRace(surface='banana', rate=3.0, racers=['SGD'], label='another'); two",
    ]
    page = voila_page(cells)
    one, two = (
        page.locator(".cnnvis-optimizer-race").first,
        page.locator(".cnnvis-optimizer-race").nth(1),
    )
    message, status = one.locator(".cnnvis-optimizer-race-status"), one.get_by_role("status")
    expect(message).to_contain_text("At the start the loss is 4.4")
    one.get_by_role("button", name="One step").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    awaited(page, "one.steps", lambda n: n == 2)
    expect(status).to_contain_text("After 2 steps")
    one.get_by_role("button", name="Ten steps").click()
    awaited(page, "one.steps", lambda n: n == 12)
    one.get_by_role("button", name="Race").click()
    awaited(page, "one.steps", lambda n: n > 16)
    one.get_by_role("button", name="Pause").click()
    expect(one.get_by_role("button", name="Race")).to_be_visible()
    steps = int(awaited(page, "one.steps", lambda n: True))
    expect(status).to_contain_text(f"After {steps} steps")
    screenshot(page, "race", full_page=True)

    # the start: with arrow keys, then with the mouse
    start = one.get_by_role("slider", name="start, moved")
    start.focus()
    page.keyboard.press("ArrowRight")
    awaited(page, "one.start", lambda s: s == pytest.approx([-2.54, 1.2]))
    page.keyboard.press("Shift+ArrowDown")
    awaited(page, "one.start", lambda s: s == pytest.approx([-2.54, 0.8]))
    expect(start).to_have_attribute("aria-valuetext", "x −2.54, y 0.8")
    box = start.locator(".cnnvis-optimizer-race-ring").bounding_box()
    plane = one.locator(".cnnvis-optimizer-race-plane svg").bounding_box()
    unit = plane["width"] / 470 * (470 - 64) / 6  # pixels for 1 of x
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 4 * unit, middle[1] + unit, steps=6)
    page.mouse.up()
    awaited(page, "one.start", lambda s: np.abs(np.subtract(s, [1.46, -0.2])).max() < 0.06)
    page.mouse.move(middle[0], middle[1])
    assert awaited(page, "one.start", lambda s: True)[0] > 1

    # who runs, and how fast
    rate = one.get_by_role("slider", name="learning rate of RMSprop")
    rate.press("Home")
    awaited(page, "one.rates", lambda r: r == [0.0001] * 4)
    one.get_by_role("checkbox", name="one learning rate for all").uncheck()
    rate.press("End")
    awaited(page, "one.rates", lambda r: r == [0.0001, 0.0001, 3.0, 0.0001])
    one.get_by_role("checkbox", name="Adam runs").uncheck()
    awaited(page, "one.racers", lambda r: r == ["SGD", "momentum", "RMSprop"])
    assert one.locator(".cnnvis-optimizer-race-plane polyline").count() == 3
    one.get_by_role("slider", name="momentum μ").press("Home")
    one.get_by_role("slider", name="noise").press("End")
    one.get_by_role("slider", name="decay").press("End")
    awaited(page, "(one.momentum, one.noise, one.decay)", lambda f: f == (0, 3, 0.5))
    one.get_by_label("surface", exact=True).select_option("plateau")
    awaited(page, "(one.start, one.steps)", lambda f: f == ([-1.9, 1.3], 0))
    expect(message).to_contain_text("At the start")
    expect(one.get_by_role("button", name="Back")).to_have_attribute("aria-disabled", "true")

    # what runs away is said, and never drawn as no number; the refusal is shown beside it
    in_kernel(page, "two.steps = 400")
    expect(two.locator(".cnnvis-optimizer-race-status")).to_contain_text("SGD has run away")
    expect(two.locator("tbody tr").first).to_contain_text("ran away in step")
    assert "NaN" not in two.inner_html()
    assert "Infinity" not in two.inner_html()
    two.get_by_role("checkbox", name="SGD runs").click()
    expect(two.get_by_role("checkbox", name="SGD runs")).to_be_checked()
    in_kernel(page, "two.set_state({'momentum': 7})")
    expect(two.get_by_role("alert")).to_contain_text("0 to 0.99")
    screenshot(page, "race-two", full_page=True)
    in_kernel(page, "two.disabled = True")
    expect(two.get_by_role("button", name="Back")).to_be_disabled()
    in_kernel(page, "two.close()")
    expect(page.locator(".cnnvis-optimizer-race")).to_have_count(1)
