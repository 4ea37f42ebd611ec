"""The controls in a real browser: by mouse, by keyboard alone, from both ends, twice a page."""

from __future__ import annotations

import ast
import base64
import io
import time

import numpy as np
import pytest
from jupyter_servers import expect_in_kernel, in_kernel
from PIL import Image
from playwright.sync_api import Locator, Page, expect

SETUP = """
import io
import numpy as np
from IPython.display import display
from PIL import Image, ImageOps
from cnnvis_widgets.errors import FileError
from cnnvis_widgets.widgets import *

def drawing(seed, size=24):
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((size, size), 0).save(file, "PNG")
    return file.getvalue()

class Watch(list):
    '''Everything that a widget's value became.'''
    def __init__(self, widget, name="value"):
        widget.observe(lambda change: self.append(change["new"]), name)
"""

PICTURES = """
received = []
def decode(data):
    received.append((data[:4], len(data)))
    try:
        return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    except Exception:
        raise FileError("The file is damaged, or no picture at all.") from None
picker = PicturePicker(decode, value="cat", pictures=[
    dict(name=n, title=n.title(), alt=f"a drawing of a {n}", thumbnail=drawing(i))
    for i, n in enumerate(["cat", "cup", "dog", "sun", "sea"])])
values = Watch(picker)
"""

NETWORKS = """
picker = NetworkPicker(value="lite", networks=[
    dict(name="lite", title="Lite", note="4.7 M weights"),
    dict(name="vgg16", title="VGG-16", available=False, why="its weights are not on this machine"),
    dict(name="mini", title="Mini", note="small")])
values = Watch(picker)
"""

LAYERS = """
layers = [dict(name=f"b{i // 8}_{i % 8}_{'conv' if i % 2 else 'relu'}", group=f"block {i // 8}",
               kind="Conv2D" if i % 2 else "ReLU", shape=[128 >> (i // 80), 64, 8 + i], units=8 + i)
          for i in range(400)]
layers.append(dict(name="logits", kind="Dense", shape=[10], units=10))
picker = LayerPicker(layers=layers)
values = Watch(picker)
"""

NEURONS = """
picker = NeuronPicker(units=40, value=7, positions=[5, 9], neurons=[
    dict(unit=u, value=v, thumbnail=drawing(u)) for u, v in [(7, 3.21), (12, 1.5), (0, -0.004)]])
values = Watch(picker)
"""

METHODS = """
picker = MethodPicker(value="saliency", methods=[
    dict(name="saliency", title="Saliency", summary="which pixels matter"),
    dict(name="cam", title="CAM", summary="a weighted sum", suits=False, why="no global pooling"),
    dict(name="grad_cam", title="Grad-CAM", summary="which regions matter")])
values = Watch(picker)
"""

PARAMETERS = """
picker = ParameterPanel(parameters=[
    dict(name="samples", title="Samples", kind="integer", default=50, minimum=1, maximum=500,
         help="More is smoother."),
    dict(name="noise", title="Noise", kind="float", default=0.15, minimum=0, maximum=1, step=0.01),
    dict(name="order", title="Order", kind="float", default=None),
    dict(name="mask", title="Mask", kind="choice", default="grey", choices=["black", "grey"]),
    dict(name="wrap", title="Wraps", kind="choice", default="b", choices=["a", "b", "c", "d"]),
    dict(name="signed", title="Signed", kind="boolean", default=False),
    dict(name="layer", title="Layer", kind="text", default=None)])
values = Watch(picker)
"""

PREDICTIONS = """
labels = [f"thing {i}" for i in range(1000)]
labels[281], labels[282], labels[285] = "tabby", "tiger cat", "Egyptian cat"
labels[967] = "espresso"
picker = Predictions(labels=labels, predictions=[
    dict(unit=u, label=labels[u], score=s, logit=g)
    for u, s, g in [(285, 0.38, 8.1), (282, 0.33, 7.9), (281, 0.0004, -2.0)]])
values = Watch(picker)
"""

ALL = {
    "PicturePicker": PICTURES,
    "NetworkPicker": NETWORKS,
    "LayerPicker": LAYERS,
    "NeuronPicker": NEURONS,
    "MethodPicker": METHODS,
    "ParameterPanel": PARAMETERS,
    "Predictions": PREDICTIONS,
}


