"""Stored answers of Zennit on PyTorch (`oracles/make_zennit.py`), on the same weights.

Tolerance: 1e-3 relative, or 1e-5 of the largest relevance (ours is float32, theirs float64). Where
the two part, docs/oracles.md derives which is right; the last test keeps that their way loses
relevance and ours does not.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers as L

from cnnvis_widgets.backend.lrp.relevance import relevance
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron

STORED = np.load(Path(__file__).parents[1] / "oracles" / "zennit.npz")
UNITS = (0, 3, 4)
VALUES = {"z_plus": 0.0, "epsilon": 0.25, "alpha_beta": 2.0}
SHAPE = (13, 11, 3)


def plain(x: keras.KerasTensor) -> keras.KerasTensor:
    x = L.MaxPooling2D(2)(L.Conv2D(6, 3, padding="same", activation="relu")(x))
    x = L.ReLU()(L.BatchNormalization(epsilon=1e-5)(L.Conv2D(8, (3, 2))(x)))
    x = L.BatchNormalization(epsilon=1e-5)(L.DepthwiseConv2D(3, padding="same")(x))
    x = L.Flatten()(L.AveragePooling2D(2)(L.ReLU()(x)))
    return L.Dense(5)(L.Dense(7, activation="relu")(x))


def residual(x: keras.KerasTensor) -> keras.KerasTensor:
    x = L.Conv2D(6, 3, strides=2, activation="relu")(x)
    y = L.BatchNormalization(epsilon=1e-5)(L.Conv2D(6, 3, padding="same")(x))
    x = L.Conv2D(9, 1, activation="relu")(L.Add()([x, L.ReLU()(y)]))
    return L.Dense(5)(L.GlobalAveragePooling2D()(x))


def wide(x: keras.KerasTensor) -> keras.KerasTensor:
    return L.Dense(5)(L.Flatten()(L.Conv2D(6, 3, strides=2, activation="relu")(x)))


@pytest.fixture(scope="module")
def networks() -> dict[str, Network]:
    made = {}
    for describe in (plain, residual, wide):
        inputs, name = keras.Input(SHAPE), describe.__name__
        model = keras.Model(inputs, describe(inputs))
        model.set_weights([STORED[f"{name} weight {n}"] for n in range(len(model.get_weights()))])
        made[name] = Network(model, lambda p: -1 + 2.5 * p / 255)  # Zennit was told -1 … 1.5
    return made


@pytest.mark.parametrize("name", ["plain", "residual", "wide"])
def test_the_networks_are_the_same(networks: dict[str, Network], name: str) -> None:
    logits = networks[name].outputs(STORED["pixels"])[0]
    np.testing.assert_allclose(logits, STORED[f"{name} logits"], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("plain", "z_plus"),
        ("plain", "epsilon"),
        ("residual", "z_plus"),
        ("residual", "epsilon"),
        ("wide", "z_plus"),
        ("wide", "epsilon"),
        ("wide", "alpha_beta"),
    ],
)
def test_the_same_relevance(networks: dict[str, Network], name: str, rule: str) -> None:
    active = 0
    for unit in UNITS:
        for n, pixels in enumerate(STORED["pixels"]):
            wanted = STORED[f"{name} {rule} {unit}"][n]
            result = relevance(networks[name], pixels[None], Neuron(None, unit), rule, VALUES[rule])
            scale = np.abs(wanted).max()
            active += scale > 0
            np.testing.assert_allclose(
                result.relevance[0], wanted, rtol=1e-3, atol=1e-5 * max(scale, 1e-3)
            )
    assert active >= 3, "hardly any unit was active: the test would say nothing"


def test_a_bias_among_the_contributions_takes_relevance_with_it(
    networks: dict[str, Network],
) -> None:
    """Zennit's default counts b⁺ as one more input, and its share arrives nowhere."""
    logits = np.maximum(STORED["wide logits"], 0)
    for unit in UNITS:
        theirs = STORED[f"wide z_plus with biases {unit}"].sum((1, 2, 3))
        ours = [
            relevance(networks["wide"], p[None], Neuron(None, unit)).relevance.sum()
            for p in STORED["pixels"]
        ]
        np.testing.assert_allclose(ours, logits[:, unit], rtol=1e-4, atol=1e-6)
        active = logits[:, unit] > 0
        assert (theirs[active] < 0.999 * logits[active, unit]).all()
    assert (logits[:, UNITS] > 0).any()
