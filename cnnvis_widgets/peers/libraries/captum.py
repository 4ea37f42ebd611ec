"""captum (PyTorch), in a separate process with the same weights."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from cnnvis_widgets.errors import UnsuitableError, gist
from cnnvis_widgets.peers.contract import Counterpart, Library, Outcome, Task

PROCESS = "cnnvis_widgets.peers.torch_process"
ENDED = "its process has ended"


class Captum(Library):
    """Kokhlikyan et al. 2020, https://github.com/pytorch/captum ."""

    name: ClassVar[str] = "captum"
    distribution: ClassVar[str] = "captum"
    install: ClassVar[str] = "pip install captum"
    order: ClassVar[int] = 30
    own_process: ClassVar[bool] = True

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._deadline = 0.0

    @property
    def counterparts(self) -> tuple[Counterpart, ...]:
        """Eight of ours."""
        return (
            _counterpart("saliency", "Saliency", "largest"),
            _counterpart("gradient_input", "InputXGradient"),
            _counterpart("integrated_gradients", "IntegratedGradients(…, method='riemann_middle')"),
            _counterpart("smoothgrad", "NoiseTunnel(Saliency, abs=False)", chance=True),
            _counterpart("guided_backprop", "GuidedBackprop"),
            _counterpart("deconvnet", "Deconvolution"),
            _counterpart("grad_cam", "LayerGradCam", "map"),
            _counterpart("occlusion", "Occlusion", "map", ("captum_far_border",)),
        )

    def missing(self) -> str:
        """PyTorch, which captum requires but may be missing."""
        return "" if find_spec("torch") else "captum needs PyTorch: pip install torch"

    def prepare(self, task: Task) -> str:
        """Start the process and wait until it has checked its network's output."""
        self.close()
        self._deadline = time.monotonic() + task.seconds
        self._folder = tempfile.TemporaryDirectory(prefix="cnnvis-peers-")
        folder = Path(self._folder.name)
        _write(task, folder)
        environment = {**os.environ, "KERAS_BACKEND": "torch", "PYTHONIOENCODING": "utf-8"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", PROCESS, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=environment,
        )
        self._answers = queue.Queue()
        reader = threading.Thread(
            target=_read, args=(self._process, self._answers), daemon=True, name="captum's answers"
        )
        reader.start()
        answer = self._next_reply()
        if "error" in answer:
            self.close()
            raise UnsuitableError(f"The network could not be brought to PyTorch: {answer['error']}")
        return str(answer["origin"])

    def ask(self, counterpart: Counterpart, task: Task) -> Outcome:
        """Have the process run one method."""
        process = self._process
        if process is None or process.stdin is None or self._folder is None:
            return Outcome(error=ENDED)
        start = time.perf_counter()
        try:
            process.stdin.write(f"{counterpart.method}\n")
            process.stdin.flush()
        except OSError:
            return Outcome(error=ENDED)
        answer = self._next_reply()
        seconds = time.perf_counter() - start
        if "error" in answer:
            return Outcome(error=answer["error"], seconds=seconds)
        values = np.load(Path(self._folder.name) / f"{counterpart.method}.npy")
        reached = answer.get("reached")
        return Outcome(values, "", seconds, None if reached is None else tuple(reached))

    def close(self) -> None:
        """End the process and delete its folder."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _next_reply(self) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=max(0.0, self._deadline - time.monotonic()))
        except queue.Empty:
            self.close()
            return {"error": "it did not answer in time, and was ended"}
        if line is None:
            self.close()
            return {"error": ENDED}
        return dict(json.loads(line))


def _counterpart(
    method: str,
    call: str,
    form: str = "channels",
    differences: tuple[str, ...] = (),
    chance: bool = False,
) -> Counterpart:
    return Counterpart(method, f"captum.attr.{call}", None, form, differences, chance)


def _write(task: Task, folder: Path) -> None:
    """Write the files that the process reads."""
    settings = task.settings
    names = ("steps", "samples", "sigma", "patch", "stride", "seed")
    words = {name: getattr(settings, name) for name in names}
    original = None if task.original is None else str(task.original)
    words |= {"unit": task.unit, "layer": task.layer, "original": original}
    (folder / "task.json").write_text(json.dumps(words), "utf-8")
    np.savez(
        folder / "arrays.npz",
        input=task.batch,
        expected=task.expected,
        black=settings.black[None],
        grey=settings.grey[None],
    )
    try:
        task.model.save(folder / "model.keras")
    except Exception as error:
        if task.original is None:
            raise UnsuitableError(
                f"The network could not be brought to PyTorch: Keras cannot save it ({gist(error)})"
            ) from error


def _read(process: subprocess.Popen[str], answers: queue.Queue[str | None]) -> None:
    """Put its lines into the queue, and None at the end."""
    if process.stdout is not None:
        for line in process.stdout:
            answers.put(line)
    answers.put(None)
