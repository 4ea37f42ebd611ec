"""Occlusion against a loop over pixels and patches, and a linear neuron known on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.methods.occlusion import _rounds

PICTURE = np.random.default_rng(8).uniform(0, 255, SHAPE).astype(np.float32)  # (9, 7, 3)


def _by_hand(twin: Any, neuron: Neuron, colour: Any, side: int, starts: Any) -> np.ndarray:
    """The mean drop over the patches on each pixel, pixel by pixel."""

    def value(picture: np.ndarray) -> float:
        values, _ = twin.tape(picture[None]).neuron(
            neuron.layer, neuron.unit, neuron.aggregate, neuron.position
        )
        return float(values[0])

    clean, drops = value(PICTURE), {}
    for top in starts[0]:
        for left in starts[1]:
            covered = PICTURE.copy()
            covered[top : top + side, left : left + side] = colour
            drops[top, left] = clean - value(covered)
    expected = np.zeros(SHAPE[:2])
    for row in range(9):
        for column in range(7):
            expected[row, column] = np.mean(
                [
                    drop
                    for (top, left), drop in drops.items()
                    if top <= row < top + side and left <= column < left + side
                ]
            )
    return expected


@pytest.mark.parametrize(
    ("name", "neuron", "colour", "value"),
    [
        ("fused", Neuron(None, 4), "grey", 128),
        ("residual", Neuron("a2", 5, "max"), "black", 0),
        ("branched", Neuron("mixed", 6, position=(2, 1)), "white", 255),
        ("nested_twice", Neuron("body/core/c2", 3, "mean"), "mean", PICTURE.mean((0, 1))),
    ],
)
def test_equals_a_loop_over_pixels(
    twins: Any, name: str, neuron: Neuron, colour: str, value: Any
) -> None:
    twin, network = twins(name)
    # Patches of 4, 3 apart: rows 0, 3 and the border's 5; columns 0 and 3, which ends at the border
    expected = _by_hand(twin, neuron, value, 4, ([0, 3, 5], [0, 3]))
    explanation = explain(network, PICTURE, "occlusion", neuron, patch=4, stride=3, colour=colour)
    assert (
        explanation.attribution.shape == (9, 7, 1) and explanation.attribution.dtype == np.float32
    )
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(
        explanation.attribution[..., 0], expected, rtol=1e-3, atol=1e-4 * scale
    )
    np.testing.assert_array_equal(explanation.heatmap(), explanation.attribution[..., 0])
    assert explanation.details["patches"] == 6
    assert "6 " in explanation.notes[0] and "4 × 4" in explanation.notes[0]


def _linear_network() -> tuple[Network, np.ndarray]:
    import keras

    inputs = keras.Input((6, 5, 1))
    dense = keras.layers.Dense(3)
    model = keras.Model(inputs, dense(keras.layers.Flatten()(inputs)))
    weights = np.random.default_rng(1).normal(0, 1, (30, 3))
    dense.set_weights([weights, np.array([1.0, 2.0, 3.0])])
    return Network(model), weights[:, 2].reshape(6, 5)


def test_single_pixels_of_a_linear_neuron() -> None:
    network, weights = _linear_network()
    picture = np.random.default_rng(2).uniform(0, 9, (6, 5, 1)).astype(np.float32)
    explanation = explain(network, picture, "occlusion", 2, patch=1, stride=1, colour="black")
    np.testing.assert_allclose(
        explanation.heatmap(), weights * picture[..., 0], rtol=1e-3, atol=1e-4
    )
    assert explanation.heatmap().min() < 0 < explanation.heatmap().max()


def test_a_patch_that_changes_nothing_is_exactly_zero() -> None:
    network, _ = _linear_network()
    picture = np.zeros((6, 5, 1), np.float32)
    picture[4:, 3:] = 7
    seen: list[tuple[int, int]] = []
    explanation = explain(
        network,
        picture,
        "occlusion",
        2,
        patch=2,
        stride=2,
        colour="black",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert not explanation.heatmap()[:4].any() and not explanation.heatmap()[:, :2].any()
    assert explanation.heatmap()[4:, 3:].all()
    assert seen == [(0, 2), (2, 2)]  # of nine patches, two change the picture

    blank = explain(network, np.zeros((6, 5, 1), np.float32), "occlusion", 2, colour="black")
    assert not blank.attribution.any() and blank.notes[0].startswith("All zeros")


def test_sizes_follow_the_input_unless_chosen(twins: Any) -> None:
    _, network = twins("fused")
    explanation = explain(network, PICTURE, "occlusion", 1)
    assert explanation.details["patch"] == (1, 1) and explanation.details["stride"] == 1
    large = explain(network, PICTURE, "occlusion", 1, patch=100, stride=100)
    assert large.details["patch"] == (9, 7)  # the whole picture: one patch, one value
    assert large.details["patches"] == 1
    assert np.ptp(large.attribution) == 0 and large.attribution[0, 0, 0] != 0


def test_gaps_between_patches_are_refused(twins: Any) -> None:
    _, network = twins("fused")
    with pytest.raises(InvalidValueError, match=r"at most the patch, 3 pixels.*got 4"):
        explain(network, PICTURE, "occlusion", 1, patch=3, stride=4)


def test_patches_go_from_coarse_to_fine() -> None:
    rounds = _rounds((90, 70, 3), (13, 17), 3)
    assert list(rounds) == [12, 6, 3]  # as long as nothing is left uncovered
    visited: set[tuple[int, int]] = set()
    for stride, places in rounds.items():
        new = {(rows.start, columns.start) for rows, columns in places}
        assert len(new) == len(places) and not new & visited
        assert all((r.stop - r.start, c.stop - c.start) == (13, 17) for r, c in places)
        visited |= new
        rows, columns = {*range(0, 78, stride), 77}, {*range(0, 54, stride), 53}
        assert visited == {(r, c) for r in rows for c in columns}


def test_the_coarse_answer_comes_first() -> None:
    """A neuron that adds up what it sees: covering four pixels takes away what was there."""
    network, weights = _linear_network()
    picture = np.random.default_rng(2).uniform(0, 9, (6, 5, 1)).astype(np.float32)
    adds = weights * picture[..., 0]
    seen: list[tuple[int, Any]] = []
    done = [0]

    def watch(make: Any) -> None:
        seen.append((done[0], make()))

    final = explain(
        network,
        picture,
        "occlusion",
        2,
        patch=2,
        stride=1,
        colour="black",
        preview=watch,
        progress=lambda now, total: done.__setitem__(0, now),
    )
    assert len(seen) == 1
    asked, coarse = seen[0]
    assert asked == 9 and coarse.parameters["stride"] == coarse.details["stride"] == 2
    again = explain(network, picture, "occlusion", 2, patch=2, stride=2, colour="black")
    np.testing.assert_array_equal(coarse.attribution, again.attribution)
    # Rows 0, 2 and 4; columns 0 and 2, and 3 for the border, whose patch shares a column.
    drop = adds[0:2, 0:2].sum()
    np.testing.assert_allclose(coarse.heatmap()[:2, :2], drop, rtol=1e-3, atol=1e-4)
    shared = (adds[2:4, 2:4].sum() + adds[2:4, 3:5].sum()) / 2
    np.testing.assert_allclose(coarse.heatmap()[2:4, 3], shared, rtol=1e-3, atol=1e-4)
    # Every pixel inside is under four patches of the fine round.
    four = [adds[r : r + 2, c : c + 2].sum() for r in (2, 3) for c in (1, 2)]
    np.testing.assert_allclose(final.heatmap()[3, 2], np.mean(four), rtol=1e-3, atol=1e-4)
    assert final.details["patches"] == 20 and final.parameters["stride"] == 1


def test_every_round_is_exactly_its_own_question(twins: Any) -> None:
    _, network = twins("residual")
    seen: list[Any] = []
    asked = {"patch": 5, "colour": "mean"}
    explain(network, PICTURE, "occlusion", 3, stride=1, preview=seen.append, **asked)
    explanations = [make() for make in seen]  # looked at late: still what they were
    assert [one.parameters["stride"] for one in explanations] == [4, 2]
    for one in explanations:
        again = explain(network, PICTURE, "occlusion", 3, **one.parameters)
        np.testing.assert_array_equal(one.attribution, again.attribution)
        assert one.notes == again.notes and one.details == again.details
