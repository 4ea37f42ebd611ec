"""RISE against a loop over masks on the tape, and on a neuron whose evidence is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE
from oracles.resampling import bilinear

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain

PICTURE = np.random.default_rng(8).uniform(0, 255, SHAPE).astype(np.float32)  # (9, 7, 3)


def masks(many: int, grid: int, share: float, seed: int) -> list[np.ndarray]:
    """Drawn in the same order, enlarged by our own formula: 9 and 7 pixels in so many cells."""
    rng, drawn = np.random.default_rng(seed), []
    rows, columns = int(np.ceil(9 / grid)), int(np.ceil(7 / grid))
    for _ in range(many):
        cells = np.where(rng.random((grid, grid)) < share, 1.0, 0.0)
        large = bilinear(cells, (grid + 1) * rows, (grid + 1) * columns)
        top, left = rng.integers(rows), rng.integers(columns)
        drawn.append(large[top:, left:][:9, :7])
    return drawn


@pytest.mark.parametrize(
    ("name", "neuron", "colour", "fill"),
    [
        ("fused", Neuron(None, 4), "grey", 128.0),
        ("residual", Neuron("a2", 5, "max"), "black", 0.0),
        ("nested_twice", Neuron("body/core/c2", 3, "mean"), "mean", PICTURE.mean((0, 1))),
    ],
)
def test_equals_a_loop_over_masks(
    twins: Any, name: str, neuron: Neuron, colour: str, fill: Any
) -> None:
    twin, network = twins(name)
    drawn, values = masks(17, 3, 0.4, seed=6), []
    for mask in drawn:
        seen = np.array(PICTURE, float)
        for channel in range(3):
            back = np.broadcast_to(fill, 3)[channel]
            seen[..., channel] = mask * seen[..., channel] + (1 - mask) * back
        tape = twin.tape(seen[None])
        values.append(tape.neuron(neuron.layer, neuron.unit, neuron.aggregate, None)[0][0])
    wanted = np.empty(SHAPE[:2])
    for place in np.ndindex(SHAPE[:2]):
        shown = [mask[place] for mask in drawn]
        wanted[place] = np.average(values, weights=shown) - np.mean(values)
    explanation = explain(
        network, PICTURE, "rise", neuron, seed=6, samples=17, grid=3, share=0.4, colour=colour
    )
    scale = np.abs(wanted).max()
    assert np.ptp(wanted) > 0.1 * scale
    np.testing.assert_allclose(
        explanation.attribution[..., 0], wanted, rtol=2e-3, atol=2e-4 * scale
    )
    assert explanation.value == pytest.approx(
        twin.tape(PICTURE[None]).neuron(neuron.layer, neuron.unit, neuron.aggregate)[0][0], rel=1e-4
    )


def test_chance_shrinks_as_the_note_says() -> None:
    """A linear neuron that reads one block: with many masks only the block, and its surroundings
    that the same cells cover, are left; and two seeds differ by what the note says."""
    import keras

    flat = keras.layers.Flatten(), keras.layers.Dense(1, use_bias=False)
    model = keras.Sequential([keras.Input((15, 10, 1)), *flat])
    reads = np.zeros((15, 10, 1), np.float32)
    reads[3:6, 6:8] = 1
    model.set_weights([reads.reshape(-1, 1)])
    network, picture = Network(model), np.ones((15, 10, 1), np.float32)
    one, other = (
        explain(network, picture, "rise", 0, seed=s, samples=1500, grid=5, colour="black")
        for s in (1, 2)
    )
    row, column = np.unravel_index(one.attribution[..., 0].argmax(), (15, 10))
    assert 3 <= row < 6 and 6 <= column < 8
    moved = np.std(one.attribution - other.attribution) / np.sqrt(2)
    assert 0.4 * one.details["chance"] < moved < 1.5 * one.details["chance"]
    assert one.attribution.max() > 6 * one.details["chance"]


def test_a_constant_added_to_the_neuron_changes_nothing(twins: Any) -> None:
    import keras

    twin, network = twins("fused")
    raised = Network(keras.Model(twin.model.inputs, twin.model.outputs[0] + 40.0))
    maps = [explain(n, PICTURE, "rise", 2, samples=30).attribution for n in (network, raised)]
    scale = np.abs(maps[0]).max()
    np.testing.assert_allclose(maps[0], maps[1], atol=1e-3 * scale)


def test_a_picture_of_the_covering_colour_is_told(twins: Any) -> None:
    grey = np.full(SHAPE, 128, np.uint8)
    explanation = explain(twins("residual")[1], grey, "rise", 1, samples=30)
    np.testing.assert_array_equal(explanation.attribution, 0)
    assert any("covering it changes nothing" in note for note in explanation.notes)