def python(page: Page, code: str, expected: object, seconds: float = 5) -> None:
    """Wait until an expression in the kernel has the expected value."""
    end = time.monotonic() + seconds
    while True:
        try:
            got = ast.literal_eval(in_kernel(page, code))
        except AssertionError as error:  # what is asked for may not be there yet
            got = error
        if got == expected:
            return
        assert time.monotonic() < end, f"{code} is {got!r}, expected {expected!r}"
        page.wait_for_timeout(50)


def radio(page: Page, name: str) -> Locator:
    return page.get_by_role("radio", name=name)


def option(page: Page, name: str) -> Locator:
    return page.get_by_role("option", name=name)


def checked(item: Locator) -> None:
    expect(item).to_have_attribute("aria-checked", "true")


# --- all of them ---------------------------------------------------------------------------------


def test_all_stand_twice_on_a_narrow_page_and_leave_nothing_behind(voila_page, screenshot):
    made = "\n".join(f"{text}\nall_of_them.append(picker)" for text in ALL.values())
    page = voila_page(
        [SETUP, f"all_of_them = []\n{made}", "for w in all_of_them * 2: display(w)"],
        viewport={"width": 320, "height": 800},
    )
    roots = page.locator(".cnnvis")
    expect(roots).to_have_count(14)
    ids = page.evaluate("[...document.querySelectorAll('.cnnvis [id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids)) > 0
    wide = page.evaluate(
        "[...document.querySelectorAll('.cnnvis')].filter((e) => e.scrollWidth > e.clientWidth)"
        ".map((e) => e.className)"
    )
    assert wide == []
    unnamed = page.evaluate(
        "[...document.querySelectorAll('.cnnvis :is(img, input, select, [role=radiogroup],"
        " [role=listbox], [role=tree])')].filter((e) => !(e.alt || e.ariaLabel || e.type === 'file'"
        " || e.closest('label')?.textContent)).map((e) => e.outerHTML)"
    )
    assert unnamed == []
    screenshot(page, "controls-narrow")
    # One choice shows in both views, and a view that is taken away ends without a complaint.
    radio(page, "Dog").first.click()
    for i in range(2):
        checked(radio(page, "Dog").nth(i))
    in_kernel(page, "[w.close() for w in all_of_them]")
    expect(roots).to_have_count(0)


def test_disabled_they_are_shown_and_cannot_be_used(voila_page):
    made = "\n".join(f"{text}\nmade.append((picker, values))" for text in ALL.values())
    page = voila_page([SETUP, f"made = []\n{made}", "for w, _ in made: display(w)"])
    in_kernel(page, "for w, _ in made: w.disabled, w.error = True, 'No.'")
    errors = page.get_by_role("alert").filter(has_text="No.")
    expect(errors).to_have_count(len(ALL))
    fields = page.locator("fieldset.cnnvis-field")
    assert fields.evaluate_all("(all) => all.map((e) => e.disabled)") == [True] * len(ALL)
    items = page.locator(".cnnvis :is([role=radio], [role=option], [role=treeitem])")
    items.evaluate_all("(all) => all.forEach((e) => e.click())")
    page.wait_for_timeout(200)
    assert in_kernel(page, "[list(values) for _, values in made]") == str([[]] * len(ALL))
    in_kernel(page, "for w, _ in made: w.disabled, w.error, w.label = False, '', 'Mine'")
    expect(page.get_by_role("group", name="Mine")).to_have_count(len(ALL))
    expect(errors).to_have_count(0)
    radio(page, "Cup").click()
    python(page, "list(made[0][1])", ["cup"])


def test_values_go_each_way_once(voila_page):
    page = voila_page([SETUP, METHODS, "sent = []\npicker.observe(sent.append, 'error')", "picker"])
    in_kernel(
        page,
        "take = picker.set_state\npicker.set_state = lambda s: (sent.append(s), take(s))",
    )
    in_kernel(page, "picker.value = 'grad_cam'")
    checked(radio(page, "Grad-CAM"))
    expect_in_kernel(page, "sent", [])  # what Python set does not come back from the page
    radio(page, "Saliency").click()
    python(page, "list(values)", ["grad_cam", "saliency"])
    page.wait_for_timeout(300)
    python(page, "sent", [{"value": "saliency"}])


def test_in_jupyterlab_keys_stay_within_the_control(lab_page):
    page = lab_page([SETUP, METHODS, "picker"])
    cells = page.locator(".jp-Notebook .jp-Cell")
    count = cells.count()
    radio(page, "Saliency").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    for key in "ddbax":
        page.keyboard.press(key)
    python(page, "picker.value", "grad_cam")
    assert cells.count() == count
    checked(radio(page, "Grad-CAM"))


# --- pictures ------------------------------------------------------------------------------------


def jpeg(rows: int, columns: int, orientation: int = 1) -> bytes:
    """Left half red, right half blue, as stored; the EXIF entry says how to turn it."""
    pixels = np.zeros((rows, columns, 3), np.uint8)
    pixels[:, : columns // 2, 0] = 255
    pixels[:, columns // 2 :, 2] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", exif=exif, quality=95)
    return file.getvalue()


def png(rows: int, columns: int, alpha: bool = False, seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (rows, columns, 4), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels if alpha else pixels[..., :3]).save(file, "PNG")
    return file.getvalue()


def choose_file(page: Page, name: str, data: bytes, kind: str = "image/jpeg") -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a picture").click()
    chooser.value.set_files({"name": name, "mimeType": kind, "buffer": data})


def transfer(page: Page, event: str, kind: str, target: Locator, data: bytes, name: str) -> None:
    """Drop or paste a file, as the browser itself would tell the page."""
    target.evaluate(
        """(element, [event, kind, type, name, data]) => {
        const carried = new DataTransfer();
        const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
        carried.items.add(new File([bytes], name, { type }));
        const options = { bubbles: true, cancelable: true };
        element.dispatchEvent(event === "paste"
            ? new ClipboardEvent(event, { ...options, clipboardData: carried })
            : new DragEvent(event, { ...options, dataTransfer: carried }));
        }""",
        [event, event, kind, name, base64.b64encode(data).decode()],
    )


def test_a_picture_is_picked_by_mouse_and_by_keyboard(voila_page):
    page = voila_page([SETUP, PICTURES, "picker"])
    checked(radio(page, "Cat"))
    expect(page.get_by_alt_text("a drawing of a cup")).to_be_visible()
    radio(page, "Sun").click()
    python(page, "list(values)", ["sun"])
    page.keyboard.press("ArrowLeft")
    expect(radio(page, "Dog")).to_be_focused()
    python(page, "values[-1]", "dog")
    page.keyboard.press("Home")
    python(page, "values[-1]", "cat")
    in_kernel(page, "picker.value = 'sea'")
    checked(radio(page, "Sea"))
    assert page.locator(".cnnvis-cards [tabindex='0']").count() == 1
    # By the tab key one comes to the chosen one, then to the upload, and out again.
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Upload a picture")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(radio(page, "Sea")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_large_photo_is_turned_and_made_smaller_before_it_is_sent(voila_page, screenshot):
    page = voila_page([SETUP, PICTURES, "picker"])
    choose_file(page, "holiday.jpg", jpeg(1500, 3000, orientation=6))
    python(page, "list(values)", ["upload-1"])
    python(page, "picker.uploaded.shape", (1024, 512, 3))
    # A quarter turn clockwise: what was left is on top.
    python(page, "picker.uploaded[[100, 900], 256].argmax(1).tolist()", [0, 2])
    python(page, "received[0][0][:3], received[0][1] < 500_000", (b"\xff\xd8\xff", True))
    checked(radio(page, "your picture"))
    expect(page.get_by_alt_text("your picture, holiday.jpg")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("or drop one here, or paste it")
    screenshot(page.locator(".cnnvis"), "picture-picker-upload")


def test_a_small_picture_arrives_without_one_value_changed(voila_page):
    page = voila_page([SETUP, PICTURES, "picker"])
    data = png(30, 20)
    choose_file(page, "small.png", data, "image/png")
    expected = np.asarray(Image.open(io.BytesIO(data)))
    python(page, "picker.uploaded.tobytes()", expected.tobytes())


def test_transparency_survives_being_made_smaller(voila_page):
    page = voila_page([SETUP, PICTURES, "picker"])
    choose_file(page, "glass.png", png(1300, 650, alpha=True), "image/png")
    python(page, "received[0][0], received[0][1] < 4_300_000", (b"\x89PNG", True), seconds=20)


def test_bad_uploads_say_why_and_the_old_choice_stays(voila_page, screenshot):
    page = voila_page([SETUP, PICTURES, "picker"])
    error = page.get_by_role("alert")
    choose_file(page, "broken.jpg", b"\xff\xd8\xff\xe0 this is no picture")
    expect(error).to_have_text(
        "broken.jpg cannot be used. The file is damaged, or no picture at all."
    )
    screenshot(page.locator(".cnnvis"), "picture-picker-error")
    python(page, "len(received), picker.value, list(values)", (1, "cat", []))
    choose_file(page, "film.tiff", bytes(8 * 1024 * 1024 + 1), "image/tiff")
    expect(error).to_contain_text("film.tiff is 8.4 MB and not a picture that this browser can")
    python(page, "len(received), picker.value", (1, "cat"))
    radio(page, "Cup").click()
    expect(error).to_be_hidden()
    expect(page.get_by_role("button", name="Upload a picture")).to_be_enabled()


def test_a_picture_can_be_dropped_and_pasted_on_its_own_picker_only(voila_page):
    page = voila_page(
        [
            SETUP,
            PICTURES,
            "other = PicturePicker(decode, pictures=[{'name': 'x'}])",
            "picker",
            "other",
        ]
    )
    mine = page.locator(".cnnvis").first
    field = mine.locator(".cnnvis-body")
    transfer(page, "dragenter", "image/png", field, b"", "d.png")
    expect(field).to_have_class("cnnvis-body cnnvis-dropping")
    transfer(page, "drop", "image/png", field, png(8, 9), "dropped.png")
    python(page, "picker.uploaded.shape, other.uploaded", ((8, 9, 3), None))
    expect(field).not_to_have_class("cnnvis-dropping")
    transfer(page, "paste", "image/png", radio(page, "Cup"), png(10, 11), "image.png")
    python(page, "picker.uploaded.shape, other.uploaded", ((10, 11, 3), None))
    python(page, "list(values)", ["upload-1", "upload-2"])
    # Pasted to the page, it goes where the pointer rests.
    page.get_by_role("radio", name="x", exact=True).hover()
    transfer(page, "paste", "image/png", page.locator("body"), png(12, 13), "image.png")
    python(page, "picker.uploaded.shape, other.uploaded.shape", ((10, 11, 3), (12, 13, 3)))


# --- networks and methods ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "item", "first", "off", "reason", "last", "kept", "arrived"),
    [
        (NETWORKS, option, "Lite", "VGG-16", "weights are not on", "Mini", "lite", "mini"),
        (METHODS, radio, "Saliency", "CAM a", "no global", "Grad-CAM", "saliency", "grad_cam"),
    ],
    ids=["network", "method"],
)
def test_what_cannot_be_chosen_is_explained_and_stepped_over(
    voila_page, cell, item, first, off, reason, last, kept, arrived
):
    page = voila_page([SETUP, cell, "picker"])
    expect(item(page, off)).to_contain_text(reason)
    expect(item(page, off)).to_have_attribute("aria-disabled", "true")
    item(page, off).click(force=True)
    python(page, "picker.value, list(values)", (kept, []))
    item(page, first).focus()
    page.keyboard.press("ArrowDown")
    if not item(page, off).evaluate("(e) => e === document.activeElement"):
        page.keyboard.press("ArrowRight")
    expect(item(page, off)).to_be_focused()  # a screen reader reads the reason there
    page.keyboard.press("End")
    expect(item(page, last)).to_be_focused()
    python(page, "list(values)", [arrived])


def test_loading_is_shown_with_its_seconds_and_spoken_once(voila_page):
    page = voila_page([SETUP, NETWORKS, "picker"])
    in_kernel(page, "picker.loading = 'loading TensorFlow… 3 s'; picker.busy = True")
    expect(page.locator(".cnnvis-loading")).to_have_text("loading TensorFlow… 3 s")
    spoken = page.get_by_role("status")
    expect(spoken).to_have_text("loading TensorFlow…")
    expect(page.locator(".cnnvis-body")).to_have_attribute("aria-busy", "true")
    in_kernel(page, "picker.loading = ''; picker.busy = False")
    expect(page.locator(".cnnvis-loading")).to_be_hidden()
    expect(spoken).to_have_text("")


# --- layers --------------------------------------------------------------------------------------


def test_four_hundred_layers_are_quick_to_draw_filter_and_walk(voila_page, screenshot):
    page = voila_page([SETUP, LAYERS, "picker"])
    tree = page.get_by_role("tree", name="Layer")
    expect(page.get_by_role("status")).to_have_text("401 layers")
    rows = page.locator("[role=treeitem][data-key]")
    expect(rows.filter(visible=True)).to_have_count(1)  # so many begin with their blocks closed
    page.get_by_role("treeitem", name="block 3", exact=False).first.click()
    expect(rows.filter(visible=True)).to_have_count(9)
    in_kernel(page, "picker.value = 'b49_7_conv'")
    chosen = page.locator("[data-key=b49_7_conv]")
    expect(chosen).to_have_attribute("aria-selected", "true")
    expect(chosen).to_be_in_viewport()
    filter_field = page.get_by_role("searchbox")
    filter_field.fill("Conv2D b12")
    expect(page.get_by_role("status")).to_have_text("4 of 401")
    expect(rows.filter(visible=True)).to_have_count(4)
    screenshot(page.locator(".cnnvis"), "layer-picker-filtered")
    filter_field.press("ArrowDown")
    python(page, "values[-1]", "b12_1_conv")
    page.keyboard.press("ArrowDown")
    python(page, "values[-1]", "b12_3_conv")
    filter_field.fill("nothing like this")
    expect(page.get_by_role("status")).to_have_text("0 of 401")
    milliseconds = page.evaluate(
        """() => {
        const field = document.querySelector("[type=search]");
        const begin = performance.now();
        for (const text of ["c", "co", "con", "conv", ""]) {
          field.value = text;
          field.dispatchEvent(new Event("input"));
          document.body.getBoundingClientRect();
        }
        return (performance.now() - begin) / 5;
        }"""
    )
    assert milliseconds < 100
    expect(tree).to_be_visible()


def test_blocks_open_and_close_by_keyboard(voila_page):
    page = voila_page([SETUP, LAYERS, "picker"])
    first = page.get_by_role("treeitem").first
    first.focus()
    expect(first).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    expect(first).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowRight")
    python(page, "list(values)", ["b0_0_relu"])
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(first).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("treeitem", name="block 1").first).to_be_focused()
    page.keyboard.press("End")
    python(page, "values[-1]", "logits")
    expect(page.locator("[data-key=logits]")).to_contain_text("10 units")


def test_the_bar_beside_a_layer_grows_with_rows_and_units(voila_page):
    page = voila_page([SETUP, LAYERS, "picker.value = 'b0_0_relu'; picker"])

    def bar(name):
        style = page.locator(f"[data-key='{name}'] .cnnvis-shape > span")
        return style.evaluate("(e) => [parseFloat(e.style.height), parseFloat(e.style.width)]")

    early, late = bar("b0_0_relu"), bar("b49_7_conv")
    assert early[0] == 20 > late[0] > 3  # 128 rows; 128 >> 4 rows
    assert early[1] < late[1] == 40  # 8 units; 407 units
    assert bar("logits")[0] == 3


# --- neurons -------------------------------------------------------------------------------------


def test_a_neuron_is_picked_by_card_by_arrow_and_by_number(voila_page, screenshot):
    page = voila_page([SETUP, NEURONS, "picker"])
    group = page.get_by_role("radiogroup", name="Neuron", exact=True)
    expect(group.get_by_role("radio")).to_contain_text(["3.21", "1.5", "−0.004"])
    entry = page.get_by_label("Unit number")
    expect(entry).to_have_value("7")
    group.get_by_role("radio").nth(1).click()
    python(page, "list(values)", [12])
    expect(entry).to_have_value("12")
    page.keyboard.press("ArrowRight")
    python(page, "values[-1]", 0)
    entry.fill("39")
    entry.press("Enter")
    python(page, "values[-1]", 39)
    assert group.locator("[aria-checked=true]").count() == 0
    entry.fill("40")
    entry.press("Enter")
    error = page.get_by_role("alert").filter(has_text="from 0 to 39; got 40")
    expect(error).to_be_visible()
    expect(entry).to_have_attribute("aria-invalid", "true")
    screenshot(page.locator(".cnnvis"), "neuron-picker-error")
    python(page, "picker.value", 39)
    entry.press("Escape")
    expect(entry).to_have_value("39")
    expect(error).to_be_hidden()


def test_aggregate_and_place_are_chosen_where_there_are_rows_and_columns(voila_page):
    page = voila_page([SETUP, NEURONS, "places = Watch(picker, 'position')", "picker"])
    radio(page, "Max").click()
    python(page, "picker.aggregate", "max")
    page.keyboard.press("ArrowRight")
    python(page, "list(places)", [[2, 4]])
    page.get_by_label("row", exact=True).fill("4")
    page.get_by_label("row", exact=True).press("Enter")
    python(page, "places[-1]", [4, 4])
    page.get_by_label("column", exact=True).fill("9")
    page.get_by_label("column", exact=True).press("Enter")
    expect(page.get_by_role("alert").filter(has_text="from 0 to 8")).to_be_visible()
    place = page.locator(".cnnvis-map")
    box = place.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 8.5 / 9, box["y"] + box["height"] * 0.5 / 5)
    python(page, "places[-1]", [0, 8])
    radio(page, "Mean").click()
    python(page, "picker.aggregate, picker.position", ("mean", []))
    in_kernel(page, "picker.positions = []")
    expect(radio(page, "Mean")).to_be_hidden()


# --- parameters ----------------------------------------------------------------------------------


def test_slider_and_field_are_one_and_a_drag_sends_the_newest(voila_page):
    page = voila_page([SETUP, PARAMETERS, "picker"])
    slider = page.get_by_role("slider", name="Samples")
    field = page.get_by_role("spinbutton", name="Samples")
    expect(slider).to_have_value("50")
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.1 * box["width"], middle)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(box["x"] + (0.1 + 0.01 * step) * box["width"], middle)
        page.wait_for_timeout(10)
        if step in (20, 40):  # what comes and goes meanwhile must not take the slider away
            in_kernel(
                page, f"picker.error, picker.busy = {['', 'slow'][step == 20]!r}, {step == 20}"
            )
    page.mouse.up()
    shown = int(slider.input_value())
    assert 300 < shown < 400
    expect(field).to_have_value(str(shown))
    python(page, "picker.value['samples']", shown)
    assert 3 <= int(in_kernel(page, "len(values)")) <= 60  # never more than the moves
    slider.press("ArrowRight")
    python(page, "picker.value['samples']", shown + 1)
    field.fill("120")
    field.press("Enter")
    expect(slider).to_have_value("120")
    python(page, "picker.value['samples']", 120)
    in_kernel(page, "picker.value = {'samples': 77, 'noise': 0.5}")
    expect(field).to_have_value("77")
    expect(page.get_by_role("slider", name="Noise")).to_have_value("0.5")


