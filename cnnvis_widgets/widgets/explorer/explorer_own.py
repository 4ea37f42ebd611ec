"""A visitor's own network in an explorer: reading, trying, naming and showing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from cnnvis_widgets import policy
from cnnvis_widgets.engine.own_model import (
    ReadModel,
    ReadResult,
    TryInputs,
    UseModel,
    label_count_error,
    read_labels,
)
from cnnvis_widgets.errors import CnnvisError, FileError, UnsuitableError
from cnnvis_widgets.widgets.explorer.explorer_state import follow_link
from cnnvis_widgets.widgets.explorer.file_upload import LONGEST_NAME
from cnnvis_widgets.widgets.explorer.link_labels import FILE, labels_in, labels_part
from cnnvis_widgets.widgets.explorer.own_network import MOST_LABELS, WORDS

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import Network, Prediction
    from cnnvis_widgets.widgets.explorer.explorer import Explorer

KEPT = 3
"""Own networks held at once; older ones that are not shown are removed."""

LINK = "the link"
"""Stands for a file name when the output names come from a link."""

DIGITS = 16
"""Number of digits of a file's SHA-256 in a link."""


@dataclass(frozen=True)
class Brought:
    """The part of a link about a network that came from a file.

    Attributes:
        filename: the file's name.
        sha256: the first digits.
        preprocess: the name of its preprocessing.
        labels: output names from a file or a link; () for ImageNet's or none.
        labels_file: the file of the names; "" if a link carried them.
    """

    filename: str
    sha256: str
    preprocess: str
    labels: tuple[str, ...] = ()
    labels_file: str = ""


