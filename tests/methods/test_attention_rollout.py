"""Attention rollout against a vision transformer in NumPy, and what refuses attention."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from oracles.vit import HEADS, vit
from oracles.vit import attention_by_hand as by_hand

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.methods import method

SHAPE = (12, 20, 3)
PIXELS = np.random.default_rng(3).normal(0, 1, SHAPE).astype(np.float32)


def suited(shape: tuple[int, int, int]) -> Any:
    """A network for the methods' contract."""
    model = vit(shape, class_token=True, name="small")
    rows = model.get_layer("head").get_weights()
    model.get_layer("head").set_weights([np.abs(w) for w in rows])
    return model


def paths(maps: list[np.ndarray], end: int) -> np.ndarray:
    """How much a token holds of each: all ways through the blocks, one after the other."""
    here = {end: 1.0}
    for map_ in reversed(maps):
        before: dict[int, float] = {}
        for token, share in here.items():
            for other in range(map_.shape[-1]):
                step = sum(map_[h, token, other] for h in range(HEADS)) / HEADS
                step = (step + (1.0 if other == token else 0.0)) / 2
                before[other] = before.get(other, 0) + share * step
        here = before
    return np.array([here[token] for token in sorted(here)])


@pytest.mark.parametrize(
    ("class_token", "own_length"), [(True, False), (False, False), (True, True), (False, True)]
)
def test_equals_all_ways_through_the_attention_in_numpy(
    class_token: bool, own_length: bool
) -> None:
    model = vit(SHAPE, class_token, own_length=own_length)
    explanation = explain(Network(model), PIXELS, method="attention_rollout", neuron=2)
    maps = by_hand(model, PIXELS)
    tokens = maps[0].shape[-1]
    assert tokens == 12 + class_token  # 3 × 4 patches
    for one, other in zip(explanation.details["attention"], maps, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
    ends = [0] if class_token else range(tokens)
    wanted = np.mean([paths(maps, end) for end in ends], axis=0)
    assert wanted.sum() == pytest.approx(1)
    wanted = wanted[int(class_token) :].reshape(3, 4)
    np.testing.assert_allclose(explanation.attribution[..., 0], wanted, rtol=1e-3, atol=1e-6)
    assert explanation.heatmap().shape == SHAPE[:2]
    read = "reads 1 of 13 tokens" if class_token else "reads 12 of 12 tokens"
    assert read in explanation.notes[0] and "3 × 4 patches" in explanation.notes[0]


def test_of_a_hidden_token_the_blocks_before_it_count() -> None:
    model = vit(SHAPE, class_token=True)
    neuron = Neuron("block1", 3, position=(6,))
    explanation = explain(Network(model), PIXELS, method="attention_rollout", neuron=neuron)
    wanted = paths(by_hand(model, PIXELS)[:2], 6)[1:].reshape(3, 4)
    np.testing.assert_allclose(explanation.attribution[..., 0], wanted, rtol=1e-3, atol=1e-6)


def test_networks_without_attention_or_with_changing_tokens_are_told() -> None:
    layers = keras.layers
    plain = Network(keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(3)]))
    with pytest.raises(UnsuitableError, match=r"needs a network with attention.*grad_cam"):
        explain(plain, PIXELS, method="attention_rollout")
    inputs = keras.Input(SHAPE)
    x = layers.Reshape((12, 6))(layers.Conv2D(6, (4, 5), strides=(4, 5))(inputs))
    few = layers.AveragePooling1D(3)(x)  # keys of fewer tokens, as in PVT and SegFormer
    x = layers.MultiHeadAttention(2, 3)(x, few)
    network = Network(keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x))))
    with pytest.raises(UnsuitableError, match=r"12 × 4 tokens.*grad_cam"):
        explain(network, PIXELS, method="attention_rollout")
    with pytest.raises(UnsuitableError, match=r"attention before the neuron.*saliency"):
        explain(Network(vit(SHAPE, True)), PIXELS, "attention_rollout", neuron=("c2", 1))


@pytest.mark.parametrize("name", ["deep_taylor", "guided_backprop", "deconvnet", "guided_grad_cam"])
def test_rules_for_relus_refuse_attention_in_a_sentence(name: str) -> None:
    network = Network(vit(SHAPE, True))
    with pytest.raises(UnsuitableError, match=r"no rule for attention.*attention_rollout"):
        explain(network, PIXELS, method=name)
    assert method(name).unsuited(network).endswith(".")
    if name != "deep_taylor":
        with pytest.raises(UnsuitableError, match="no rule for attention"):
            explain(network, PIXELS, method="smoothgrad", of=name)


@pytest.mark.parametrize(
    "name", ["saliency", "integrated_gradients", "gradient_input", "grad_cam", "layer_cam"]
)
def test_other_methods_take_tokens(name: str) -> None:
    network = Network(vit(SHAPE, False, own_length=True))
    explanation = explain(network, PIXELS, method=name, neuron=1)
    assert explanation.layer in (None, "block2")
    assert np.isfinite(explanation.attribution).all() and explanation.coverage.complete