def test_a_wrong_entry_is_said_in_place_and_the_last_good_value_kept(voila_page, screenshot):
    page = voila_page([SETUP, PARAMETERS, "picker"])
    field = page.get_by_role("spinbutton", name="Samples")
    for entry, says in [("501", "from 1 to 500; got 501"), ("1.5", "got 1.5"), ("", "got none")]:
        field.fill(entry)
        field.press("Enter")
        expect(page.get_by_role("alert").filter(has_text=says)).to_be_visible()
        expect(field).to_have_attribute("aria-invalid", "true")
    screenshot(page.locator(".cnnvis"), "parameter-panel-error")
    radio(page, "black").click()  # another parameter changes; the wrong entry stays to be mended
    python(page, "picker.value['samples'], picker.value['mask']", (50, "black"))
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("60")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "false")
    python(page, "picker.value['samples']", 60)


def test_every_kind_can_be_set_and_goes_back_to_its_default(voila_page):
    page = voila_page([SETUP, PARAMETERS, "defaults = dict(picker.value)", "picker"])
    page.get_by_label("Order", exact=True).fill("1.5")
    page.get_by_label("Order", exact=True).press("Enter")
    python(page, "picker.value['order']", 1.5)
    page.get_by_label("Order", exact=True).fill("")
    page.get_by_label("Order", exact=True).press("Enter")
    python(page, "picker.value['order']", None)
    page.get_by_role("combobox", name="Wraps").select_option("c")
    page.get_by_role("switch", name="Signed").press("Space")
    layer = page.get_by_role("textbox", name="Layer")
    layer.fill("mixed10")
    layer.press("Enter")
    radio(page, "grey").focus()
    page.keyboard.press("ArrowLeft")
    python(
        page,
        "[picker.value[n] for n in ('wrap', 'signed', 'layer', 'mask')]",
        ["c", True, "mixed10", "black"],
    )
    page.get_by_role("button", name="Wraps: back to b").click()
    python(page, "picker.value['wrap'], picker.value['layer']", ("b", "mixed10"))
    page.get_by_role("button", name="Reset all to defaults").click()
    python(page, "picker.value == defaults", True)
    in_kernel(page, "picker.parameters = []")
    expect(page.get_by_text("This method has no parameters.")).to_be_visible()
    python(page, "picker.value", {})


