"""A Keras file of one's own in the explorer: by upload, drop, path; by pointer, keys and phone."""

from __future__ import annotations

import ast
import base64
import json
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from jupyter_servers import in_kernel
from playwright.sync_api import Locator, Page, expect

CELLS = [
    "import numpy as np\n"
    "import cnnvis_widgets as cnnvis\n"
    "explorer = cnnvis.Explorer('mini_vgg', 'scene:3')\n"
    "explorer"
]
WAIT = 240_000  # a kernel of its own loads TensorFlow, on a machine that may be busy
LABELS = ["a", "b", "c", "d", "e", "f", "g", "the last"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models: one of the zoo without its preprocessing, one with code in it."""
    folder = tmp_path_factory.mktemp("models")
    code = f"""
        import keras
        import cnnvis_widgets as cnnvis
        model = cnnvis.load_network("mini_vgg").model
        model.save({str(folder / "mine.keras")!r})
        model.save({str(folder / "mine.h5")!r})
        layers = [keras.Input((8, 8, 3)), keras.layers.Lambda(lambda x: x), keras.layers.Flatten()]
        keras.Sequential(layers).save({str(folder / "code.keras")!r})
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, capture_output=True)
    (folder / "labels.txt").write_text("\n".join(LABELS))
    (folder / "two.json").write_text(json.dumps(["one", "two"]))
    (folder / "picture.keras").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    return folder


def menu(page: Page) -> Locator:
    """The network menu's part for one's own, opened by its button in the bar."""
    page.get_by_role("button", name=re.compile("^Network")).click()
    return page.get_by_role("group", name="Your own network", exact=True)


def choose(page: Page, own: Locator, button: str, file: Path) -> None:
    with page.expect_file_chooser() as opened:
        own.get_by_role("button", name=button).click()
    opened.value.set_files(file)


def way(own: Locator, title: str) -> Locator:
    return own.get_by_role("radio", name=re.compile(f"^{re.escape(title)}"))


def value(page: Page, code: str) -> object:
    return ast.literal_eval(in_kernel(page, code))


def title(page: Page) -> Locator:
    return page.locator(".cnnvis-view-title")


def ready(page: Page) -> None:
    expect(title(page)).to_contain_text("Mini VGG", timeout=WAIT)


def until(page: Page, code: str, wanted: object) -> None:
    end = time.monotonic() + WAIT / 1000
    while (shown := value(page, code)) != wanted:
        assert time.monotonic() < end, shown
        page.wait_for_timeout(200)


def whole(page: Page, part: Locator) -> None:
    """It can be seen, whole, and nothing covers its middle."""
    box = part.bounding_box()
    size = page.viewport_size
    assert box is not None
    assert size is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= size["width"]
    assert box["y"] + box["height"] <= size["height"]
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    there = part.evaluate(
        "(one, [x, y]) => one.contains(document.elementFromPoint(x, y))"
        " || document.elementFromPoint(x, y).contains(one)",
        middle,
    )
    assert there


