"""Keras Applications, one network of each family with random weights, and every method.

The oracle is a twin in double precision (`oracles/applications.py`) and each method's published
formula (`oracles/random_formulas.py`): a map agrees, or the request is refused in a sentence. Some
methods are known by their properties alone, as the printed table says.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracles import random_requests
from oracles.applications import CLASSES, around, settled, twin
from oracles.random_networks import Made, Twin
from oracles.random_reference import DisagreementError, Reference

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import CnnvisError
from cnnvis_widgets.methods import all_methods

FAMILIES = {
    "ConvNeXtTiny": (64, 96, 3),
    "DenseNet121": (64, 96, 3),
    "EfficientNetB0": (64, 96, 3),
    "EfficientNetV2B0": (64, 96, 3),
    "InceptionResNetV2": (80, 96, 3),
    "InceptionV3": (80, 96, 3),
    "MobileNet": (64, 96, 3),
    "MobileNetV2": (64, 96, 3),
    "MobileNetV3Small": (64, 96, 3),
    "NASNetMobile": (64, 96, 3),
    "ResNet50": (64, 96, 3),
    "ResNet50V2": (64, 96, 3),
    "VGG16": (64, 96, 3),
    "VGG19": (64, 96, 3),
    "Xception": (80, 96, 3),
}
UNIT = 2
MOST_UNITS = 64
"""Ablation-CAM is one pass for each unit: of wider layers only its properties are checked."""


class Loaded(NamedTuple):
    """A family's network.

    Attributes:
        model: in single precision, softmax last.
        twin: the same in double precision.
        network: ours.
        names: our name of a layer → the twin's.
        x: float32, its input.
    """

    model: keras.Model
    twin: Twin
    network: Network
    names: dict[str, str]
    x: np.ndarray


@pytest.fixture(scope="module", params=FAMILIES)
def loaded(request: Any) -> Iterator[Loaded]:
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    shape = FAMILIES[request.param]
    model = settled(request.param, shape)
    exact = twin(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a network that is given prepared input
        network = Network(model)
    names = random_requests.names_in_twin(network, exact)
    x = np.random.default_rng(3).uniform(*around(model), shape).astype(np.float32)
    yield Loaded(model, exact, network, names, x)
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    keras.backend.clear_session()
    gc.collect()


def test_the_twin_is_the_same_network(loaded: Loaded) -> None:
    _, wanted = loaded.twin.run(loaded.x[None].astype(np.float64))
    given = loaded.model(loaded.x[None], training=False).numpy()
    assert given.shape == (1, CLASSES)
    np.testing.assert_allclose(given, wanted, atol=1e-4)
    assert len(loaded.names) > 10


def test_every_method_is_right_or_refused(loaded: Loaded) -> None:
    made = Made(loaded.model, {}, "float32", "softmax", "", CLASSES, False)
    x, rows = loaded.x.astype(np.float64), {}
    for name, method in all_methods().items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                answer = explain(
                    loaded.network, loaded.x, name, UNIT, **random_requests.few(method)
                )
            except CnnvisError as error:
                rows[name] = f"refused: {error}"
                assert random_requests.clear(str(error)), (name, str(error))
                continue
        if name == "ablation_cam" and _width(loaded, answer.layer) > MOST_UNITS:
            random_requests.well_formed(answer, loaded.network)
            rows[name] = "properties, a wide layer"
            continue
        try:
            verdict = random_requests.check(
                answer, loaded.network, made, loaded.twin, loaded.names, x, UNIT
            )
        except DisagreementError as error:
            verdict = "wrong", str(error)
        rows[name] = ": ".join(v for v in verdict if v)
    print("\n" + "\n".join(f"{loaded.model.name:20} {n:26} {v}" for n, v in rows.items()))
    wrong = {name: message for name, message in rows.items() if message.startswith("wrong")}
    assert not wrong, wrong
    assert sum(message.startswith("agreed") for message in rows.values()) >= 10, rows


def _width(loaded: Loaded, layer: str) -> int:
    return next(i.output_shape[-1] for i in loaded.network.layers if i.name == layer)


@pytest.mark.parametrize("method", ["saliency", "grad_cam"])
def test_to_a_ten_thousandth_or_as_near_as_a_plain_tape(loaded: Loaded, method: str) -> None:
    """1e-4 of the largest value, or twice what a GradientTape in float32 is off by itself."""
    answer = explain(loaded.network, loaded.x, method, UNIT)
    place = loaded.names[answer.layer] if method == "grad_cam" else None
    reference = Reference(loaded.twin, None, ((UNIT, 1.0),))
    exact = _map(*reference.gradients(loaded.x[None].astype(np.float64), place), method)
    plain = _map(*_by_tape(loaded, answer.layer if method == "grad_cam" else None), method)
    largest = np.abs(exact).max()
    ours, theirs = (float(np.abs(m - exact).max() / largest) for m in (answer.attribution, plain))
    print(f"\n{loaded.model.name:20} {method:10} off by {ours:.1e}, a plain tape by {theirs:.1e}")
    assert largest > 0
    assert ours <= max(1e-4, 2 * theirs)


def _map(values: np.ndarray, slopes: np.ndarray, method: str) -> np.ndarray:
    if method == "saliency":
        return slopes[0]
    return np.maximum((values[0] * slopes[0].mean((0, 1))).sum(-1, keepdims=True), 0)


def _by_tape(loaded: Loaded, layer: str | None) -> tuple[np.ndarray, np.ndarray]:
    """The picture or a layer's map, and the derivatives of the logit to it."""
    model = loaded.model
    last = next(x for x in reversed(model.layers) if getattr(x, "activation", None) is not None)
    before, last.activation = last.activation, keras.activations.linear
    try:
        outputs = [model.get_layer(layer).output if layer else model.input, model.output]
        inner = keras.Model(model.input, outputs)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            pixels = tf.constant(loaded.x[None])
            tape.watch(pixels)
            at, logits = inner(pixels, training=False)
            value = tf.reshape(logits, (1, -1))[0, UNIT]
        where = at if layer else pixels
        return where.numpy(), tape.gradient(value, where).numpy()
    finally:
        last.activation = before


def test_deep_taylor_hands_all_of_it_down(loaded: Loaded) -> None:
    """To 1e-3 of the neuron's value; or it says which layers it could not treat."""
    best = int(loaded.model(loaded.x[None], training=False).numpy().argmax())
    try:
        answer = explain(loaded.network, loaded.x, "deep_taylor", best)
    except CnnvisError as error:
        assert random_requests.clear(str(error)), str(error)
        print(f"\n{loaded.model.name:20} refused: {error}")
        return
    total = answer.attribution.sum(dtype=np.float64)
    share = total / answer.value
    print(f"\n{loaded.model.name:20} {share:.5f}, {answer.coverage.warning or 'all treated'}")
    if answer.coverage.complete:
        assert answer.value > 0
        assert total == pytest.approx(answer.value, rel=1e-3)
    else:
        assert answer.coverage.warning
