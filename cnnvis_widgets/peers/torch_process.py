"""The process that runs captum with PyTorch, without TensorFlow.

It reads a folder that `libraries/captum.py` wrote, and loads the network in PyTorch: the original
network of the weights if its package is installed, otherwise the Keras model on Keras' PyTorch
backend. It checks that the outputs agree, and then runs a method for each line of its input.
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

TOLERANCE = 1e-3  # relative to the largest output, for two libraries' float32
BATCH = 16
LITE = "efficientnet_lite_pytorch"


class TorchNetwork(NamedTuple):
    """A network in PyTorch.

    Attributes:
        model: a module that takes (batch, rows, columns, channels).
        layer: Grad-CAM's module; None if captum cannot hook any.
        origin: where the network is from, in a sentence.
        at_input: whether Grad-CAM uses that module's input instead of its output.
    """

    model: Any
    layer: Any
    origin: str
    at_input: bool = False


def main(folder: Path) -> None:
    """Answer each line of standard input with a line of JSON."""
    replies, sys.stdout = sys.stdout, sys.stderr  # libraries may print

    def reply(**answer: Any) -> None:
        print(json.dumps(answer), file=replies, flush=True)

    warnings.simplefilter("ignore")
    task = json.loads((folder / "task.json").read_text("utf-8"))
    with np.load(folder / "arrays.npz") as stored:
        arrays = dict(stored)
    try:
        network = bring(task, arrays, folder)
    except Exception as error:
        reply(error=f"{type(error).__name__}: {gist(error)}")
        return
    reply(origin=network.origin)
    for line in sys.stdin:
        method = line.strip()
        try:
            values, reached = METHODS[method](network, task, arrays)
            np.save(folder / f"{method}.npy", np.asarray(values, np.float32))
            reply(reached=reached)
        except Exception as error:
            reply(error=f"{type(error).__name__}: {gist(error)}")


def bring(task: dict[str, Any], arrays: dict[str, np.ndarray], folder: Path) -> TorchNetwork:
    """Load the network in PyTorch, and check its output.

    Raises:
        ValueError: the output differs.
    """
    torch = import_module("torch")
    torch.manual_seed(task["seed"])
    original = task["original"] is not None and find_spec(LITE) is not None
    network = _original(task, torch) if original else _keras(folder, task)
    with torch.no_grad():
        answer = network.model(torch.from_numpy(arrays["input"])).numpy()[0]
    expected = arrays["expected"]
    deviation = float(np.abs(answer - expected).max() / np.abs(expected).max())
    if not deviation <= TOLERANCE:
        raise ValueError(f"the copy in PyTorch answers differently, by {deviation:.2g}")
    return network._replace(origin=f"{network.origin}; its answers agree to {deviation:.1g}.")


def _original(task: dict[str, Any], torch: Any) -> TorchNetwork:
    """EfficientNet-Lite's original network for PyTorch, with the file of our weights."""
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

    # Its last ReLU6 is the same module as its first, so the pooling's input is used instead
    layer = inner._avg_pooling if task["layer"] == "top_activation" else None
    origin = "the network of efficientnet_lite_pytorch, with the weights that ours are read from"
    return TorchNetwork(ChannelsLast().eval(), layer, origin, at_input=True)


def _keras(folder: Path, task: dict[str, Any]) -> TorchNetwork:
    torch: Any = import_module("torch")
    keras = import_module("keras")
    model = keras.saving.load_model(folder / "model.keras", compile=False, safe_mode=True)

    class Wrapped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model
            self.relus = torch.nn.ModuleDict(_modules(model))

        def forward(self, pixels: Any) -> Any:
            return self.inner(pixels)

    origin = (
        "the same Keras model and weights on Keras' backend for PyTorch, with modules for its "
        "ReLUs (torch.nn.ReLU and ReLU6)"
    )
    return TorchNetwork(Wrapped().eval(), _watched(model, task["layer"]), origin)


