"""One step of the ascent against finite differences of the objective, written in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.colours import find_colours
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.synthesis.ascent import Ascent, Form, StepSettings

RNG = np.random.default_rng(2)
START = RNG.uniform(0.1, 0.9, SHAPE).astype(np.float32)
STILL = StepSettings(0.05, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0)
"""Nothing random in a view, and nothing in the objective."""


def begun(
    network: Network, numbers: StepSettings, neuron: Neuron | None = None, **options: Any
) -> Any:
    colours = find_colours(network.input_shape, network.preprocess, np.zeros(SHAPE, np.float32))
    alpha, beta = options.pop("powers", (6.0, 2.0))
    form = Form(options.pop("waves", False), options.pop("octaves", False), False, alpha, beta)
    options = {"decorrelated": False, "fall": 1.0, "seed": 0, "start": START, **options}
    return Ascent(network, neuron or Neuron(None, 1), colours, form, numbers, **options)


def first_way(ascent: Ascent, share: float = 1.0) -> np.ndarray:
    """The objective's derivative by the numbers, as the first step took it."""
    ascent.step(share)
    return ascent.state.mean.numpy().astype(np.float64)


def squashed(field: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-field))


def penalties(colours: np.ndarray, numbers: StepSettings, alpha: float, beta: float) -> float:
    """|x|^α and TV_β of colours (channels, rows, columns), in grey levels as in the paper."""
    x = 255 * (colours - 0.5)
    lengths = np.sqrt((x**2).sum(0)) / 80
    total = numbers.alpha_weight * (lengths**alpha).mean()
    _, rows, columns = x.shape
    for channel in x * 6.5 / 80:
        for r in range(rows):
            for c in range(columns):
                down = channel[r + 1, c] - channel[r, c] if r + 1 < rows else 0.0
                right = channel[r, c + 1] - channel[r, c] if c + 1 < columns else 0.0
                part = (down**2 + right**2) ** (beta / 2)
                total += numbers.tv_weight * part / (rows * columns)
    return float(total)


def slopes(function: Any, at: np.ndarray, places: list[tuple[int, ...]], by: float) -> np.ndarray:
    differences = []
    for place in places:
        up, down = at.copy(), at.copy()
        up[place] += by
        down[place] -= by
        differences.append((function(up) - function(down)) / (2 * by))
    return np.array(differences)


@pytest.mark.parametrize(
    ("numbers", "powers"),
    [
        (STILL._replace(alpha_weight=1.0), (6.0, 2.0)),
        (STILL._replace(alpha_weight=0.3), (3.0, 2.0)),
        (STILL._replace(tv_weight=1.0), (6.0, 2.0)),
        (STILL._replace(tv_weight=0.2, alpha_weight=0.1), (4.0, 1.2)),
    ],
    ids=["published norm", "other norm", "published variation", "both"],
)
@pytest.mark.parametrize("waves", [False, True], ids=["pixels", "waves"])
def test_penalties_pull_as_finite_differences_say(
    twins: Any, numbers: StepSettings, powers: tuple[float, float], waves: bool
) -> None:
    _, network = twins("fused")
    ascent = begun(network, numbers, waves=waves, powers=powers)
    at = ascent.state.numbers.numpy().astype(np.float64)
    rows, columns, _ = SHAPE
    sizes = ascent._sizes.astype(np.float64)

    def objective(given: np.ndarray) -> float:
        field = given
        if waves:
            field = np.fft.irfft2((given[0] + 1j * given[1]) * sizes, (rows, columns))
        return -rows * columns * penalties(squashed(field), numbers, *powers)

    lead = [(0,), (1,)] if waves else [()]
    places = [(*first, k, r, c) for first in lead for k in range(3) for r, c in ((0, 0), (4, 2))]
    places += [(*first, 2, rows - 1, 3) for first in lead]
    wanted = slopes(objective, at, places, 1e-4)
    assert np.abs(wanted).max() > 1e-3
    way = first_way(ascent)
    np.testing.assert_allclose(
        [way[place] for place in places], wanted, rtol=2e-3, atol=1e-4 * np.abs(wanted).max()
    )


