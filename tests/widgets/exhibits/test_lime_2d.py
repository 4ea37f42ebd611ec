"""LIME in two dimensions without a browser: scikit-learn's ridge, the limit, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import Lime2D


@pytest.mark.parametrize(
    ("width", "samples", "penalty"), [(0.4, 390, 0.01), (2, 60, 1), (9, 10, 5)]
)
def test_the_line_is_scikit_learns_ridge_regression(width, samples, penalty):
    widget = Lime2D(penalty, point=[0.7, -1.1], width=width, samples=samples, seed=3)
    far = np.hypot(*(widget.drawn - [0.7, -1.1]).T)
    counts = np.exp(-((far / width) ** 2))
    scores = widget.probability(widget.drawn)
    model = Ridge(alpha=penalty).fit(widget.drawn, scores, sample_weight=counts)
    line = widget.line()
    np.testing.assert_allclose(line.weights, model.coef_, atol=1e-9)
    assert line.height == pytest.approx(model.predict([[0.7, -1.1]])[0], abs=1e-9)
    r2 = model.score(widget.drawn, scores, sample_weight=counts)
    assert line.r2 == pytest.approx(r2, abs=1e-9)
    assert 1 <= line.worth <= samples


def test_the_classifier_and_its_slope():
    widget = Lime2D(point=[0.3, 0.9], bend=0.8)
    on_the_boundary = [1.1, 0.8 * np.sin(1.3 * 1.1)]
    assert widget.probability([on_the_boundary])[0] == pytest.approx(0.5)
    h = 1e-6
    steps = np.array([[0.3 + h, 0.9], [0.3 - h, 0.9], [0.3, 0.9 + h], [0.3, 0.9 - h]])
    right, left, up, down = widget.probability(steps)
    expected = np.array([right - left, up - down]) / (2 * h)
    np.testing.assert_allclose(widget.slope(), expected, atol=1e-8)


def test_a_narrow_kernel_without_a_penalty_finds_the_slope():
    widget = Lime2D(0, width=0.45, samples=400)
    errors = []
    for widget.seed in range(8):
        errors.append(widget.line().weights - widget.slope())
    assert np.abs(np.mean(errors, axis=0)).max() < 0.1
    widget.width = 10
    assert np.abs(widget.line().weights - widget.slope()).max() > 0.2


def test_samples_cover_the_plane_and_fewer_are_the_first():
    widget = Lime2D(samples=400, seed=5)
    everything = widget.drawn
    assert np.abs(everything).max() <= 3
    cells = {tuple(cell) for cell in np.floor((everything + 3) / 0.3).astype(int)}
    assert len(cells) == 400
    sent = np.frombuffer(widget._drawn["samples"]).reshape(-1, 2)
    np.testing.assert_array_equal(sent, everything)
    widget.samples = 30
    np.testing.assert_array_equal(widget.drawn, everything[:30])
    widget.set_state({"seed": 6})
    assert not np.array_equal(widget.drawn, everything[:30])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("point", bad) for bad in ([4, 0], [0], None, [np.nan, 0], ["a", 1])),
        *(("width", bad) for bad in (0, 11, "wide", None)),
        *(("samples", bad) for bad in (9, 401, 20.5)),
        *(("seed", bad) for bad in (-1, 1.5)),
        *(("bend", bad) for bad in (-0.1, 2.1)),
    ],
)
def test_what_is_beyond_its_ends_is_refused(name, value):
    widget = Lime2D()
    before = getattr(widget, name)
    with pytest.raises(InvalidValueError, match=name):
        setattr(widget, name, value)
    widget.set_state({name: value if value is not None else "?"})
    assert getattr(widget, name) == before and name in widget.error


def test_other_refusals():
    with pytest.raises(InvalidValueError, match="penalty"):
        Lime2D(-1)
    with pytest.raises(UnknownNameError, match="widht"):
        Lime2D(widht=2)