def test_a_file_is_brought_to_the_app(lesson_page, files: Path, screenshot) -> None:
    """With the shared engine: the model stays in the page's own kernel."""
    page = lesson_page(CELLS)
    page.set_viewport_size({"width": 1280, "height": 800})
    ready(page)
    own = menu(page)
    whole(page, own.get_by_role("button", name="Open a Keras file"))
    expect(own.get_by_role("textbox", name="Path of a Keras file")).to_be_hidden()
    screenshot(page, "own-network-menu")

    # What is no model is told beside the button, and the network in use stays.
    choose(page, own, "Open a Keras file", files / "picture.keras")
    error = own.get_by_role("alert")
    expect(error).to_contain_text("neither a .keras archive nor an HDF5 file", timeout=WAIT)
    choose(page, own, "Open a Keras file", files / "labels.txt")
    expect(error).to_contain_text(
        "labels.txt is no Keras file. Expected a file that ends in .keras"
    )
    choose(page, own, "Open a Keras file", files / "code.keras")
    expect(error).to_contain_text("such code is never run here", timeout=WAIT)
    whole(page, error)
    screenshot(page, "own-network-error")
    assert value(page, "explorer.networks.value") == "mini_vgg"

    # A model: each way to prepare the picture is shown with what the network says then.
    choose(page, own, "Open a Keras file", files / "mine.keras")
    expect(own).to_contain_text(
        "It takes pictures of 64 × 64 in colour and has 8 outputs.", timeout=WAIT
    )
    expect(own).to_contain_text("Nothing in the file says which")
    expect(own.locator(".cnnvis-own-answers").first).to_contain_text("%", timeout=WAIT)
    assert own.get_by_role("radio").count() == 5
    choose(page, own, "Open a labels file", files / "two.json")
    expect(own.get_by_role("alert").first).to_contain_text(
        "It has 2 names, and the network has 8 outputs"
    )
    choose(page, own, "Open a labels file", files / "labels.txt")
    expect(own).to_contain_text("8 names from labels.txt: a, …, the last")
    expect(own.get_by_role("alert").first).to_be_hidden()
    for part in (way(own, "0 to 1"), own.get_by_role("button", name="Use this network")):
        whole(page, part)
    screenshot(page, "own-network-asked")
    right = value(
        page, "[(p.unit, round(100 * p.score, 1)) for p in"
        " cnnvis.load_network('mini_vgg').predict(cnnvis.load_image('scene:3'), 1)]"
    )  # fmt: skip
    ((unit, percent),) = right  # type: ignore[misc]
    own.get_by_text("−1 to 1").click()
    expect(way(own, "−1 to 1")).to_be_checked()
    answers = own.locator("label").filter(has_text="−1 to 1").locator(".cnnvis-own-answers")
    expect(answers).to_contain_text(f"{LABELS[unit]} {percent} %")
    own.get_by_role("button", name="Use this network").click()

    # The explorer shows it: predictions, map, layers, all of them.
    expect(title(page)).to_contain_text("mine", timeout=WAIT)
    expect(page.get_by_role("button", name=re.compile("^Network"))).to_contain_text("mine.keras")
    first = page.get_by_role("group", name="Class", exact=True).get_by_role("option").first
    expect(first).to_contain_text(LABELS[unit], timeout=WAIT)
    until(page, "explorer.header.working", "")
    same = (
        "bool(np.allclose(np.frombuffer(explorer.view.heatmap, '<f4').reshape(64, 64),"
        " cnnvis.explain(cnnvis.load_network('mini_vgg'), 'scene:3').heatmap(), atol=1e-5))"
    )
    assert value(page, same) is True
    screenshot(page, "own-network-shown")
    assert "input=-1..1" in str(value(page, "explorer.link"))


def test_a_link_asks_for_the_file(voila_page, files: Path, screenshot) -> None:
    page = voila_page(CELLS)
    ready(page)
    own = menu(page)
    # By keys alone: the path, the choice, the button.
    page.keyboard.press("Escape")
    expect(own).to_be_hidden()
    page.keyboard.press("Enter")
    own.get_by_role("textbox", name="Path of a Keras file").focus()
    page.keyboard.type(str(files / "mine.h5"))
    page.keyboard.press("Enter")
    expect(own.locator(".cnnvis-own-answers").first).to_contain_text("%", timeout=WAIT)
    way(own, "0 to 1").focus()
    page.keyboard.press("ArrowDown")
    expect(way(own, "−1 to 1")).to_be_checked()
    own.get_by_role("button", name="Use this network").focus()
    page.keyboard.press("Enter")
    expect(title(page)).to_contain_text("mine", timeout=WAIT)
    until(page, "explorer.header.working", "")
    in_kernel(page, "explorer.methods.value = 'saliency'")
    expect(title(page)).to_contain_text("Saliency", timeout=WAIT)
    link = str(value(page, "explorer.link"))
    assert link.startswith("file=mine.h5&sha256=")
    page.context.grant_permissions(["clipboard-write", "clipboard-read"])
    page.get_by_role("button", name="Copy link").first.click()
    expect(page.get_by_text("who opens it needs mine.h5 and is asked for it")).to_be_visible()
    screenshot(page, "own-network-link")

    # Somewhere else: what is missing is said, and the rest follows once it is there.
    in_kernel(page, "other = cnnvis.Explorer('mini_vgg', 'cat')")
    message = in_kernel(
        page, f"other.header._receive(None, {{'kind': 'link', 'link': '?{link}'}}, None)"
        " or other.header.error"
    )  # fmt: skip
    assert "Open 'mine.h5'" in message
    assert "the rest of the link is followed" in message


