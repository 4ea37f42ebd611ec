"""SmoothGrad: the same noise drawn in the test, one copy at a time on the NumPy tape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import Cancelled
from cnnvis_widgets.methods import all_methods, batches
from cnnvis_widgets.methods.saliency import Saliency
from cnnvis_widgets.methods.smoothgrad import OF

PICTURE = np.random.default_rng(8).normal(0, 1.5, SHAPE).astype(np.float32)


def _copies(samples: int, noise: float, seed: int) -> np.ndarray:
    sigma = noise * (PICTURE.max() - PICTURE.min())
    draws = np.random.default_rng(seed).standard_normal((samples, *SHAPE), np.float32)
    return PICTURE + sigma * draws


@pytest.mark.parametrize(
    ("of", "rule"),
    [("saliency", "gradient"), ("guided_backprop", "guided"), ("deconvnet", "deconvnet")],
)
def test_equals_the_mean_on_the_tape(twins: Any, of: str, rule: str) -> None:
    twin, network = twins("relu6")
    expected = np.zeros(SHAPE)
    for copy in _copies(6, 0.4, seed=3):
        tape = twin.tape(copy[None])
        _, seed = tape.neuron("n3", 2)
        expected += tape.gradient(seed, rule, "n3", None)[0][0] / 6
    explanation = explain(
        network, PICTURE, "smoothgrad", Neuron("n3", 2), seed=3, samples=6, noise=0.4, of=of
    )
    scale = np.abs(expected).max()
    np.testing.assert_allclose(explanation.attribution, expected, rtol=1e-3, atol=1e-4 * scale)
    np.testing.assert_allclose(explanation.heatmap(), np.abs(explanation.attribution).max(-1))
    value, _ = twin.tape(PICTURE[None]).neuron("n3", 2)
    assert explanation.value == pytest.approx(value[0], rel=1e-4)


@pytest.mark.parametrize("of", ["guided_grad_cam", "integrated_gradients"])
def test_wraps_methods_of_several_passes(twins: Any, of: str) -> None:
    _, network = twins("branched")
    one_by_one = [explain(network, copy, of, 0).attribution for copy in _copies(4, 0.2, seed=1)]
    explanation = explain(network, PICTURE, "smoothgrad", 0, seed=1, samples=4, noise=0.2, of=of)
    expected = np.mean(one_by_one, axis=0)
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(explanation.attribution, expected, rtol=1e-3, atol=1e-5)


def test_every_gradient_method_of_the_inputs_size_can_be_wrapped() -> None:
    rules = {name for name, method in all_methods().items() if isinstance(method, Saliency)}
    assert rules | {"integrated_gradients"} == set(OF.choices)


def test_without_noise_it_is_the_gradient(twins: Any) -> None:
    _, network = twins("residual")
    plain = explain(network, PICTURE, "saliency", 1).attribution
    smooth = explain(network, PICTURE, "smoothgrad", 1, noise=0, samples=3).attribution
    np.testing.assert_allclose(smooth, plain, rtol=1e-4, atol=1e-6 * np.abs(plain).max())


def test_the_seed_decides_and_the_batches_do_not(twins: Any, monkeypatch: Any) -> None:
    _, network = twins("residual")

    def run(seed: int) -> np.ndarray:
        return explain(network, PICTURE, "smoothgrad", 1, seed=seed, samples=11).attribution

    first = run(4)
    np.testing.assert_array_equal(run(4), first)
    scale = np.abs(first).max()
    assert np.abs(run(5) - first).max() > 0.01 * scale
    monkeypatch.setattr(batches, "LARGEST", 3)
    np.testing.assert_allclose(run(4), first, rtol=1e-4, atol=1e-5 * scale)


def test_the_most_probable_class_is_that_of_the_clean_picture(twins: Any) -> None:
    _, network = twins("shared")
    rng = np.random.default_rng(3)
    wild = {"samples": 8, "noise": 1.0}
    for picture in rng.normal(0, 1.5, (20, *SHAPE)).astype(np.float32):
        copies = picture + np.ptp(picture) * np.random.default_rng(0).standard_normal(
            (8, *SHAPE), np.float32
        )
        clean, *noisy = network.outputs(np.concatenate([picture[None], copies]))[0].argmax(1)
        if noisy[0] != clean:  # the first copy would have been taken for another class
            explanation = explain(network, picture, "smoothgrad", **wild)
            assert explanation.neuron == Neuron(None, int(clean))
            return
    pytest.fail("no picture whose noisy copy changes its class: the test cannot tell")


@pytest.mark.parametrize("of", ["saliency", "integrated_gradients"])
def test_can_be_stopped_between_steps(twins: Any, of: str) -> None:
    _, network = twins("residual")
    seen: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        seen.append((done, total))
        if len(seen) == 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        explain(network, PICTURE, "smoothgrad", 1, samples=500, of=of, progress=stop)
    assert seen[0] == (0, 500) and seen[1][0] < 500


def test_notes_say_how_much_noise(twins: Any) -> None:
    _, network = twins("residual")
    explanation = explain(network, PICTURE, "smoothgrad", 1, samples=2, noise=0.25)
    sigma = 0.25 * float(PICTURE.max() - PICTURE.min())
    assert f"standard deviation {sigma:.3g} (25% of the input's range" in explanation.notes[0]
