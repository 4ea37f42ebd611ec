"""captum's process: what is said to it, what is believed of it, and that it is ended in time."""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.peers import torch_process
from cnnvis_widgets.peers.contract import Settings, Task
from cnnvis_widgets.peers.libraries import captum
from cnnvis_widgets.peers.libraries.captum import Captum

SIZE = (5, 4, 3)
PIXELS = np.random.default_rng(1).normal(size=SIZE).astype(np.float32)
OTHER = '''
"""Speaks as torch_process does: negates, raises, or sleeps."""
import json, os, sys, time
from pathlib import Path
import numpy as np

folder = Path(sys.argv[1])
task = json.loads((folder / "task.json").read_text())
assert os.environ["KERAS_BACKEND"] == "torch"
if task["unit"] == 99:
    print(json.dumps({"error": "ValueError: answers differently"}), flush=True)
    sys.exit()
print(json.dumps({"origin": f"unit {task['unit']}"}), flush=True)
for line in sys.stdin:
    method = line.strip()
    if method == "saliency":
        arrays = np.load(folder / "arrays.npz")
        np.save(folder / "saliency.npy", -arrays["input"][0])
        print(json.dumps({"reached": ["a", "b"]}), flush=True)
    elif method == "deconvnet":
        print(json.dumps({"error": "RuntimeError: broken"}), flush=True)
    elif method == "grad_cam":
        sys.exit()
    else:
        time.sleep(60)
'''


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "other_process.py").write_text(OTHER, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(captum, "PROCESS", "other_process")
    one = Captum()
    yield one
    one.close()


def task(**changed: Any) -> Task:
    plain = np.zeros(SIZE, np.float32)
    settings = Settings(50, 50, 0.1, 0.2, 64, 10, 7, 0.5, 2, 2, 0, plain, plain)
    model = SimpleNamespace(save=lambda path: path.write_bytes(b""))
    facts = {"model": model, "input": PIXELS, "unit": 3, "units": 4, "layer": "conv"}
    return Task(**{**facts, "settings": settings, "expected": np.ones(4, np.float32), **changed})


def asked(library: Captum, method: str) -> Any:
    (counterpart,) = (c for c in library.counterparts if c.method == method)
    return library.ask(counterpart, task())


def test_answers_errors_and_an_end(library: Captum) -> None:
    assert library.prepare(task()) == "unit 3"
    folder = Path(library._folder.name)
    answer = asked(library, "saliency")
    np.testing.assert_array_equal(answer.values, -PIXELS)
    assert answer.reached == ("a", "b")
    assert asked(library, "deconvnet").error == "RuntimeError: broken"
    assert asked(library, "grad_cam").error == "its process has ended"
    assert asked(library, "saliency").error == "its process has ended"
    library.close()
    assert not folder.exists()


def test_a_process_that_takes_too_long_is_ended(library: Captum) -> None:
    library.prepare(task(seconds=30))
    process = library._process
    library._until = time.monotonic() + 0.3
    assert "was ended" in asked(library, "occlusion").error
    assert process.poll() is not None


def test_a_network_that_could_not_be_brought(library: Captum) -> None:
    with pytest.raises(UnsuitableError, match="could not be brought to PyTorch: ValueError: answ"):
        library.prepare(task(unit=99))

    def refuse(path: Path) -> None:
        raise ValueError("a Lambda layer")

    with pytest.raises(UnsuitableError, match=r"Keras cannot save it \(a Lambda layer\)"):
        library.prepare(task(model=SimpleNamespace(save=refuse)))


def test_the_process_answers_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "task.json").write_text(json.dumps({"unit": 3}), "utf-8")
    np.savez(tmp_path / "arrays.npz", input=PIXELS[None])
    brought = torch_process.TorchNetwork(None, None, "brought")
    monkeypatch.setattr(torch_process, "bring", lambda *_: brought)

    def chatty(model: Any, task: Any, arrays: Any) -> Any:
        print("captum says much")
        return 2 * arrays["input"][0], ["relu"]

    def broken(*_: Any) -> Any:
        raise RuntimeError("no such layer\nand more")

    methods = {"saliency": chatty, "deconvnet": broken}
    monkeypatch.setattr(torch_process, "METHODS", methods)
    monkeypatch.setattr(sys, "stdin", io.StringIO("saliency\ndeconvnet\nlime\n"))
    message = io.StringIO()
    monkeypatch.setattr(sys, "stdout", message)
    torch_process.main(tmp_path)
    assert [json.loads(line) for line in message.getvalue().splitlines()] == [
        {"origin": "brought"},
        {"reached": ["relu"]},
        {"error": "RuntimeError: no such layer"},
        {"error": "KeyError: 'lime'"},
    ]
    np.testing.assert_array_equal(np.load(tmp_path / "saliency.npy"), 2 * PIXELS)


def test_every_counterpart_has_its_function_there() -> None:
    assert {c.method for c in Captum().counterparts} == set(torch_process.METHODS)