def test_names_of_the_outputs_survive_a_reload(lesson_page, files: Path, screenshot) -> None:
    """The file must be brought again; its names come with the address."""
    page = lesson_page(CELLS)
    ready(page)
    own = menu(page)
    choose(page, own, "Open a Keras file", files / "mine.keras")
    expect(own.locator(".cnnvis-own-answers").first).to_contain_text("%", timeout=WAIT)
    choose(page, own, "Open a labels file", files / "labels.txt")
    expect(own).to_contain_text("8 names from labels.txt")
    own.get_by_text("−1 to 1").click()
    own.get_by_role("button", name="Use this network").click()
    expect(title(page)).to_contain_text("mine", timeout=WAIT)
    first = page.get_by_role("group", name="Class", exact=True).get_by_role("option").first
    expect(first).to_contain_text(re.compile("^(a|b|c|d|e|f|g|the last)"), timeout=WAIT)
    named = first.inner_text()
    page.wait_for_url("**&labels=a,b,c,d,e,f,g,the+last*")

    page.reload(wait_until="commit")
    message = page.get_by_role("alert").filter(has_text="Open 'mine.keras'")
    expect(message).to_be_visible(timeout=WAIT)
    screenshot(page, "own-network-reloaded")
    own = menu(page)
    choose(page, own, "Open a Keras file", files / "mine.keras")
    expect(own).to_contain_text("8 names from the link: a, …, the last", timeout=WAIT)
    expect(way(own, "−1 to 1")).to_be_checked()
    own.get_by_role("button", name="Use this network").click()
    expect(title(page)).to_contain_text("mine", timeout=WAIT)
    expect(first).to_have_text(named, use_inner_text=True, timeout=WAIT)
    expect(message).to_be_hidden()


def test_a_file_is_dropped_on_the_explorer(voila_page, files: Path) -> None:
    page = voila_page(CELLS)
    ready(page)
    data = base64.b64encode((files / "mine.keras").read_bytes()).decode()
    page.evaluate(
        """(data) => {
            const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "dropped.keras"));
            const target = document.querySelector(".cnnvis-view-stage");
            for (const kind of ["dragenter", "dragover", "drop"]) {
                target.dispatchEvent(new DragEvent(kind,
                    { dataTransfer: transfer, bubbles: true, cancelable: true }));
            }
        }""",
        data,
    )
    own = menu(page)
    expect(own).to_contain_text("dropped.keras It takes pictures of 64 × 64", timeout=WAIT)
    own.get_by_role("button", name="Cancel").last.click()
    expect(own.get_by_role("button", name="Open a Keras file")).to_be_visible()
    assert value(page, "explorer.networks.value") == "mini_vgg"


def test_on_a_phone(voila_page, files: Path, screenshot) -> None:
    page = voila_page(CELLS, viewport={"width": 390, "height": 844}, has_touch=True)
    ready(page)
    page.get_by_role("button", name=re.compile("^Network")).tap()
    own = page.get_by_role("group", name="Your own network", exact=True)
    button = own.get_by_role("button", name="Open a Keras file")
    whole(page, button)
    with page.expect_file_chooser() as opened:
        button.tap()
    opened.value.set_files(files / "mine.keras")
    expect(own.locator(".cnnvis-own-answers").first).to_contain_text("%", timeout=WAIT)
    screenshot(page, "own-network-phone")
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    own.get_by_text("−1 to 1").tap()
    use = own.get_by_role("button", name="Use this network")
    whole(page, use)
    assert use.bounding_box()["height"] >= 44  # type: ignore[index]
    own.get_by_role("button", name="Open a labels file").scroll_into_view_if_needed()
    whole(page, use)
    screenshot(page, "own-network-phone-end")
    use.tap()
    expect(title(page)).to_contain_text("mine", timeout=WAIT)


def test_in_jupyterlab(lab_page, files: Path, screenshot) -> None:
    page = lab_page(CELLS)
    ready(page)
    own = menu(page)
    path = own.get_by_role("textbox", name="Path of a Keras file")
    path.fill("nowhere.keras")
    path.press("Enter")
    expect(own.get_by_role("alert").last).to_contain_text("There is no Keras file 'nowhere.keras'")
    choose(page, own, "Open a Keras file", files / "mine.keras")
    expect(own.locator(".cnnvis-own-answers").first).to_contain_text("%", timeout=WAIT)
    screenshot(page, "own-network-lab")
    own.get_by_text("−1 to 1").click()
    own.get_by_role("button", name="Use this network").click()
    expect(title(page)).to_contain_text("mine", timeout=WAIT)
    until(page, "explorer.header.working", "")
    in_kernel(page, "explorer.layers.value = 'block2_conv2'")
    expect(title(page)).to_contain_text("block2_conv2", timeout=WAIT)
