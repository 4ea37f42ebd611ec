"""A network that a visitor brings to an explorer: read, tried, named, and then shown."""

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
"""Networks of a visitor's own at once; an older one that is not shown goes."""

LINK = "the link"
"""Where names come from that no file brought."""

DIGITS = 16
"""Of a file's SHA-256 in a link."""


@dataclass(frozen=True)
class Brought:
    """What a link says of a network that came from a file.

    Attributes:
        filename: of the file.
        sha256: the first digits.
        preprocess: how its pictures are prepared.
        labels: names of its outputs that were brought; none of those that are known anyway.
        labels_file: of the file that they came from; "" where a link carried them.
    """

    filename: str
    sha256: str
    preprocess: str
    labels: tuple[str, ...] = ()
    labels_file: str = ""


class Bringing:
    """What an explorer does with files of networks.

    Args:
        explorer: whose; its `own` control is followed.

    Attributes:
        known: name of a network in the picker → what a link says of it.
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
        """The name of the network in the picker that a link's file stands for; "" for none.

        Raises:
            InvalidValueError: the link has more names than it may.
        """
        wanted, labels = (state.get("sha256", ""), state.get("input", "")), labels_in(state)
        same = [name for name, one in self.known.items() if (one.sha256, one.preprocess) == wanted]
        named = (name for name in same if self.known[name].labels == labels)
        return next(named, same[0] if same else "")

    def wait_for(self, state: Mapping[str, str], wait: bool = True) -> NoReturn:
        """Remember a link until its network is brought.

        Args:
            state: its parts.
            wait: whether to remember it.

        Raises:
            UnsuitableError: always; says what to bring.
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
        """What a link of now does not carry, and what it needs to come back, in sentences."""
        explorer, said = self._explorer, list[str]()
        network = explorer.networks.value
        if one := self.known.get(network):
            said.append(
                f"The link does not carry your network: who opens it needs {one.filename} and is "
                "asked for it."
            )
            if FILE in self.labels_part(network):
                said.append(
                    f"Nor does it carry the names of its {len(one.labels)} outputs: "
                    f"{one.labels_file} must be opened again too."
                )
        elif explorer.engine.library.owns(network):
            said.append("The link does not carry your network, nor say which one it is.")
        if explorer.pictures.value in explorer.pictures.uploads:
            said.append("It does not carry your picture; a saved PNG does.")
        return said

    def labels_part(self, network: str) -> dict[str, str]:
        """What a link says of the names of a network's outputs, see `link_labels.labels_part`."""
        one = self.known.get(network)
        return labels_part(one.labels, one.labels_file) if one else {}

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

        def failed(said: str) -> None:
            ended()
            if own.stage == "reading":
                self._forget()
            own.error = said

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
        wanted = self._waited_for().get("input", "")
        own.value = wanted if wanted in read.inputs else read.guess
        own.stage = "asking"
        self._try_inputs()

    def _waited_for(self) -> Mapping[str, str]:
        """The link that waits for this file; {} for none."""
        mine = self._explorer.own.sha256[:DIGITS]
        return self.wanted if self.wanted.get("sha256") == mine else {}

    def _try_inputs(self) -> None:
        """Ask what the network says of the picture, prepared in each way."""
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
                "answers": [self._said(p) for p in self._predictions.get(name, ())],
            }
            for name in read.inputs
        ]

    def _said(self, prediction: Prediction) -> list[str]:
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
        """The names that are known without a file: those of the link that waits, or ImageNet's."""
        link = self._waited_for()
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
        """Put the network first in the picker and choose it, or follow the link that waits."""
        explorer, picker = self._explorer, self._explorer.networks
        waiting, self.wanted = self._waited_for(), {}
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
        explorer._turned = True  # the picture that it was tried with stays
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
