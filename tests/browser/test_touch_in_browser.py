"""The explorer's picture touched by pointer, finger and keys, in Voilà."""

from __future__ import annotations

import ast
import re

import numpy as np
from jupyter_servers import in_kernel
from playwright.sync_api import Locator, Page, expect

CELLS = [
    "import numpy as np\n"
    "import cnnvis_widgets as cnnvis\n"
    "explorer = cnnvis.Explorer('mini_vgg', 'cat', method='grad_cam')\n"
    "explorer"
]
LOADING, ANSWER = 120_000, 60_000
SIDE = 64  # of the network's input


def tool(page: Page, name: str) -> None:
    page.get_by_role("radiogroup", name="Touch the picture").get_by_role("radio", name=name).click()


def message(page: Page) -> Locator:
    return page.locator(".cnnvis-touch-status")


def at(page: Page, row: float, column: float) -> tuple[float, float]:
    """Where a pixel of the network's input is on the page."""
    box = page.locator("svg.cnnvis-touch").first.bounding_box()
    assert box is not None
    return box["x"] + column / SIDE * box["width"], box["y"] + row / SIDE * box["height"]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*at(page, *start))
    page.mouse.down()
    for share in (0.25, 0.5, 0.75, 1):
        page.mouse.move(*at(page, *(a + share * (b - a) for a, b in zip(start, end, strict=True))))
    page.mouse.up()


def value(page: Page, code: str) -> object:
    return ast.literal_eval(in_kernel(page, code))


def answered(page: Page) -> dict[str, float]:
    """Label → probability, once the last question has its answer."""
    page.wait_for_function(
        "() => !document.querySelector('.cnnvis-touch-status').textContent.includes('Asking')"
    )
    for _ in range(100):
        touched, answer = value(page, "(explorer.view.touched['number'], explorer.view.answers)")  # type: ignore[misc]
        if answer.get("number") == touched:
            break
        page.wait_for_timeout(50)
    assert answer["number"] == touched
    return {row["label"]: row["now"] for row in value(page, "explorer.view.rows")}  # type: ignore[attr-defined]


COVERED = """
def covered(box):
    network = cnnvis.load_network('mini_vgg')
    picture = network.prepare(cnnvis.load_image('cat')).picture.copy()
    top, left, bottom, right = box
    for row in range(max(top, 0), bottom):
        for column in range(max(left, 0), right):
            picture[row, column] = (128, 128, 128)
    return {p.label: p.score for p in network.predict(picture, 8)}
"""


