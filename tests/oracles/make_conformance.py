"""Write tests/conformance: small networks as files, with the maps that any library should get.

PYTHONPATH=tests python tests/oracles/make_conformance.py

Expected maps come from NumPy alone, in float64: of most networks from the tape (`tape.py`), of the
one with tokens from finite differences. See docs/conformance.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from oracles import nets
from oracles.twins import Twin

FOLDER = Path(__file__).parents[1] / "conformance"
RULES = {"saliency": "gradient", "guided_backprop": "guided", "deconvnet": "deconvnet"}
STEP = 1e-5  # of the central differences

ABOUT = {  # name → what it tries, the layer of its Grad-CAM
    "relu_layers": ("ReLUs as layers, a max-pooling, two dense layers behind Flatten", "r2"),
    "fused": ("ReLUs as activations of strided convolutions", "c2"),
    "relu6": ("ReLU6 as layer, activation and operation; BatchNorm, depthwise, Add", "a"),
    "clipped": ("a ReLU that is clipped at 4, which some values reach", "r2"),
    "nested_twice": ("a model within a model within a model", "p"),
    "sequences": ("Sequential models within one another", "outer"),
    "shared": ("a layer and a model that are called twice", "r"),
    "residual": ("pre-activation blocks: BatchNorm and ReLU before the convolution, Add", "a2"),
    "branched": ("three branches that are concatenated", "mixed"),
    "separable": ("separable and depthwise convolutions, BatchNorm", "r2"),
}


def main() -> None:
    """Write every case anew."""
    for name, (about, layer) in ABOUT.items():
        twin = nets.twin(name)
        write(name, about, layer, twin.model, by_tape(twin, layer))
    about = "softmax behind the logits, {}: the map is of the value before it"
    for name, how in SOFTMAX.items():
        twin = nets.twin("fused")
        model = how[1](twin.model)
        write(f"softmax_{name}", about.format(how[0]), "c2", model, by_tape(twin, "c2"))
    model = tokens_model()
    derivatives = by_differences(model)
    write(
        "tokens",
        "patches as tokens, mixed by dense layers over tokens and units",
        "mixed",
        model,
        derivatives,
    )


def picture(shape: tuple[int, ...]) -> np.ndarray:
    """float32, the network's input."""
    return np.random.default_rng(11).normal(0, 1, shape).astype(np.float32)


def by_tape(twin: Twin, layer: str) -> tuple[int, dict[str, np.ndarray]]:
    """A unit and its maps before any softmax: the first whose Grad-CAM is not empty."""
    pixels = picture(twin.shape)
    tape = twin.tape(pixels[None].astype(np.float64))
    for unit in range(tape.output.array.shape[-1]):
        _, seed = tape.neuron(None, unit)
        slope = tape.gradient(seed, "gradient", None, layer)[0][0]
        cam = np.maximum(tape.values[layer].array[0] @ slope.mean((0, 1)), 0)
        if cam.any():
            break
    maps = {name: tape.gradient(seed, rule, None, None)[0][0] for name, rule in RULES.items()}
    return unit, {"input": pixels, "logits": tape.output.array[0], **maps, "grad_cam": cam}


def _as_layer(model: Any) -> Any:
    import keras

    return keras.Model(model.inputs, keras.layers.Softmax(name="s")(model.output))


def _reshaped(model: Any) -> Any:
    import keras

    units = model.output.shape[-1]
    x = keras.layers.Reshape((1, units), name="to")(model.output)
    x = keras.layers.Softmax(name="s")(x)
    return keras.Model(model.inputs, keras.layers.Reshape((units,), name="fro")(x))


def _nested(model: Any) -> Any:
    import keras

    inputs = keras.Input(model.output.shape[1:])
    end = keras.Model(inputs, keras.layers.Activation("softmax", name="s")(inputs), name="end")
    return keras.Model(model.inputs, end(model.output))


SOFTMAX: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "layer": ("as a layer", _as_layer),
    "reshaped": ("between two Reshapes", _reshaped),
    "nested": ("in a model of its own", _nested),
}


def tokens_model() -> Any:
    """Patches of 3 × 4 pixels in a line, one block that mixes tokens and units, their mean."""
    import keras

    layers = keras.layers
    inputs = keras.Input((9, 8, 3))
    x = layers.Conv2D(6, (3, 4), strides=(3, 4), name="patches")(inputs)
    x = layers.Reshape((6, 6), name="tokens")(x)
    across = layers.Dense(6, "relu", name="across")(layers.Permute((2, 1), name="turn")(x))
    x = layers.Add(name="added")([x, layers.Permute((2, 1), name="back")(across)])
    x = layers.Add(name="mixed")([x, layers.Dense(6, "relu", name="along")(x)])
    head = layers.Dense(4, name="d")(layers.GlobalAveragePooling1D(name="mean")(x))
    model = keras.Model(inputs, head, name="tokens")
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(0, 0.6, w.shape) for w in model.get_weights()])
    return model


def by_differences(model: Any, unit: int = 2) -> tuple[int, dict[str, np.ndarray]]:
    """The same for `tokens_model`, whose forward pass is written out here."""
    kernel, bias, wa, ba, wl, bl, wd, bd = (w.astype(np.float64) for w in model.get_weights())

    def mixed(x: np.ndarray) -> np.ndarray:
        patches = x.reshape(3, 3, 2, 4, 3).transpose(0, 2, 1, 3, 4).reshape(6, -1)
        tokens = patches @ kernel.reshape(-1, 6) + bias
        tokens = tokens + np.maximum(tokens.T @ wa + ba, 0).T
        return tokens + np.maximum(tokens @ wl + bl, 0)

    def head(tokens: np.ndarray) -> np.ndarray:
        return tokens.mean(0) @ wd + bd

    pixels = picture((9, 8, 3))
    tokens = mixed(pixels.astype(np.float64))
    saliency = differences(lambda x: head(mixed(x))[unit], pixels.astype(np.float64))
    slope = differences(lambda t: head(t)[unit], tokens)
    cam = np.maximum(tokens @ slope.mean(0), 0).reshape(3, 2)
    maps = {"saliency": saliency, "grad_cam": cam}
    return unit, {"input": pixels, "logits": head(tokens), **maps}


def differences(function: Callable[[np.ndarray], float], x: np.ndarray) -> np.ndarray:
    """Central differences at every number of x."""
    slopes = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        moved = [x.copy(), x.copy()]
        moved[0][place] += STEP
        moved[1][place] -= STEP
        slopes[place] = (function(moved[0]) - function(moved[1])) / (2 * STEP)
    return slopes


def write(
    name: str, about: str, layer: str, model: Any, target: tuple[int, dict[str, np.ndarray]]
) -> None:
    """One folder: model.keras, arrays.npz, case.json."""
    unit, arrays = target
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    weights = {f"weights/{w.path}": w.numpy() for w in model.weights}
    plain = {key: np.asarray(value, np.float32) for key, value in arrays.items()}
    np.savez_compressed(folder / "arrays.npz", **plain, **weights)
    case = {
        "about": about,
        "unit": unit,
        "grad_cam_layer": layer,
        "maps": [key for key in arrays if key not in ("input", "logits")],
        "tolerance": "1e-4 of the largest absolute value of each map",
    }
    (folder / "case.json").write_text(json.dumps(case, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
