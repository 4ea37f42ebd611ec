"""A network of the visitor's own in an explorer: brought, asked about, shown, and linked to."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from engine_double import EngineDouble
from explorer_answers import explained, made_up

from cnnvis_widgets import policy
from cnnvis_widgets.backend.records import Prediction
from cnnvis_widgets.engine.own_model import ReadModel, ReadResult, TryInputs, UseModel
from cnnvis_widgets.engine.requests import Open
from cnnvis_widgets.errors import FileError
from cnnvis_widgets.widgets import Explorer
from cnnvis_widgets.widgets.explorer.explorer_own import DIGITS, KEPT

DATA = b"PK" + bytes(range(200))
INPUTS = ("0..1", "-1..1", "caffe")


def answers(request: Any) -> Any:
    if isinstance(request, ReadModel):
        network = SimpleNamespace(name=Path(request.name).stem)
        return ReadResult(network, "-1..1", "Its layers say so.", True, INPUTS, (20, 30, 3), 3, ())
    if isinstance(request, TryInputs):
        return {name: [Prediction(n, f"unit {n}", 0.5, 1.0)] for n, name in enumerate(INPUTS)}
    if isinstance(request, UseModel):
        return SimpleNamespace(name=Path(request.name).stem)
    return made_up(request)


@pytest.fixture
def engine() -> EngineDouble:
    return EngineDouble(answers)


def sent(explorer: Explorer, content: dict[str, Any], *buffers: bytes) -> None:
    for part in explorer.own._msg_callbacks.callbacks:
        part(explorer.own, content, [memoryview(b) for b in buffers])


def bring(explorer: Explorer, name: str = "mine.keras", data: bytes = DATA) -> None:
    sent(explorer, {"kind": "begin", "id": "a", "filename": name, "size": len(data)})
    sent(explorer, {"kind": "part", "id": "a", "offset": 0}, data[:50])
    sent(explorer, {"kind": "part", "id": "a", "offset": 50}, data[50:])


def use(explorer: Explorer, engine: EngineDouble, name: str = "mine.keras", **data: bytes) -> None:
    bring(explorer, name, **data)
    engine.answer_all()
    sent(explorer, {"kind": "use"})
    engine.answer_all()


def test_it_is_asked_what_it_needs_and_then_shown(explorer: Explorer, engine: EngineDouble) -> None:
    own = explorer.own
    bring(explorer)
    assert (own.stage, own.filename) == ("reading", "mine.keras")
    assert explorer.header.working == "reading mine.keras"
    (request,) = engine.requests
    assert isinstance(request, ReadModel)
    assert request.path.read_bytes() == DATA
    engine.answer_all()
    assert not request.path.exists()  # read; what is in memory is enough
    assert explorer.networks.value == "efficientnet_lite0"  # nothing is changed until it is wanted
    assert own.stage == "asking"
    assert own.facts == "It takes pictures of 20 × 30 in colour and has 3 outputs."
    assert own.value == "-1..1"
    assert [(r["name"], r["likely"]) for r in own.inputs] == list(
        zip(INPUTS, (False, True, False), strict=True)
    )
    assert own.inputs[2]["answers"] == [["output 2", "50.0 %"]]
    own.value = "caffe"
    sent(explorer, {"kind": "use"})
    assert engine.requests[-1].preprocess == "caffe"
    engine.answer_all()
    assert own.stage == ""
    assert explorer.networks.value == "your network (mine)"
    assert explorer.networks.networks[0]["title"] == "mine.keras"
    assert any(r.network == "your network (mine)" for r in engine.requests if isinstance(r, Open))
    assert explained(engine).network == "your network (mine)"
    assert engine.library.owns("your network (mine)")
    assert explorer.header.working == ""
    explorer.close()
    assert not engine.library.owns("your network (mine)")


def test_another_picture_is_tried_too(explorer: Explorer, engine: EngineDouble) -> None:
    bring(explorer)
    engine.answer_all()
    engine.requests.clear()
    explorer.pictures.add(np.zeros((4, 5, 3), np.uint8), "mine.png")
    tried = [request for request in engine.requests if isinstance(request, TryInputs)]
    assert [request.image.shape for request in tried] == [(4, 5, 3)]


def test_names_of_the_outputs(explorer: Explorer, engine: EngineDouble) -> None:
    own = explorer.own
    bring(explorer)
    engine.answer_all()
    sent(explorer, {"kind": "labels", "filename": "two.txt"}, b"cat\ndog\n")
    assert own.names_error == (
        "two.txt cannot be used. It has 2 names, and the network has 3 outputs. Expected one name "
        "for each output, in their order."
    )
    assert not own.named
    sent(explorer, {"kind": "labels", "filename": "x.txt"}, b"\xff\xfe\x00")
    assert "x.txt is no text in UTF-8" in own.names_error
    sent(explorer, {"kind": "labels", "filename": "none.txt"})
    assert "got 0 bytes" in own.names_error
    assert own.stage == "asking"  # nothing is lost
    sent(explorer, {"kind": "labels", "filename": "a.json"}, b'{"cat": 0, "cup": 2, "dog": 1}')
    assert (own.names_error, own.named) == ("", True)
    assert own.names == "3 names from a.json: cat, …, cup"
    assert own.inputs[1]["answers"] == [["dog", "50.0 %"]]
    sent(explorer, {"kind": "use"})
    assert engine.requests[-1].labels == ("cat", "dog", "cup")
    sent(explorer, {"kind": "no labels"})
    assert own.inputs[1]["answers"] == [["output 1", "50.0 %"]]


def test_errors_are_said_beside_it_and_the_network_in_use_stays(
    explorer: Explorer, engine: EngineDouble
) -> None:
    own = explorer.own
    sent(explorer, {"kind": "begin", "id": "a", "filename": "net.onnx", "size": 10})
    assert own.error.startswith("net.onnx is no Keras file.")
    bring(explorer)
    assert own.error == ""
    path = engine.requests[-1].path
    engine.answer("own", error=FileError("mine.keras is damaged."))
    assert (own.error, own.stage) == ("mine.keras is damaged.", "")
    assert not path.exists()
    assert explorer.networks.value == "efficientnet_lite0"
    entry = next(e for e in explorer.header.entries if e["name"] == "networks")
    assert entry["error"] == "mine.keras is damaged."  # also while the panel is closed
    assert explorer.header.working == ""


def test_it_can_be_cancelled_at_each_step(explorer: Explorer, engine: EngineDouble) -> None:
    own = explorer.own
    sent(explorer, {"kind": "begin", "id": "a", "filename": "net.h5", "size": 10})
    path = own.upload.path
    sent(explorer, {"kind": "cancel"})
    assert own.stage == ""
    assert path is not None
    assert not path.exists()
    bring(explorer)
    explorer.cancel()  # the button in the bar
    assert own.stage == ""
    assert "own" not in engine.waiting
    bring(explorer)
    engine.answer_all()
    sent(explorer, {"kind": "cancel"})
    assert (own.stage, own.inputs) == ("", [])
    engine.requests.clear()
    sent(explorer, {"kind": "use"})
    assert engine.requests == []


def test_a_path_is_read_where_it_is(
    explorer: Explorer, engine: EngineDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "there.h5"
    path.write_bytes(DATA)
    sent(explorer, {"kind": "path", "path": str(path)})
    assert engine.requests[-1] == ReadModel(path, "there.h5")
    engine.answer_all()
    assert path.exists()
    assert explorer.own.sha256 == hashlib.sha256(DATA).hexdigest()
    for wrong in (tmp_path / "not there.keras", tmp_path, Path(__file__)):
        sent(explorer, {"kind": "path", "path": str(wrong)})
        assert explorer.own.error.startswith("There is no Keras file")
    engine.requests.clear()
    monkeypatch.setenv(policy.VARIABLE, policy.SERVED.text())
    sent(explorer, {"kind": "path", "path": str(path)})
    assert explorer.own.error == ("A served page reads no files by their path. Upload the file.")
    assert engine.requests == []


def test_a_public_page_takes_no_model(
    engine: EngineDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(policy.VARIABLE, replace(policy.PUBLIC, folder=str(tmp_path)).text())
    explorer = Explorer(engine=engine)  # type: ignore[arg-type]
    engine.answer_all()
    engine.requests.clear()
    assert not explorer.own.offered
    (tmp_path / "a.keras").write_bytes(DATA)
    sent(explorer, {"kind": "begin", "id": "a", "filename": "a.keras", "size": len(DATA)})
    assert explorer.own.error.startswith("A public page loads no models of its visitors.")
    assert explorer.own.upload.path is None
    for forged in (
        {"kind": "part", "id": "a", "offset": 0},
        {"kind": "path", "path": str(tmp_path / "a.keras")},
        {"kind": "use"},
        {"kind": "labels", "filename": "x"},
    ):
        sent(explorer, forged, DATA)
    assert engine.requests == []
    assert list(tmp_path.iterdir()) == [tmp_path / "a.keras"]
    explorer.open_link("?method=saliency")
    explorer.header._receive(
        None, {"kind": "link", "link": "?file=a.keras&sha256=0&input=0..1"}, None
    )
    assert "A public page loads no models" in explorer.header.error
    explorer.close()


def test_a_served_page_takes_files_up_to_a_size_and_at_a_pace(
    engine: EngineDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(policy.VARIABLE, policy.SERVED.text())
    explorer = Explorer(engine=engine)  # type: ignore[arg-type]
    own = explorer.own
    assert (own.offered, own.by_path) == (True, False)
    assert own.pace[0] < policy.SOCKET_BURST_BYTES
    assert own.pace[1] < policy.SOCKET_BYTES_PER_SECOND
    sent(explorer, {"kind": "begin", "id": "a", "filename": "net.h5", "size": 601_000_000})
    assert own.error.startswith("net.h5 has 601.0 MB; files of up to 600 MB are taken here")
    explorer.close()


def test_a_link_says_which_file_it_needs(explorer: Explorer, engine: EngineDouble) -> None:
    use(explorer, engine)
    digits = hashlib.sha256(DATA).hexdigest()[:DIGITS]
    explorer.predictions.value = 1
    explorer.methods.value = "saliency"
    engine.answer_all()
    link = explorer.link
    assert link == (
        f"file=mine.keras&sha256={digits}&input=-1..1&picture=cat&neuron=1&method=saliency"
    )
    assert explorer.header.lacks == [
        "The link does not carry your network: who opens it needs mine.keras and is asked for it."
    ]

    # Another page, or this one after a reload: it is told what is missing, and nothing is changed.
    other = Explorer(engine=engine)  # type: ignore[arg-type]
    engine.answer_all()
    before = other.link
    other.header._receive(None, {"kind": "link", "link": f"?{link}"}, None)
    assert f"Open 'mine.keras' (SHA-256 {digits}…) under Network" in other.header.error
    assert other.link == before
    use(other, engine, "other.keras", data=DATA + b"x")  # another file is not that one
    assert "file=other.keras" in other.link
    other.header._receive(None, {"kind": "link", "link": f"?{link}"}, None)
    use(other, engine, "renamed.keras")
    assert other.link == link.replace("mine.keras", "renamed.keras")
    assert other.header.error == ""

    # Back and forward: a network that is here is turned to.
    other.networks.value = "mini_vgg"
    engine.answer_all()
    other.open_link(link)
    engine.answer_all()
    assert other.networks.networks[0]["title"] == "renamed.keras"
    assert other.networks.value == other.networks.networks[0]["name"]


NAMES = ("cat, tabby", "50 % dog", "taza")


def named(explorer: Explorer, engine: EngineDouble, labels: bytes, filename: str) -> None:
    bring(explorer)
    engine.answer_all()
    sent(explorer, {"kind": "labels", "filename": filename}, labels)
    assert explorer.own.names_error == ""
    sent(explorer, {"kind": "use"})
    engine.answer_all()


def waiting(link: str, engine: EngineDouble) -> Explorer:
    """Another page, or the same one after a reload, that was opened by a link."""
    other = Explorer(engine=engine)  # type: ignore[arg-type]
    engine.answer_all()
    other.header._receive(None, {"kind": "link", "link": f"?{link}"}, None)
    return other


def test_a_link_carries_few_names_and_brings_them_back(
    explorer: Explorer, engine: EngineDouble
) -> None:
    named(explorer, engine, "\n".join(NAMES).encode(), "labels.txt")
    link = explorer.link
    assert "&labels=cat%252C+tabby,50+%2525+dog,taza" in link
    assert len(explorer.header.lacks) == 1  # the network alone
    other = waiting(link, engine)
    assert "labels" not in other.header.error
    bring(other)
    engine.answer_all()
    assert other.own.names == "3 names from the link: cat, tabby, …, taza"
    assert other.own.named
    assert other.own.inputs[1]["answers"] == [["50 % dog", "50.0 %"]]
    sent(other, {"kind": "use"})
    assert engine.requests[-1].labels == NAMES
    engine.answer_all()
    assert other.link == link  # once more, and they come again
    other.networks.value = "mini_vgg"
    engine.answer_all()
    assert "labels" not in other.link

    # Who wants none takes them away.
    third = waiting(link, engine)
    bring(third)
    engine.answer_all()
    sent(third, {"kind": "no labels"})
    sent(third, {"kind": "use"})
    assert engine.requests[-1].labels == ()
    engine.answer_all()
    assert "labels" not in third.link


def test_of_many_names_a_link_names_the_file(explorer: Explorer, engine: EngineDouble) -> None:
    named(explorer, engine, b"\n".join([b"x" * 400] * 3), "labels.txt")
    link = explorer.link
    assert link.endswith("&labels_file=labels.txt")
    assert explorer.header.lacks[1] == (
        "Nor does it carry the names of its 3 outputs: labels.txt must be opened again too."
    )
    other = waiting(link, engine)
    assert other.header.error.endswith(
        "The names of its outputs are in 'labels.txt': open that too."
    )
    bring(other)
    engine.answer_all()
    assert other.own.names == "those of the link are in labels.txt: open it too"
    assert not other.own.named
    sent(other, {"kind": "labels", "filename": "labels.txt"}, "\n".join(NAMES).encode())
    assert other.own.names.startswith("3 names from labels.txt")


def test_names_of_a_link_that_are_not_those_of_the_file_are_left_out(
    explorer: Explorer, engine: EngineDouble
) -> None:
    use(explorer, engine)
    link = explorer.link
    assert "labels" not in link
    other = waiting(f"{link}&labels=one,two", engine)
    bring(other)
    engine.answer_all()
    assert other.own.names == "none; the outputs are numbered"
    for forged in ("a,,b", ",".join(["x"] * 51), "x" * 1001):
        third = waiting(f"{link}&labels={forged}", engine)
        assert "In a link, labels are up to 50 names" in third.header.error
        bring(third)
        engine.answer_all()
        assert third.own.names == "none; the outputs are numbered"


def test_a_saved_picture_carries_the_names(explorer: Explorer, engine: EngineDouble) -> None:
    named(explorer, engine, "\n".join(NAMES).encode(), "labels.txt")
    text = explorer.view.state
    other = Explorer(engine=engine)  # type: ignore[arg-type]
    engine.answer_all()
    content = {"kind": "explanation", "id": 1, "filename": "map.png", "text": text}
    other.pictures._handle_custom_msg(content, [memoryview(b"")])
    assert "Open 'mine.keras'" in other.pictures.error
    bring(other)
    engine.answer_all()
    assert other.own.names == "3 names from the link: cat, tabby, …, taza"


def test_so_many_are_kept_and_the_oldest_goes(explorer: Explorer, engine: EngineDouble) -> None:
    for number in range(KEPT + 2):
        use(explorer, engine, f"net{number}.keras", data=DATA + bytes([number]))
    titles = [record["title"] for record in explorer.networks.networks]
    assert titles[:KEPT] == [f"net{n}.keras" for n in reversed(range(2, KEPT + 2))]
    assert not engine.library.owns("your network (net0)")
    assert engine.library.owns(f"your network (net{KEPT + 1})")


def test_what_is_fixed_by_a_link_takes_no_file(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.header.fixed = ["network"]
    engine.requests.clear()
    bring(explorer)
    assert explorer.own.stage == ""
    assert engine.requests == []