def _modules(model: Any) -> dict[str, Any]:
    """Replace ReLUs by modules, as captum only hooks modules.

    Returns:
        The layer's path → its module.
    """
    nn, keras = import_module("torch").nn, import_module("keras")
    kinds = {keras.activations.relu: nn.ReLU, keras.activations.relu6: nn.ReLU6}
    modules = {}
    for path, layer in _layers(model, ""):
        kind, attribute = kinds.get(getattr(layer, "activation", None)), "activation"
        if type(layer) is keras.layers.ReLU and not layer.negative_slope and not layer.threshold:
            kind, attribute = {None: nn.ReLU, 6: nn.ReLU6}.get(layer.max_value), "call"
        if kind is not None:
            modules[path] = kind()
            # Keras tracks no new modules in a built layer, so a function wraps the module
            setattr(layer, attribute, partial(_through, modules[path]))
    return modules


def _through(module: Any, values: Any) -> Any:
    return module(values)


def _layers(model: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Paths and layers, including those of nested models."""
    for layer in model.layers:
        yield f"{prefix}{layer.name}", layer
        if getattr(layer, "layers", None):
            yield from _layers(layer, f"{prefix}{layer.name}/")


def _watched(model: Any, path: str) -> Any:
    """A module that gets a layer's output with channels first; None if there is no such layer.

    The layer's call is replaced, so that its output goes through the module.
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
Run = Callable[[TorchNetwork, dict[str, Any], dict[str, np.ndarray]], Answer]


def _plain(kind: str, **fixed: Any) -> Run:
    """An explainer of captum on the input."""

    def run(network: TorchNetwork, task: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
        torch, attr = import_module("torch"), import_module("captum.attr")
        pixels = torch.from_numpy(arrays["input"]).requires_grad_()
        built = getattr(attr, kind)(network.model)
        return _array(built.attribute(pixels, target=task["unit"], **fixed))[0], None

    return run


def _saliency(network: TorchNetwork, task: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    values, _ = _plain("Saliency")(network, task, arrays)
    return values.max(-1), None


def _ruled(kind: str) -> Run:
    """An explainer that hooks modules of type `torch.nn.ReLU`."""

    def run(network: TorchNetwork, task: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
        values, _ = _plain(kind)(network, task, arrays)
        torch = import_module("torch")
        modules = network.model.named_modules()
        hooked = [name for name, module in modules if isinstance(module, torch.nn.ReLU)]
        return values, [name.removeprefix("relus.") for name in hooked]

    return run


def _integrated(
    network: TorchNetwork, task: dict[str, Any], arrays: dict[str, np.ndarray]
) -> Answer:
    black = import_module("torch").from_numpy(arrays["black"])
    options = {"baselines": black, "n_steps": task["steps"], "method": "riemann_middle"}
    run = _plain("IntegratedGradients", internal_batch_size=BATCH, **options)
    return run(network, task, arrays)


def _smoothgrad(
    network: TorchNetwork, task: dict[str, Any], arrays: dict[str, np.ndarray]
) -> Answer:
    torch, attr = import_module("torch"), import_module("captum.attr")
    pixels = torch.from_numpy(arrays["input"]).requires_grad_()
    built = attr.NoiseTunnel(attr.Saliency(network.model))
    options = {"nt_samples": task["samples"], "nt_samples_batch_size": BATCH, "abs": False}
    values = built.attribute(pixels, target=task["unit"], stdevs=float(task["sigma"]), **options)
    return _array(values)[0], None


def _grad_cam(network: TorchNetwork, task: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    if network.layer is None:
        raise LookupError(f"there is no module to watch for the layer {task['layer']!r}")
    torch, attr = import_module("torch"), import_module("captum.attr")
    pixels = torch.from_numpy(arrays["input"]).requires_grad_()
    built = attr.LayerGradCam(network.model, network.layer)
    options = {"relu_attributions": True, "attribute_to_layer_input": network.at_input}
    values = built.attribute(pixels, target=task["unit"], **options)
    return _array(values)[0, 0], None


def _occlusion(
    network: TorchNetwork, task: dict[str, Any], arrays: dict[str, np.ndarray]
) -> Answer:
    torch, attr = import_module("torch"), import_module("captum.attr")
    pixels, grey = (torch.from_numpy(arrays[name]) for name in ("input", "grey"))
    channels, stride = arrays["input"].shape[-1], task["stride"]
    window = (task["patch"], task["patch"], channels)
    options = {"sliding_window_shapes": window, "strides": (stride, stride, channels)}
    with torch.no_grad():
        values = attr.Occlusion(network.model).attribute(
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
