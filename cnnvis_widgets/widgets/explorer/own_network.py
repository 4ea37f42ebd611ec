"""Open a network of one's own: a Keras file by upload, drop or path, and its settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import traitlets

from cnnvis_widgets import policy
from cnnvis_widgets.engine.own_model import SUFFIXES
from cnnvis_widgets.errors import CnnvisError, FileError, UnsuitableError
from cnnvis_widgets.widgets.explorer.file_upload import PART, FileUpload, file_sha256
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import ANYTHING, FLAG, NAME, TEXT, Offered, Records

MOST_MODEL = 4 << 30
"""Largest model file in bytes, unless a policy sets less."""

MOST_LABELS = 1 << 20

WORDS = {
    "0..1": ("0 to 1", "Values divided by 255. Most networks that people train themselves"),
    "-1..1": ("−1 to 1", "MobileNet, Inception, Xception, NASNet, ResNet V2, Teachable Machine"),
    "0..255": ("0 to 255", "As they are. EfficientNet, ConvNeXt, networks that scale inside"),
    "caffe": ("Caffe", "Blue, green, red, minus ImageNet's mean colour. VGG, ResNet"),
    "torch": (
        "PyTorch",
        "0 to 1, minus ImageNet's mean, divided by its standard deviation. DenseNet",
    ),
}
"""Ways to prepare a picture: title and note."""


class OwnNetwork(Control, from_page="value"):
    """A button that takes a Keras file, and then asks for its preprocessing and output names.

    The file arrives in parts, each of which is requested. The explorer reads it
    (`explorer_own.py`), and this control shows the result.

    Attributes:
        on_file: called with the path of a complete file.
        offered: whether the control is shown: not on a public page.
        by_path: whether the path of a file on this machine may be given: not on a served page.
        endings: the accepted suffixes.
        pace: the page's limits for sending: bytes at once and bytes per second; [] for none.
        stage: "" (no file), "sending", "reading" or "asking" (for its settings).
        done: the share of the file that has arrived, 0 to 1.
        filename: the file's name.
        facts: a line on its network.
        why: the reason for the likely choice.
        inputs: records of name, title, note, likely (the guess), and answers (the predictions
            with it: lists of a class and a score as text).
        value: the chosen name among `inputs`.
        names: a line on the names of the outputs.
        named: whether there are names.
        names_error: the error of a file of names; "" for none.
    """

    on_file: Callable[[Path], None] | None = None

    label = traitlets.Unicode("Your own network").tag(sync=True)
    offered = traitlets.Bool(True).tag(sync=True)
    by_path = traitlets.Bool(True).tag(sync=True)
    endings = traitlets.List(traitlets.Unicode(), list(SUFFIXES)).tag(sync=True)
    pace = traitlets.List(traitlets.Int()).tag(sync=True)
    stage = traitlets.Unicode("").tag(sync=True)
    done = traitlets.Float(0.0).tag(sync=True)
    filename = traitlets.Unicode("").tag(sync=True)
    facts = traitlets.Unicode("").tag(sync=True)
    why = traitlets.Unicode("").tag(sync=True)
    inputs = Records(
        "way to prepare a picture", name=NAME, title=TEXT, note=TEXT, likely=FLAG, answers=ANYTHING
    ).tag(sync=True)
    value = Offered("way to prepare a picture", lambda control: control.inputs).tag(sync=True)
    names = traitlets.Unicode("").tag(sync=True)
    named = traitlets.Bool(False).tag(sync=True)
    names_error = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        bounds = policy.current()
        self.offered, self.by_path = not bounds.no_model(), not bounds.served
        if bounds.served:  # a quarter of the limit is left for the page's other messages
            full = policy.SOCKET_BURST_BYTES, policy.SOCKET_BYTES_PER_SECOND
            self.pace = [3 * n // 4 for n in full]
        self.upload = FileUpload(SUFFIXES, int(bounds.model_megabytes * 1e6) or MOST_MODEL)
        self.sha256 = ""
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: dict[str, Any], buffers: list[memoryview]) -> None:
        actions = {"begin": self._begin, "part": self._part, "path": self._take_path}
        action = actions.get(str(content.get("kind")))
        if action is None or self.disabled:
            return
        self.error = ""
        try:
            if why := policy.current().no_model():
                raise UnsuitableError(why)
            action(content, buffers)
        except CnnvisError as error:
            self.rest()
            self.error = str(error)
            self.send({"kind": "refused", "id": content.get("id")})

    def _begin(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        self.upload.begin(content.get("filename"), content.get("size"))
        with self.hold_sync():
            self.filename, self.stage, self.done = self.upload.name, "sending", 0.0
        self.send({"kind": "next", "id": content.get("id"), "offset": 0, "bytes": PART})

    def _part(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        upload = self.upload
        complete = upload.take(content.get("offset"), buffers[0] if buffers else b"")
        self.done = upload.received / max(1, upload.size)
        if not complete:
            offset = upload.received
            self.send({"kind": "next", "id": content.get("id"), "offset": offset, "bytes": PART})
            return
        self.sha256, self.stage = upload.sha256, "reading"
        assert upload.path is not None
        self._tell(upload.path)

    def _take_path(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        text = str(content.get("path")).strip()
        if policy.current().served:
            raise UnsuitableError("A served page reads no files by their path. Upload the file.")
        path = Path(text).expanduser()
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            raise FileError(
                f"There is no Keras file {text!r}. Expected the path of a file that ends in "
                f"{', '.join(SUFFIXES)}; paths begin in {str(Path.cwd())!r}."
            )
        self.sha256 = file_sha256(path)
        with self.hold_sync():
            self.filename, self.stage = path.name, "reading"
        self._tell(path)

    def _tell(self, path: Path) -> None:
        if self.on_file is not None:
            self.on_file(path)

    def stop(self) -> None:
        """Cancel sending or reading; a network whose settings are being asked stays."""
        if self.stage in ("sending", "reading"):
            self.rest()

    def rest(self) -> None:
        """Return to the start, and remove the file."""
        self.upload.drop()
        with self.hold_sync():
            self.stage, self.filename, self.facts, self.why = "", "", "", ""
            self.value, self.names, self.named, self.names_error = "", "", False, ""
            self.inputs, self.done = [], 0.0

    def close(self) -> None:
        """Remove the file too."""
        self.upload.drop()
        super().close()
