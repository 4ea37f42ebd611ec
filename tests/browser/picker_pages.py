"""What the tests of the pickers in a browser share."""

from __future__ import annotations

import ast
import base64
import io
import time

import numpy as np
from jupyter_servers import in_kernel
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