def test_a_touch_of_the_picture_answers(voila_page, screenshot) -> None:
    page = voila_page(CELLS)
    page.set_viewport_size({"width": 1280, "height": 800})
    bar = page.get_by_role("radiogroup", name="Touch the picture")
    expect(bar).to_be_visible(timeout=LOADING)
    in_kernel(page, COVERED)

    # A box: how much of the map is in it, without a question to anybody.
    tool(page, "Box")
    drag(page, (10, 20), (40, 50))
    expect(message(page)).to_contain_text("of the map is in the box")
    heatmap = value(page, "np.frombuffer(explorer.view.heatmap, '<f4').tolist()")
    values = np.abs(np.array(heatmap)).reshape(SIDE, SIDE)
    share = 100 * values[10:41, 20:51].sum() / values.sum()
    text = message(page).inner_text()
    assert abs(float(re.findall(r"[\d.]+", text)[0]) - share) < 0.1
    area = 100 * 31 * 31 / SIDE**2
    assert abs(float(re.findall(r"[\d.]+", text)[1]) - area) < 0.1
    screenshot(page, "touch-box")
    page.keyboard.press("ArrowRight")  # the keys move it: four columns on
    moved = 100 * values[10:41, 24:55].sum() / values.sum()
    page.wait_for_timeout(100)
    assert abs(float(re.findall(r"[\d.]+", message(page).inner_text())[0]) - moved) < 0.1

    # A grey patch: the predictions are those of the picture with these pixels grey.
    tool(page, "Patch")
    drag(page, (20, 20), (30, 22))
    probabilities = answered(page)
    box = value(page, "explorer.view.touched['boxes'][0]")
    assert np.subtract(box[2:], box[:2]).tolist() == [13, 13]  # type: ignore[index]
    expected = value(page, f"covered({box})")
    for label, probability in probabilities.items():
        assert abs(probability - expected[label]) < 1e-4  # type: ignore[index]
    rows = page.locator(".cnnvis-touch-class")
    expect(rows.first).to_contain_text("→")
    expect(message(page)).to_contain_text(f"{100 * 169 / SIDE**2:.1f} % of the picture is grey.")
    screenshot(page, "touch-patch")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    answered(page)
    assert value(page, "explorer.view.touched['boxes'][0]") == [*box[:2], box[2] + 8, box[3]]  # type: ignore[index]

    # Superpixels, off and on again.
    tool(page, "Superpixels")
    expect(message(page)).to_have_text(
        "Click parts of the picture to switch them off.", timeout=ANSWER
    )
    page.mouse.click(*at(page, 32, 32))
    answered(page)
    pieces = value(page, "np.frombuffer(explorer.view.pieces, '<i2').tolist()")
    number = np.array(pieces).reshape(SIDE, SIDE)[32, 32]
    assert value(page, "explorer.view.touched['off']") == [int(number)]
    share = 100 * np.mean(np.array(pieces) == number)
    expect(message(page)).to_contain_text(f"{share:.1f} % of the picture is grey.")
    screenshot(page, "touch-superpixels")
    page.keyboard.press("Space")
    expect(message(page)).to_have_text("Click parts of the picture to switch them off.")
    assert value(page, "explorer.view.touched['off']") == []

    # What would change: the answer while the pixels go.
    tool(page, "Deletion")
    chart = page.locator(".cnnvis-touch-chart")
    expect(chart).to_contain_text("Area under the probability", timeout=ANSWER)
    expect(chart.get_by_role("img")).to_be_visible()
    screenshot(page, "touch-deletion")

    # A position of a layer: what it sees, and it becomes the neuron.
    tool(page, "Position")
    expect(message(page)).to_contain_text("Choose a layer first")
    in_kernel(page, "explorer.layers.value = 'block2_conv2'")
    expect(message(page)).to_contain_text("of block2_conv2 sees 12 × 12 pixels", timeout=ANSWER)
    page.mouse.move(*at(page, 20.5, 33.5))
    outline = page.locator(".cnnvis-touch rect.cnnvis-touch-box")
    place = value(page, "cnnvis.load_network('mini_vgg').plan[3].field.box(10, 16, (64, 64))")
    expect(message(page)).to_contain_text("Position (10, 16)")
    expect(outline).to_have_attribute("y", str(place[0] + 1))  # type: ignore[index]
    expect(outline).to_have_attribute("x", str(place[1] + 1))  # type: ignore[index]
    screenshot(page, "touch-position")
    page.mouse.click(*at(page, 20.5, 33.5))
    expect(page.locator(".cnnvis-view-title")).to_contain_text("at 10, 16", timeout=ANSWER)
    assert value(page, "explorer.neurons.position") == [10, 16]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".cnnvis-view-title")).to_contain_text("at 12, 16", timeout=ANSWER)

    # Nothing that is used is out of sight.
    for part in (bar, page.locator(".cnnvis-touch-answers")):
        box = part.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800  # type: ignore[index]


def test_a_finger_on_a_phone(voila_page, screenshot) -> None:
    page = voila_page(CELLS, viewport={"width": 390, "height": 844}, has_touch=True)
    bar = page.get_by_role("radiogroup", name="Touch the picture")
    expect(bar).to_be_visible(timeout=LOADING)
    stage, tools = page.locator(".cnnvis-view-stage").bounding_box(), bar.bounding_box()
    assert stage is not None
    assert tools is not None
    assert stage["width"] > 340
    assert tools["y"] >= stage["y"] + stage["height"]  # beside is no room: below, and over nothing
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    bar.get_by_role("radio", name="Patch").tap()
    page.touchscreen.tap(*at(page, 22, 40))
    probabilities = answered(page)
    in_kernel(page, COVERED)
    box = value(page, "explorer.view.touched['boxes'][0]")
    assert abs((box[0] + box[2]) / 2 - 22) < 1.5  # type: ignore[index]
    assert abs((box[1] + box[3]) / 2 - 40) < 1.5  # type: ignore[index]
    expected = value(page, f"covered({box})")
    for label, probability in probabilities.items():
        assert abs(probability - expected[label]) < 1e-4  # type: ignore[index]
    screenshot(page, "touch-phone", full_page=True)


OVERLAP = """
def overlap(painted):
    values = np.frombuffer(explorer.view.heatmap, '<f4').reshape(64, 64)
    mine = {(r, c) for r, c in painted}
    pixels = [(r, c) for r in range(64) for c in range(64)]
    theirs = set(sorted(pixels, key=lambda p: -values[p])[:len(mine)])
    inside = sum(max(0.0, float(values[p])) for p in mine)
    whole = float(np.clip(values, 0, None).astype(np.float64).sum())
    return 100 * len(mine & theirs) / len(mine | theirs), 100 * inside / whole
"""

PAINTED = """() => {
  const canvas = document.querySelector("canvas.cnnvis-touch-cover");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const mine = [];
  for (let i = 0; i < canvas.width * canvas.height; i += 1) {
    const [r, g, b, a] = data.subarray(4 * i, 4 * i + 4);
    if (a > 0 && r > 240) mine.push([Math.floor(i / canvas.width), i % canvas.width]);
  }
  return mine;
}"""


