"""Random requests over random networks end in a map that finite differences confirm, or are told.

`CNNVIS_RANDOM_NETWORKS=2500` draws so many networks (four requests each) instead of the few of the
ordinary run; `CNNVIS_RANDOM_SEED` says where to begin. The oracle is a twin in double precision:
the neuron's change along random directions against what the map says of them.
"""

from __future__ import annotations

import gc
import os
import warnings
from collections import Counter
from typing import Any

import keras
import numpy as np
from oracles.random_networks import Made, drawn

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import CnnvisError

NETWORKS = int(os.environ.get("CNNVIS_RANDOM_NETWORKS", "16"))
FIRST = int(os.environ.get("CNNVIS_RANDOM_SEED", "0"))
STEP, DIRECTIONS = 1e-6, 3
OTHERS = ("grad_cam", "guided_backprop", "deep_taylor", "occlusion", "visual_backprop", "deconvnet")


def slopes(twin: Made, x: np.ndarray, number: int, unit: int, ways: np.ndarray) -> np.ndarray:
    """The neuron's derivative along some directions: central differences of two widths."""
    steps = [STEP, -STEP, STEP / 5, -STEP / 5]
    pictures = np.concatenate([x + step * ways for step in steps])
    result = np.asarray(twin.inside(pictures, training=False)[number])[..., unit]
    up, down, near, far = np.split(result.reshape(len(pictures), -1).sum(1), 4)
    return np.stack([(up - down) / (2 * STEP), (near - far) / (2 * STEP / 5)])


def value_of(twin: Made, x: np.ndarray, number: int, unit: int) -> float:
    return float(np.asarray(twin.inside(x[None], training=False)[number])[..., unit].sum())


def check_saliency(made: Made, twin: Made, network: Network, rng: np.random.Generator) -> str:
    """One request for a saliency map, confirmed or told."""
    number = int(rng.integers(len(made.layers) + 1))
    unit = int(rng.integers(3))
    neuron = Neuron(made.layers[number - 1] if number else None, unit)
    x = rng.uniform(-1, 1, network.input_shape).astype(np.float32)
    explanation = explain(network, x, method="saliency", neuron=neuron)
    ways = rng.normal(size=(DIRECTIONS, *x.shape))
    exact = x.astype(np.float64)
    wanted, narrower = slopes(twin, exact, number, unit, ways)
    given = (ways * explanation.attribution).sum((1, 2, 3))
    value = value_of(twin, exact, number, unit)
    size = max(np.abs(wanted).max(), 1e-3 * np.linalg.norm(explanation.attribution), 1e-6)
    near = np.abs(given - wanted).max() < 0.02 * size
    near &= abs(explanation.value - value) < 0.01 * max(1, abs(value))
    if near:
        return "right"
    if np.abs(wanted - narrower).max() > 2e-3 * size:
        return "rough"  # a kink lies within the step: differences say nothing
    assert not explanation.coverage.complete or any("could not" in n for n in explanation.notes), (
        f"{neuron}, {made.policy}: {given} instead of {wanted}, value {explanation.value}, {value}"
    )
    return "told"


def check_other(network: Network, rng: np.random.Generator) -> str:
    """One request for any other map: finite, conserved where it says so, or refused in words."""
    method = OTHERS[rng.integers(len(OTHERS))]
    x = rng.uniform(-1, 1, network.input_shape).astype(np.float32)
    try:
        explanation = explain(network, x, method=method, neuron=int(rng.integers(3)))
    except CnnvisError as error:
        assert "could not be run" not in str(error), f"{method}: {error}"
        assert "could not be computed" not in str(error), f"{method}: {error}"
        return "refused"
    assert np.isfinite(explanation.attribution).all()
    if method == "deep_taylor" and explanation.coverage.complete:
        total, value = (
            float(explanation.attribution.sum(dtype=np.float64)),
            max(explanation.value, 0),
        )
        assert abs(total - value) < 0.02 * max(value, 1e-3), (total, value)
        assert explanation.attribution.min() >= -1e-6 * max(value, 1)
    return "map"


def test_maps_of_random_networks_are_right_or_told() -> None:
    counts: Counter[str] = Counter()
    for seed in range(FIRST, FIRST + NETWORKS):
        made, twin = drawn(seed)
        network: Any = Network(made.model)
        rng = np.random.default_rng(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                for _ in range(2):
                    counts[check_saliency(made, twin, network, rng)] += 1
                    counts[check_other(network, rng)] += 1
            except Exception as error:
                raise AssertionError(f"seed {seed}: {error}") from error
        if seed % 50 == 49:
            keras.backend.clear_session()
            gc.collect()
    print(dict(counts))
    assert counts["right"] > 0.9 * 2 * NETWORKS, counts
    assert counts["map"] > NETWORKS, counts