def test_of_many_parameters_four_are_in_sight_and_the_others_a_click_away(voila_page):
    many = """
picker = ParameterPanel(parameters=[
    dict(name=f"p{i}", title=f"Number {i}", kind="float", default=i, minimum=0, maximum=9)
    for i in range(9)])
"""
    page = voila_page([SETUP, many, "picker"])
    expect(page.get_by_role("slider").filter(visible=True)).to_have_count(4)
    page.get_by_text("5 more").click()
    expect(page.get_by_role("slider").filter(visible=True)).to_have_count(9)
    page.get_by_role("slider", name="Number 8").press("Home")
    python(page, "picker.value['p8']", 0.0)
    page.get_by_text("5 more").click()
    expect(page.get_by_role("slider").filter(visible=True)).to_have_count(4)
    # What is changed elsewhere is not left out of sight.
    in_kernel(page, "picker.value = {**picker.value, 'p7': 1.0}")
    expect(page.get_by_role("slider", name="Number 7")).to_be_visible()


# --- predictions ---------------------------------------------------------------------------------


def test_a_class_is_chosen_among_the_bars(voila_page):
    page = voila_page([SETUP, PREDICTIONS, "picker"])
    bars = page.get_by_role("listbox", name="Predictions").get_by_role("option")
    expect(bars).to_contain_text(["38.0 %", "33.0 %", "< 0.1 %"])
    tracks = page.locator(".cnnvis-track")
    filled = [t.evaluate("(e) => e.firstChild.clientWidth / e.clientWidth") for t in tracks.all()]
    assert filled == pytest.approx([0.38, 0.33, 0], abs=0.01)
    bars.nth(1).click()
    python(page, "list(values)", [282])
    page.keyboard.press("ArrowUp")
    python(page, "values[-1]", 285)
    expect(bars.first).to_have_attribute("aria-selected", "true")