@pytest.mark.parametrize("neuron", [Neuron(None, 2), Neuron("r1", 3, "mean")])
def test_the_activation_pulls_along_its_gradient_at_a_set_size(twins: Any, neuron: Neuron) -> None:
    twin, _ = twins("relu6")
    network = Network(twin.model, lambda p: p[..., ::-1] / 64 - 2)  # else it is saturated
    ascent = begun(network, STILL._replace(pull=30.0), neuron)
    backward = network.backward((START[..., ::-1] * 255 / 64 - 2)[None], neuron)
    derivative = backward.gradients[0][0][..., ::-1].astype(np.float64)
    upward = derivative / np.sqrt((derivative**2).mean())
    wanted = 30 * upward * START * (1 - START)  # through the squashing
    way = first_way(ascent).transpose(1, 2, 0)
    np.testing.assert_allclose(way, wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())
    assert ascent.values[0] == pytest.approx(float(backward.value[0]), rel=1e-4)


def test_a_whole_layer_pulls_by_its_mean_square(twins: Any) -> None:
    _, network = twins("branched")
    colours = find_colours(SHAPE, None, START)
    form = Form(waves=False, octaves=False, layer=True, alpha=6.0, beta=2.0)
    ascent = Ascent(
        network, Neuron("mixed", 0), colours, form, STILL._replace(pull=1.0), False, 1.0, 0, START
    )

    def goal(picture: np.ndarray) -> float:
        maps = network.activations(np.float32(255) * picture.astype(np.float32), "mixed")
        return float(np.square(maps.astype(np.float64)).mean())

    way = first_way(ascent).transpose(1, 2, 0) / (START * (1 - START))
    assert ascent.values[0] == pytest.approx(goal(START), rel=1e-4)
    places = [(0, 0, 0), (4, 3, 1), (8, 6, 2), (5, 1, 0)]
    wanted = slopes(goal, START.astype(np.float64), places, 3e-3)
    taken = np.array([way[place] for place in places])
    scale = (wanted @ taken) / (taken @ taken)
    assert scale > 0
    np.testing.assert_allclose(scale * taken, wanted, atol=0.03 * np.abs(wanted).max())


def test_steps_are_adam_s(twins: Any) -> None:
    """The state after three steps, from the derivatives alone (Kingma & Ba 2015, algorithm 1)."""
    _, network = twins("fused")
    numbers = STILL._replace(rate=0.3, alpha_weight=1.0, pull=1.0)
    ascent = begun(network, numbers)
    theta = ascent.state.numbers.numpy().astype(np.float64)
    m, v, previous = np.zeros_like(theta), np.zeros_like(theta), np.zeros_like(theta)
    for t in (1, 2, 3):
        ascent.step()
        g = ascent.state.mean.numpy() - 0.9 * previous
        previous = ascent.state.mean.numpy().astype(np.float64)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        theta = theta + 0.3 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    np.testing.assert_allclose(ascent.state.numbers.numpy(), theta, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("waves", [False, True])
def test_an_octave_leaves_fine_waves_out(twins: Any, waves: bool) -> None:
    _, network = twins("fused")
    ascent = begun(network, STILL._replace(pull=5.0), waves=waves, octaves=True, start=None)
    for _ in range(5):
        ascent.step(0.5)
    picture = ascent.picture(ascent.state, 0.5).transpose(2, 0, 1)
    power = np.abs(np.fft.rfft2(np.log(picture / (1 - picture))))
    r, c = np.meshgrid(np.fft.fftfreq(9), np.fft.rfftfreq(7), indexing="ij")
    fine = np.hypot(r, c) > 0.25
    assert power[:, fine].max() < 1e-4 * power.max()
    assert (power[:, ~fine] > 1e-3 * power.max()).mean() > 0.9


def test_derivatives_that_overflow_leave_a_finite_picture() -> None:
    import keras

    model = keras.Sequential(
        [keras.Input(SHAPE), keras.layers.Conv2D(2, 3), keras.layers.GlobalAveragePooling2D()]
    )
    for scale in (1e36, 1e-36):
        model.set_weights([np.full(w.shape, scale) for w in model.get_weights()])
        ascent = begun(Network(model), STILL._replace(pull=1.0))
        for _ in range(3):
            ascent.step()
        assert np.isfinite(ascent.picture(ascent.state)).all()
