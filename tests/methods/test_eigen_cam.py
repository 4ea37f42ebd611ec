"""Eigen-CAM against power iteration on the tape's maps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.methods.eigen_cam import principal

PIXELS = np.random.default_rng(53).normal(0, 1.5, SHAPE).astype(np.float32)


def by_iteration(maps: np.ndarray) -> tuple[np.ndarray, float]:
    """v by multiplying with AᵀA until it stays; the projection; its share of the squares."""
    rows, columns, units = maps.shape
    v = np.ones(units)
    for _ in range(5000):
        new = np.zeros(units)
        for place in np.ndindex(rows, columns):
            new += maps[place] * (maps[place] @ v)
        v = new / np.sqrt((new**2).sum())
    along = np.array([[maps[r, c] @ v for c in range(columns)] for r in range(rows)])
    return along * np.sign(along.sum()), float((along**2).sum() / (maps**2).sum())


@pytest.mark.parametrize(("name", "layer"), [("branched", "mixed"), ("relu_layers", "p1")])
def test_equals_power_iteration(twins: Any, name: str, layer: str) -> None:
    twin, network = twins(name)
    wanted, share = by_iteration(twin.tape(PIXELS[None]).values[layer].array[0])
    explanation = explain(network, PIXELS, "eigen_cam", 2, layer=layer)
    scale = np.abs(wanted).max()
    np.testing.assert_allclose(
        explanation.details["before_relu"], wanted, rtol=1e-3, atol=1e-4 * scale
    )
    np.testing.assert_allclose(
        explanation.attribution[..., 0], np.maximum(wanted, 0), rtol=1e-3, atol=1e-4 * scale
    )
    assert explanation.details["share"] == pytest.approx(share, rel=1e-4)
    other = explain(network, PIXELS, "eigen_cam", 0, layer=layer)
    np.testing.assert_array_equal(explanation.attribution, other.attribution)


def test_the_sign_is_chosen_and_nothing_is_nothing() -> None:
    maps = np.random.default_rng(4).normal(1, 1, (4, 3, 5)).astype(np.float32)
    for turned in (maps, -maps):
        assert principal(turned)[0].sum() > 0
    np.testing.assert_array_equal(principal(np.zeros((4, 3, 5), np.float32))[0], 0)