def numbers(page: Page) -> list[float]:
    return [float(n) for n in re.findall(r"\d+(?:\.\d+)?", message(page).inner_text())]


def test_what_matters_is_painted_and_compared_with_the_map(voila_page, screenshot) -> None:
    page = voila_page(CELLS)
    page.set_viewport_size({"width": 1280, "height": 800})
    bar = page.get_by_role("radiogroup", name="Touch the picture")
    expect(bar).to_be_visible(timeout=LOADING)
    in_kernel(page, OVERLAP)
    tool(page, "Paint")
    expect(message(page)).to_have_text("Paint what you think matters for the class, then compare.")
    modes = page.get_by_role("radiogroup", name="How to show it")
    expect(modes.get_by_role("radio", name="Picture")).to_be_checked()  # the map is not seen yet
    drag(page, (20, 20), (44, 40))
    expect(message(page)).to_contain_text("You painted")
    compare = page.get_by_role("button", name="Compare with the map")
    painted = page.evaluate(PAINTED)
    assert abs(numbers(page)[0] - 100 * len(painted) / SIDE**2) < 0.06
    screenshot(page, "touch-paint")
    compare.click()
    expect(message(page)).to_contain_text("Overlap with the map")
    expect(modes.get_by_role("radio", name="Overlay")).to_be_checked()
    expected = value(page, f"overlap({painted})")
    for found, wanted in zip(numbers(page)[1:], expected, strict=True):  # type: ignore[call-overload]
        assert abs(found - wanted) < 0.06
    for part in (
        page.get_by_role("button", name="Hide the map again"),
        page.locator(".cnnvis-paint"),
    ):
        box = part.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800
    screenshot(page, "touch-paint-compared")

    # By keys: the cursor moves, Space paints, E erases, Escape clears.
    page.locator("svg.cnnvis-touch").first.focus()
    before = len(painted)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowLeft")
    by_keys = page.evaluate(PAINTED)
    assert len(by_keys) > before
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Erase")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Shift+ArrowRight")
    assert len(page.evaluate(PAINTED)) < len(by_keys)
    in_kernel(page, "explorer.methods.value = 'saliency'")  # another map of the same picture
    expect(page.locator(".cnnvis-view-title")).to_contain_text("Saliency", timeout=ANSWER)
    page.wait_for_timeout(300)
    expected = value(page, f"overlap({page.evaluate(PAINTED)})")
    assert abs(numbers(page)[1] - expected[0]) < 0.06  # type: ignore[index]
    page.locator("svg.cnnvis-touch").first.focus()
    page.keyboard.press("Escape")
    expect(message(page)).to_have_text("Paint what you think matters for the class, then compare.")


def test_the_fewest_superpixels_are_found_and_shown(voila_page, screenshot) -> None:
    page = voila_page([CELLS[0].replace("'cat'", "'scene:3'")])
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.get_by_role("radiogroup", name="Touch the picture")).to_be_visible(timeout=LOADING)
    tool(page, "Superpixels")
    find = page.get_by_role("button", name="Find the fewest")
    expect(find).to_be_visible(timeout=ANSWER)
    find.click()
    fewest = page.locator(".cnnvis-fewest")
    expect(fewest).to_contain_text("pictures were tried, not all", timeout=ANSWER)
    found = value(page, "explorer.view.fewest")
    label = value(page, "explorer.predictions.predictions[0]['label']")
    count = len(found["kept"]) + len(found["off"])  # type: ignore[index]
    if found["kept"]:  # type: ignore[index]
        expect(fewest).to_contain_text(f"of {count} superpixels keep {label} first")
    assert sorted(value(page, "explorer.view.touched['off']")) == sorted(found["off"])  # type: ignore[index, call-overload]
    probabilities = answered(page)
    assert max(probabilities, key=lambda name: probabilities[name]) == label
    page.get_by_text("How it was searched").click()
    expect(fewest.locator(".cnnvis-hint")).to_be_visible()
    page.get_by_text("How it was searched").click()
    screenshot(page, "touch-fewest")
    for part in (find, fewest, page.locator(".cnnvis-touch-answers")):
        box = part.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800


def test_a_finger_paints_on_a_phone(voila_page, screenshot) -> None:
    page = voila_page(CELLS, viewport={"width": 390, "height": 844}, has_touch=True)
    bar = page.get_by_role("radiogroup", name="Touch the picture")
    expect(bar).to_be_visible(timeout=LOADING)
    bar.get_by_role("radio", name="Paint").tap()
    for row, column in ((20, 20), (30, 30), (34, 30)):
        page.touchscreen.tap(*at(page, row, column))
    expect(message(page)).to_contain_text("You painted")
    page.get_by_role("button", name="Compare with the map").tap()
    expect(message(page)).to_contain_text("Overlap with the map")
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    page.evaluate("() => window.scrollTo(0, 0)")
    screenshot(page, "touch-paint-phone")
