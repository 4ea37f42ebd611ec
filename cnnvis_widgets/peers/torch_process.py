"""The process that runs captum: no TensorFlow is loaded here, and PyTorch nowhere else.

It reads a folder that `libraries/captum.py` wrote, brings the network to PyTorch (the network that
the weights were trained in, where its package is installed; else the Keras model on Keras' backend
for PyTorch), proves that it answers the same, and then runs a method for each line that it is sent.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cnnvis_widgets.errors import gist

FAR = 1e-3  # of the largest answer: two libraries' float32
BATCH = 16
LITE = "efficientnet_lite_pytorch"


class Brought(NamedTuple):
    """A network in PyTorch.

    Attributes:
        model: a module that takes (batch, rows, columns, channels).
        layer: the module that Grad-CAM weighs; None where there is none that captum can watch.
        told: how it came here, in a sentence.
        at_input: whether what comes to that module is weighed, and not what it gives.
    """

    model: Any
    layer: Any
    told: str
    at_input: bool = False


def main(folder: Path) -> None:
    """Answer each line of standard input with a line of JSON."""
    replies, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no answer

    def reply(**answer: Any) -> None:
        print(json.dumps(answer), file=replies, flush=True)

    warnings.simplefilter("ignore")
    task = json.loads((folder / "task.json").read_text("utf-8"))
    with np.load(folder / "arrays.npz") as stored:
        arrays = dict(stored)
    try:
        brought = bring(task, arrays, folder)
    except Exception as error:
        reply(error=f"{type(error).__name__}: {gist(error)}")
        return
    reply(told=brought.told)
    for line in sys.stdin:
        method = line.strip()
        try:
            values, reached = METHODS[method](brought, task, arrays)
            np.save(folder / f"{method}.npy", np.asarray(values, np.float32))
            reply(reached=reached)
        except Exception as error:
            reply(error=f"{type(error).__name__}: {gist(error)}")


def bring(task: dict[str, Any], arrays: dict[str, np.ndarray], folder: Path) -> Brought:
    """The network in PyTorch, proven to answer as the one it is of.

    Raises:
        ValueError: it answers differently.
    """
    torch = import_module("torch")
    torch.manual_seed(task["seed"])
    original = task["original"] is not None and find_spec(LITE) is not None
    brought = _original(task, torch) if original else _keras(folder, task)
    with torch.no_grad():
        answer = brought.model(torch.from_numpy(arrays["input"])).numpy()[0]
    wanted = arrays["wanted"]
    far = float(np.abs(answer - wanted).max() / np.abs(wanted).max())
    if not far <= FAR:
        raise ValueError(f"the copy in PyTorch answers differently, by {far:.2g}")
    return brought._replace(told=f"{brought.told}; its answers agree to {far:.1g}.")


def _original(task: dict[str, Any], torch: Any) -> Brought:
    """EfficientNet-Lite as it was published for PyTorch, with the file that ours is read from."""
    path = Path(task["original"])
    name = next(n for n in (f"efficientnet-lite{i}" for i in range(5)) if n in path.name)
    inner = import_module(LITE).EfficientNet.from_pretrained(name, weights_path=str(path)).eval()
    inner.requires_grad_(False)

    class ChannelsLast(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, pixels: Any) -> Any:
            return self.inner(pixels.permute(0, 3, 1, 2))

    # Its last ReLU6 is the same module as its first: what comes to the pooling is its result.
    layer = inner._avg_pooling if task["layer"] == "top_activation" else None
    told = "the network of efficientnet_lite_pytorch, with the weights that ours are read from"
    return Brought(ChannelsLast().eval(), layer, told, at_input=True)


def _keras(folder: Path, task: dict[str, Any]) -> Brought:
    torch: Any = import_module("torch")
    keras = import_module("keras")
    model = keras.saving.load_model(folder / "model.keras", compile=False, safe_mode=True)

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model
            self.relus = torch.nn.ModuleDict(_modules(model))

        def forward(self, pixels: Any) -> Any:
            return self.inner(pixels)

    told = (
        "the same Keras model and weights on Keras' backend for PyTorch, with modules for its "
        "ReLUs (torch.nn.ReLU and ReLU6)"
    )
    return Brought(Whole().eval(), _watched(model, task["layer"]), told)


def _modules(model: Any) -> dict[str, Any]:
    """Put modules in place of the ReLUs, as who writes for PyTorch has them: captum hooks no other.

    Returns:
        The layer's path → its module.
    """
    nn, keras = import_module("torch").nn, import_module("keras")
    kinds = {keras.activations.relu: nn.ReLU, keras.activations.relu6: nn.ReLU6}
    made = {}
    for path, layer in _layers(model, ""):
        kind, place = kinds.get(getattr(layer, "activation", None)), "activation"
        if type(layer) is keras.layers.ReLU and not layer.negative_slope and not layer.threshold:
            kind, place = {None: nn.ReLU, 6: nn.ReLU6}.get(layer.max_value), "call"
        if kind is not None:
            made[path] = kind()
            # A built layer takes no new parts: a function that calls the module is none.
            setattr(layer, place, partial(_through, made[path]))
    return made


def _through(module: Any, values: Any) -> Any:
    return module(values)


def _layers(model: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Path and layer, nested models' included."""
    for layer in model.layers:
        yield f"{prefix}{layer.name}", layer
        if getattr(layer, "layers", None):
            yield from _layers(layer, f"{prefix}{layer.name}/")


