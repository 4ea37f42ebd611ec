"""A network that forgets: what is kept of it, on one whose answers are known."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from scipy.stats import rankdata

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.study.cascading_randomization import forgetting


@pytest.fixture(scope="module")
def network() -> Network:
    keras.utils.set_random_seed(3)
    inputs = keras.Input((12, 10, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu", name="conv", bias_initializer="ones")(inputs)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(3, activation="softmax", name="top")(x)
    return Network(keras.Model(inputs, x))


def test_one_stage_for_each_layer_and_the_first_is_the_network_itself(network: Network) -> None:
    image = np.random.default_rng(0).integers(0, 255, (12, 10, 3)).astype(np.float32) / 255
    before = [w.copy() for w in network.model.get_weights()]
    stages = forgetting(network, image, ["saliency", "grad_cam"], unit=1, seed=5)
    assert stages.layers == ("top", "conv")
    assert len(stages.scores) == len(stages.heatmaps["saliency"]) == 3
    for values in (stages.alike, stages.alike_signed):
        assert values["saliency"][0] == pytest.approx(1)
    assert stages.scores[0] == pytest.approx(float(network.outputs(image[None])[1][0][1]), abs=1e-6)
    for old, new in zip(before, network.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_correlation_is_that_of_the_ranks(network: Network) -> None:
    """Again from the copies themselves, by NumPy's correlation of ranks, within 1e-6."""
    from cnnvis_widgets.backend.variants.randomization import Cascade
    from cnnvis_widgets.engine.explain import explain

    image = np.random.default_rng(1).integers(0, 255, (12, 10, 3)).astype(np.float32) / 255
    stages = forgetting(network, image, ["saliency"], unit=2, seed=5)
    copy = Cascade(network, 5)
    copy.randomise(2)
    raw = [explain(n, image, "saliency", neuron=2).attribution for n in (network, copy.network)]
    sums = [rankdata(values.sum(axis=2)) for values in raw]
    sizes = [rankdata(np.abs(values).sum(axis=2)) for values in raw]
    assert stages.alike_signed["saliency"][2] == pytest.approx(
        np.corrcoef(sums[0].ravel(), sums[1].ravel())[0, 1], abs=1e-6
    )
    assert stages.alike["saliency"][2] == pytest.approx(
        np.corrcoef(sizes[0].ravel(), sizes[1].ravel())[0, 1], abs=1e-6
    )
