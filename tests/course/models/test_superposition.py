"""Superposition: gradients by asking, and the outcomes that the paper and paper-and-pencil know."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.course.models.superposition import loss_and_gradients, superposed
from cnnvis_widgets.errors import InvalidValueError


def test_gradients_by_asking() -> None:
    """Central differences, 1e-6 of a value of about 1; (3, 7, 4) into 2 units."""
    random = np.random.default_rng(4)
    x, weights = random.random((3, 7, 4)), random.normal(0, 1, (3, 2, 4))
    bias = random.normal(0, 0.3, (3, 1, 4))
    _, slope, bias_slope = loss_and_gradients(x, weights, bias)
    for parameters, derivative in ((weights, slope), (bias, bias_slope)):
        for place in np.ndindex(parameters.shape):
            kept, losses = parameters[place], []
            for step in (1e-6, -1e-6):
                parameters[place] = kept + step
                losses.append(loss_and_gradients(x, weights, bias)[0])
            parameters[place] = kept
            asked = (losses[0] - losses[1]) / 2e-6
            assert derivative[place] == pytest.approx(asked[place[0]], abs=1e-6)
            assert not np.delete(asked, place[0]).any()  # the networks are independent


def test_the_loss_on_paper() -> None:
    # Without weights the output is ReLU(b): (0.5 - 1)² + 0.9 (0.5 - 0)² for one example.
    x, nothing = np.array([[[1.0, 0.0]]]), np.zeros((1, 1, 2))
    loss, *_ = loss_and_gradients(x, nothing, np.full((1, 1, 2), 0.5))
    assert loss == pytest.approx([0.25 + 0.9 * 0.25])


def test_rare_features_are_stored_in_superposition() -> None:
    dense, rare = superposed([0, 0.95])
    kept = np.linalg.norm(dense, axis=0) > 0.5
    assert kept.sum() == 2  # as many as there are units, and perpendicular
    first, second = dense[:, kept].T
    assert abs(first @ second) < 0.05
    # All five, as a regular pentagon.
    angles = np.sort(np.degrees(np.arctan2(rare[1], rare[0])))
    np.testing.assert_allclose(np.diff(angles), 72, atol=5)


def test_as_many_units_as_features_keep_all() -> None:
    (weights,) = superposed([0], features=3, units=3)
    np.testing.assert_allclose(weights.T @ weights, np.eye(3), atol=0.05)


@pytest.mark.parametrize("given", [{"absent": [1.0]}, {"absent": [0], "features": 0}])
def test_numbers_out_of_range_are_refused(given: dict) -> None:
    with pytest.raises(InvalidValueError):
        superposed(**given)