class Bringing:
    """Loads network files into an explorer.

    Args:
        explorer: the explorer; its `own` control is observed.

    Attributes:
        known: name of a network in the picker → its part of a link.
        wanted: the parts of a link that waits for its network; {} for none.
    """

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        self.known: dict[str, Brought] = {}
        self.wanted: Mapping[str, str] = {}
        self._read: ReadResult | None = None
        self._labels: tuple[str, ...] = ()
        self._labels_name = ""
        self._predictions: dict[str, list[Prediction]] = {}
        explorer.own.on_file = self._file_came
        explorer.own.on_msg(lambda _own, content, buffers: self._receive(content, buffers))
        explorer.pictures.observe(lambda _change: self._try_inputs(), "value")

    def find(self, state: Mapping[str, str]) -> str:
        """The picker's name of the network whose file a link gives; "" for none.

        Raises:
            InvalidValueError: the link has too many output names.
        """
        key, labels = (state.get("sha256", ""), state.get("input", "")), labels_in(state)
        matches = [
            name
            for name, brought in self.known.items()
            if (brought.sha256, brought.preprocess) == key
        ]
        same_labels = (name for name in matches if self.known[name].labels == labels)
        return next(same_labels, matches[0] if matches else "")

    def wait_for(self, state: Mapping[str, str], wait: bool = True) -> NoReturn:
        """Remember a link until its network is opened.

        Args:
            state: the link's parts.
            wait: whether to remember it.

        Raises:
            UnsuitableError: always; says which files to open.
        """
        if why := policy.current().no_model():
            raise UnsuitableError(f"It is of a network of somebody's own. {why}")
        self.wanted = dict(state) if wait else self.wanted
        name, digits = state["file"][:LONGEST_NAME], state.get("sha256", "")[:DIGITS]
        labels = state.get(FILE, "")[:LONGEST_NAME]
        raise UnsuitableError(
            f"It is of a network of somebody's own, and no link carries a network. Open {name!r} "
            f"(SHA-256 {digits}…) under Network, and "
            + ("the rest of the link is followed." if wait else "follow the link again.")
            + (f" The names of its outputs are in {labels!r}: open that too." if labels else "")
        )

    def lacks(self) -> list[str]:
        """Sentences on what the current link does not carry and what opening it needs."""
        explorer, sentences = self._explorer, list[str]()
        network = explorer.networks.value
        if brought := self.known.get(network):
            sentences.append(
                f"The link does not carry your network: who opens it needs {brought.filename} and "
                "is asked for it."
            )
            if FILE in self.labels_part(network):
                sentences.append(
                    f"Nor does it carry the names of its {len(brought.labels)} outputs: "
                    f"{brought.labels_file} must be opened again too."
                )
        elif explorer.engine.library.owns(network):
            sentences.append("The link does not carry your network, nor say which one it is.")
        if explorer.pictures.value in explorer.pictures.uploads:
            sentences.append("It does not carry your picture; a saved PNG does.")
        return sentences

    def labels_part(self, network: str) -> dict[str, str]:
        """The part of a link about a network's output names, see `link_labels.labels_part`."""
        brought = self.known.get(network)
        return labels_part(brought.labels, brought.labels_file) if brought else {}

    def _receive(self, content: Mapping[str, Any], buffers: list[memoryview]) -> None:
        explorer, own = self._explorer, self._explorer.own
        actions: dict[str, Callable[[], None]] = {
            "labels": lambda: self._take_labels(content, bytes(buffers[0]) if buffers else b""),
            "no labels": lambda: self._name((), ""),
            "use": self._use,
            "cancel": self._cancel,
        }
        action = actions.get(str(content.get("kind")))
        if action is None or own.disabled or policy.current().no_model():
            return
        with explorer._lock:
            own.error = own.names_error = ""
            try:
                action()
            except CnnvisError as error:
                own.names_error = str(error)

    def _ask(self, request: Any, done: Callable[[Any], None], working: str) -> None:
        explorer, own = self._explorer, self._explorer.own
        explorer.header.working = working

        def ended() -> None:
            if explorer.header.working == working:
                explorer.header.working = ""

        def finished(answer: Any) -> None:
            with explorer._quietly():
                ended()
                done(answer)

        def failed(message: str) -> None:
            ended()
            if own.stage == "reading":
                self._forget()
            own.error = message

        explorer._submit("own", request, finished, failed)

    def _file_came(self, path: Path) -> None:
        own = self._explorer.own
        own.error = ""
        request = ReadModel(path, own.filename)
        self._ask(request, self._was_read, f"reading {own.filename}")

    def _was_read(self, read: ReadResult) -> None:
        own = self._explorer.own
        own.upload.drop()
        self._read, self._predictions = read, {}
        self._name_first(read)
        rows, columns, channels = read.shape
        colour = "colour" if channels == 3 else "greyscale"
        outputs = f"{read.units} outputs" if read.units else "several outputs"
        own.facts = f"It takes pictures of {rows} × {columns} in {colour} and has {outputs}."
        own.why = read.why
        self._show_inputs()
        linked_input = self._waiting_link().get("input", "")
        own.value = linked_input if linked_input in read.inputs else read.guess
        own.stage = "asking"
        self._try_inputs()

    def _waiting_link(self) -> Mapping[str, str]:
        """The parts of the link that waits for this file; {} for none."""
        digits = self._explorer.own.sha256[:DIGITS]
        return self.wanted if self.wanted.get("sha256") == digits else {}

    def _try_inputs(self) -> None:
        """Request the predictions for the picture with each preprocessing."""
        explorer, read = self._explorer, self._read
        name = explorer.pictures.value
        if read is None or explorer.own.stage != "asking" or not name:
            return
        request = TryInputs(read.network, explorer.pictures.uploads.get(name, name), read.inputs)
        self._ask(request, self._were_tried, f"trying {explorer.own.filename}")

    def _were_tried(self, predictions: dict[str, list[Prediction]]) -> None:
        self._predictions = predictions
        self._show_inputs()

    def _show_inputs(self) -> None:
        if (read := self._read) is None:
            return
        self._explorer.own.inputs = [
            {
                "name": name,
                "title": WORDS[name][0],
                "note": WORDS[name][1],
                "likely": read.known and name == read.guess,
                "answers": [self._prediction_words(p) for p in self._predictions.get(name, ())],
            }
            for name in read.inputs
        ]

    def _prediction_words(self, prediction: Prediction) -> list[str]:
        unit, score = prediction.unit, prediction.score
        label = self._labels[unit] if unit < len(self._labels) else f"output {unit}"
        return [label, f"{prediction.logit:.3g}" if score is None else f"{100 * score:.1f} %"]

    def _take_labels(self, content: Mapping[str, Any], data: bytes) -> None:
        filename = str(content.get("filename") or "the file")[-LONGEST_NAME:]
        if self._read is None:
            return
        if not 0 < len(data) <= MOST_LABELS:
            raise FileError(
                f"{filename} cannot be used. Expected a text file of up to 1 MB with one name for "
                f"each output; got {len(data)} bytes."
            )
        labels = read_labels(data, filename)
        if why := label_count_error(self._read.units, labels):
            raise FileError(f"{filename} cannot be used. {why}")
        self._name(labels, filename)

    def _name(self, labels: tuple[str, ...], filename: str) -> None:
        own = self._explorer.own
        self._labels, self._labels_name = labels, filename
        own.named = bool(labels)
        own.names = (
            f"{len(labels)} names from {filename}: {labels[0]}, …, {labels[-1]}"
            if filename
            else "ImageNet's 1,000 names"
            if labels
            else "none; the outputs are numbered"
        )
        self._show_inputs()

    def _name_first(self, read: ReadResult) -> None:
        """Set output names that need no file: those of the waiting link, or ImageNet's."""
        link = self._waiting_link()
        labels = labels_in(link)
        if labels and not label_count_error(read.units, labels):
            self._name(labels, LINK)
            return
        self._name(read.labels, "")
        if filename := link.get(FILE, "")[:LONGEST_NAME]:
            self._explorer.own.names = f"those of the link are in {filename}: open it too"

    def _use(self) -> None:
        own, read = self._explorer.own, self._read
        if read is None or not own.value or own.stage != "asking":
            return
        request = UseModel(read.network, own.value, self._labels, own.filename)
        labels = self._labels if self._labels_name else ()
        file = "" if self._labels_name == LINK else self._labels_name
        brought = Brought(own.filename, own.sha256[:DIGITS], own.value, labels, file)
        note = f"yours; {WORDS[own.value][0]}, {read.shape[0]} × {read.shape[1]}"
        self._ask(request, partial(self._show, brought, note), f"preparing {own.filename}")

    def _show(self, brought: Brought, note: str, network: Network) -> None:
        """Put the network first in the picker and choose it, or follow the waiting link."""
        explorer, picker = self._explorer, self._explorer.networks
        waiting, self.wanted = self._waiting_link(), {}
        name = explorer._adopted_as(network.name, network)
        self.known[name] = brought
        record = {"name": name, "title": brought.filename, "note": note}
        picker.networks = [record, *picker.networks]
        self._make_room(name)
        self._forget()
        explorer.header.error = ""
        if waiting and self.find(waiting) == name:
            follow_link(explorer, waiting)
            return
        picker.value = name
        explorer._turned = True  # keep the picture that it was tried with
        explorer._open()

    def _make_room(self, newest: str) -> None:
        explorer = self._explorer
        for name in list(self.known)[:-KEPT]:
            if name in (newest, explorer.networks.value):
                continue
            del self.known[name]
            explorer._own_networks.remove(name)
            explorer.engine.library.release(name)
            picker = explorer.networks
            picker.networks = [r for r in picker.networks if r["name"] != name]

    def _cancel(self) -> None:
        explorer = self._explorer
        explorer.engine.cancel((id(explorer), "own"))
        if explorer.header.working.endswith(explorer.own.filename):
            explorer.header.working = ""
        self._forget()

    def _forget(self) -> None:
        self._read, self._predictions = None, {}
        self._labels, self._labels_name = (), ""
        self._explorer.own.rest()