def test_any_class_is_found_by_name_or_number_with_the_keyboard(voila_page, screenshot):
    page = voila_page([SETUP, PREDICTIONS, "picker"])
    field = page.get_by_role("combobox")
    matches = page.get_by_role("listbox", name="matching classes").get_by_role("option")
    field.focus()
    page.keyboard.type("cat")
    expect(matches).to_have_text(["282 tiger cat", "285 Egyptian cat"])
    active = field.get_attribute("aria-activedescendant")
    expect(page.locator(f"#{active}")).to_have_text("282 tiger cat")
    screenshot(page.locator(".cnnvis"), "predictions-search")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    python(page, "list(values)", [285])
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("967")
    page.keyboard.press("Enter")
    python(page, "values[-1]", 967)
    expect(page.get_by_text("Chosen: espresso (unit 967)")).to_be_visible()
    page.keyboard.type("zebra")
    expect(page.get_by_text("No class fits “zebra”")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox", name="matching classes")).to_be_hidden()
    field.fill("thing 99")
    matches.filter(has_text="thing 995").click()
    python(page, "values[-1]", 995)


def test_without_probabilities_the_values_before_softmax_are_shown(voila_page, screenshot):
    logits = "[dict(unit=u, logit=g) for u, g in [(4, 12.0), (1, 6.0), (0, -6.0)]]"
    page = voila_page([SETUP, f"picker = Predictions(units=5, predictions={logits})", "picker"])
    bars = page.get_by_role("option")
    expect(bars).to_contain_text(["class 4", "class 1", "class 0"])
    expect(bars).to_contain_text(["12", "6", "−6"])
    spans = page.locator(".cnnvis-track > span")
    places = [s.evaluate("(e) => [e.style.insetInlineStart, e.style.width]") for s in spans.all()]
    zero = "33.3333%"  # from −6 to 12
    assert [[start[:6], width[:5]] for start, width in places] == [
        [zero[:6], "66.66"],
        [zero[:6], "33.33"],
        ["0%", "33.33"],
    ]
    screenshot(page.locator(".cnnvis"), "predictions-logits")
    page.get_by_role("combobox").fill("3")
    page.get_by_role("combobox").press("Enter")
    python(page, "picker.value", 3)
