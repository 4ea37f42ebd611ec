"""What the tests of the pickers share: what a page sends, and what is sent to it."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from cnnvis_widgets import widgets
from cnnvis_widgets.errors import (
    FileError,
)
from cnnvis_widgets.widgets import (
    LayerPicker,
    MethodPicker,
    NetworkPicker,
    NeuronPicker,
    ParameterPanel,
    PicturePicker,
    Predictions,
)

CONTROLS = [
    LayerPicker,
    MethodPicker,
    NetworkPicker,
    NeuronPicker,
    ParameterPanel,
    PicturePicker,
    Predictions,
]
TOOLKIT = Path(widgets.__file__).parent / "toolkit"
MODULES = [sys.modules[c.__module__] for c in CONTROLS]
SCRIPTS = [TOOLKIT / "base.js", TOOLKIT / "control.js"]
SCRIPTS += [Path(str(module.__file__)).with_suffix(".js") for module in MODULES]


def from_page(widget, **state):
    """What the browser's `save_changes` does."""
    widget._handle_msg(
        {
            "content": {"data": {"method": "update", "state": state, "buffer_paths": []}},
            "buffers": [],
        }
    )


def message_from_page(widget, content, *buffers):
    widget._handle_msg(
        {
            "content": {"data": {"method": "custom", "content": content}},
            "buffers": [memoryview(b) for b in buffers],
        }
    )


def sent(widget, monkeypatch):
    """Collects what the widget sends to the page from now on."""
    messages = []
    monkeypatch.setattr(widget, "_send", lambda message, buffers=None: messages.append(message))
    return messages


def changes(widget, name="value"):
    seen = []
    widget.observe(lambda change: seen.append(change["new"]), name)
    return seen


NETWORKS = [
    {"name": "lite", "title": "Lite"},
    {"name": "vgg", "available": False, "why": "its weights are not here"},
    {"name": "mini"},
]
STEPS = {"name": "steps", "kind": "integer", "default": 50, "minimum": 1, "maximum": 300}
NOISE = {"name": "noise", "kind": "float", "default": 0.15, "minimum": 0}
COLOUR = {"name": "colour", "kind": "choice", "default": "grey", "choices": ["black", "grey"]}
LAYER = {"name": "layer", "kind": "text", "default": None}
SIGNED = {"name": "signed", "kind": "boolean", "default": True}


def panel(**given):
    return ParameterPanel(parameters=[STEPS, NOISE, COLOUR, LAYER, SIGNED], **given)


def file_of(array, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind)
    return file.getvalue()


def decode(data):
    if not data.startswith(b"\x89PNG"):
        raise FileError("A PNG was expected.")
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def picture(rows=5, columns=4, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), dtype=np.uint8)


def upload(picker, data, filename="mine.png", number=1):
    message_from_page(picker, {"kind": "upload", "id": f"u{number}", "filename": filename}, data)


PICTURES = [{"name": "cat", "title": "Cat"}, {"name": "cup"}]