def _watched(model: Any, path: str) -> Any:
    """A module that sees a layer's result with its channels first; None if it is not to be found.

    The layer's call is changed: its result goes through the module and back.
    """
    layer = model
    try:
        for name in path.split("/"):
            layer = layer.get_layer(name)
    except (AttributeError, ValueError):
        return None
    watch, call = import_module("torch").nn.Identity(), layer.call

    def watched(*inputs: Any, **options: Any) -> Any:
        return watch(call(*inputs, **options).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)

    layer.call = watched
    return watch


Answer = tuple[np.ndarray, list[str] | None]
Run = Callable[[Brought, dict[str, Any], dict[str, np.ndarray]], Answer]


def _plain(kind: str, **fixed: Any) -> Run:
    """An explainer of captum's on the input."""

    def run(brought: Brought, task: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
        torch, attr = import_module("torch"), import_module("captum.attr")
        pixels = torch.from_numpy(arrays["input"]).requires_grad_()
        built = getattr(attr, kind)(brought.model)
        return _array(built.attribute(pixels, target=task["unit"], **fixed))[0], None

    return run


def _saliency(brought: Brought, task: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    values, _ = _plain("Saliency")(brought, task, arrays)
    return values.max(-1), None


def _ruled(kind: str) -> Run:
    """An explainer that hooks the modules that are a `torch.nn.ReLU`."""

    def run(brought: Brought, task: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
        values, _ = _plain(kind)(brought, task, arrays)
        torch = import_module("torch")
        modules = brought.model.named_modules()
        hooked = [name for name, module in modules if isinstance(module, torch.nn.ReLU)]
        return values, [name.removeprefix("relus.") for name in hooked]

    return run


def _integrated(brought: Brought, task: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    black = import_module("torch").from_numpy(arrays["black"])
    options = {"baselines": black, "n_steps": task["steps"], "method": "riemann_middle"}
    run = _plain("IntegratedGradients", internal_batch_size=BATCH, **options)
    return run(brought, task, arrays)


def _smoothgrad(brought: Brought, task: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    torch, attr = import_module("torch"), import_module("captum.attr")
    pixels = torch.from_numpy(arrays["input"]).requires_grad_()
    built = attr.NoiseTunnel(attr.Saliency(brought.model))
    options = {"nt_samples": task["samples"], "nt_samples_batch_size": BATCH, "abs": False}
    values = built.attribute(pixels, target=task["unit"], stdevs=float(task["sigma"]), **options)
    return _array(values)[0], None


def _grad_cam(brought: Brought, task: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    if brought.layer is None:
        raise LookupError(f"there is no module to watch for the layer {task['layer']!r}")
    torch, attr = import_module("torch"), import_module("captum.attr")
    pixels = torch.from_numpy(arrays["input"]).requires_grad_()
    built = attr.LayerGradCam(brought.model, brought.layer)
    options = {"relu_attributions": True, "attribute_to_layer_input": brought.at_input}
    values = built.attribute(pixels, target=task["unit"], **options)
    return _array(values)[0, 0], None


def _occlusion(brought: Brought, task: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    torch, attr = import_module("torch"), import_module("captum.attr")
    pixels, grey = (torch.from_numpy(arrays[name]) for name in ("input", "grey"))
    channels, stride = arrays["input"].shape[-1], task["stride"]
    window = (task["patch"], task["patch"], channels)
    options = {"sliding_window_shapes": window, "strides": (stride, stride, channels)}
    with torch.no_grad():
        values = attr.Occlusion(brought.model).attribute(
            pixels, target=task["unit"], baselines=grey, perturbations_per_eval=BATCH, **options
        )
    return _array(values)[0, ..., 0], None


def _array(values: Any) -> np.ndarray:
    return values.detach().numpy()


METHODS: dict[str, Run] = {
    "saliency": _saliency,
    "gradient_input": _plain("InputXGradient"),
    "integrated_gradients": _integrated,
    "smoothgrad": _smoothgrad,
    "guided_backprop": _ruled("GuidedBackprop"),
    "deconvnet": _ruled("Deconvolution"),
    "grad_cam": _grad_cam,
    "occlusion": _occlusion,
}

if __name__ == "__main__":
    main(Path(sys.argv[1]))
