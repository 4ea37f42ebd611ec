"""Model randomisation: methods that must score 1 and 0, the cascade, and the caller's model."""

from __future__ import annotations

import random
import re
import threading
from typing import Any

import keras
import numpy as np
import pytest
from toys import Fixed, Noise, convolutional

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.variants.randomization import Cascade, copied, seeded
from cnnvis_widgets.errors import InvalidValueError, UnsuitableError
from cnnvis_widgets.study import metric
from cnnvis_widgets.study.bound_method import BoundMethod
from cnnvis_widgets.study.contract import Case, Maps
from cnnvis_widgets.study.metrics.randomisation import similarities, stages

METRIC = metric("randomisation")
RNG = np.random.default_rng(8)
PICTURE = RNG.integers(0, 256, (12, 10, 3), dtype=np.uint8)
MAP = RNG.normal(size=(12, 10))


@pytest.fixture(scope="module")
def network() -> Network:
    return convolutional()


def case(network: Any, explain: Any, **options: Any) -> Case:
    heatmap = explain(network, PICTURE, Neuron(None, 1), 0).heatmap
    return Case(
        heatmap, network=network, image=PICTURE, neuron=Neuron(None, 1), explain=explain, **options
    )


def test_a_method_that_does_not_look_at_the_network_scores_1(network: Network) -> None:
    score = METRIC.measure(case(network, Fixed(MAP)))
    assert score.value == 1
    for measure in ("spearman_signed", "ssim"):
        assert METRIC.measure(case(network, Fixed(MAP)), measure=measure).value == pytest.approx(1)
    assert score.details["layers"] == ["head", "c2", "c1"]


def test_a_method_of_nothing_but_the_weights_scores_0(network: Network) -> None:
    shape = (60, 50)  # large, so that chance correlations are small
    score = METRIC.measure(case(network, Noise(shape, of_weights=True)))
    assert score.value == pytest.approx(0, abs=0.05)
    assert score.details["spearman_signed"] == pytest.approx([0, 0, 0], abs=0.06)


def test_a_map_that_turns_its_sign_scores_minus_1_if_signs_are_looked_at(network: Network) -> None:
    def turning(net: Any, image: Any, neuron: Any, seed: int, layer: Any = None) -> Maps:
        heatmap = MAP if net is network else -MAP
        return Maps(heatmap, heatmap[..., None])

    signed = METRIC.measure(case(network, turning), measure="spearman_signed")
    assert signed.value == -1
    assert METRIC.measure(case(network, turning)).value == 1  # the absolute values are the same


def test_stages_whose_map_is_zero_are_left_out_and_told(network: Network) -> None:
    def shy(net: Any, image: Any, neuron: Any, seed: int, layer: Any = None) -> Maps:
        """Shows nothing where the neuron is below zero, and else always the same."""
        head = net.model.get_layer("head").get_weights()
        same = all((h == t).all() for h, t in zip(head, trained, strict=True))
        return Maps(MAP * (same or always), MAP[..., None] * (same or always))

    trained, always = network.model.get_layer("head").get_weights(), False
    score = METRIC.measure(case(network, shy))  # its head is random from the first stage on
    assert score.value is None
    assert score.details["spearman_absolute"] == [None] * 3
    always = True
    assert METRIC.measure(case(network, shy)).value == 1

    def once(net: Any, image: Any, neuron: Any, seed: int, layer: Any = None) -> Maps:
        c1 = net.model.get_layer("c1").get_weights()[0]
        seen = (c1 == network.model.get_layer("c1").get_weights()[0]).all()
        return Maps(MAP * seen, MAP[..., None] * seen)

    score = METRIC.measure(case(network, once))
    assert score.value == 1
    assert score.note.startswith("1 of 3 stages left out")


def test_a_constant_map_has_no_order_in_common() -> None:
    zeros, some = (Maps(m, m[..., None]) for m in (np.zeros((9, 8)), RNG.random((9, 8))))
    assert similarities(some, zeros)["spearman_absolute"] == 0
    assert set(similarities(zeros, zeros).values()) == {None}


def test_stages_go_from_one_layer_to_all() -> None:
    assert stages(52, 6) == [1, 11, 21, 32, 42, 52]
    assert stages(3, 6) == [1, 2, 3]
    assert stages(9, 1) == [9]


def state(network: Network) -> list[bytes]:
    return [w.tobytes() for w in network.model.get_weights()]


def test_the_cascade_goes_down_and_back_and_leaves_the_original_alone(network: Network) -> None:
    before, nodes = state(network), [len(x._inbound_nodes) for x in network.model.layers]
    cascade = Cascade(network, seed=4)
    assert cascade.layers == ("head", "c2", "c1")
    assert state(cascade.network) == before
    for count in (1, 2, 3, 1, 0):
        cascade.randomise(count)
        changed = {
            layer.name
            for layer, mine in zip(network.model.layers, cascade.network.model.layers, strict=True)
            if layer.weights and layer.get_weights()[0].tobytes() != mine.get_weights()[0].tobytes()
        }
        assert changed == set(cascade.layers[:count])
        kernels = [w for w in cascade.network.model.get_weights() if w.ndim > 1]
        assert all(w.std() > 0.01 for w in kernels)
    assert state(network) == before
    assert [len(x._inbound_nodes) for x in network.model.layers] == nodes
    other = Cascade(network, seed=4)
    for c in (cascade, other):
        c.randomise(3)
    assert state(cascade.network) == state(other.network)  # the seed decides
    for count in (-1, 4):
        with pytest.raises(InvalidValueError, match=f"0 to 3; got {count}"):
            cascade.randomise(count)


def test_the_seed_decides_while_other_threads_draw_random_numbers() -> None:
    model = convolutional().model
    stop = threading.Event()

    def draw() -> None:
        while not stop.is_set():
            random.random()

    others = [threading.Thread(target=draw) for _ in range(3)]
    for thread in others:
        thread.start()
    try:
        made = [
            seeded(lambda: keras.models.clone_model(model), seed).get_weights()
            for seed in (6, 6, 6, 7)
        ]
    finally:
        stop.set()
        for thread in others:
            thread.join()
    first, second, third, other = ([w for w in weights if w.ndim > 1] for weights in made)
    for a, b, c, d in zip(first, second, third, other, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)
        assert (a != d).any()


def test_shuffled_weights_are_the_same_numbers(network: Network) -> None:
    cascade = Cascade(network, how="shuffle")
    cascade.randomise(3)
    for old, new in zip(
        network.model.get_weights(), cascade.network.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(np.sort(old, None), np.sort(new, None))
        assert (old != new).any()
    with pytest.raises(InvalidValueError, match="initialise, shuffle"):
        Cascade(network, how="zero")


def test_compiled_functions_follow_the_copys_weights(network: Network) -> None:
    cascade = Cascade(network, seed=1)
    saliency = BoundMethod("saliency")
    before = saliency(network, PICTURE, Neuron(None, 1), 0)
    assert similarities(before, saliency(cascade.network, PICTURE, Neuron(None, 1), 0)) == (
        pytest.approx({"spearman_absolute": 1, "spearman_signed": 1, "ssim": 1})
    )
    cascade.randomise(3)
    after = saliency(cascade.network, PICTURE, Neuron(None, 1), 0)
    assert abs(similarities(before, after)["spearman_signed"]) < 0.5
    fresh = Network(cascade.network.model, network.preprocess)
    np.testing.assert_allclose(
        saliency(fresh, PICTURE, Neuron(None, 1), 0).attribution, after.attribution, rtol=1e-5
    )


def test_one_copy_serves_all_cases(network: Network) -> None:
    kept: dict[Any, Any] = {}
    first = METRIC.measure(case(network, BoundMethod("saliency"), cache=kept))
    (copy,) = kept.values()
    assert copy.randomised == 0
    second = METRIC.measure(case(network, BoundMethod("saliency"), cache=kept))
    assert list(kept.values()) == [copy]
    assert second == first
    assert -1 <= first.value < 1


@pytest.mark.parametrize("name", ["relu6", "nested_twice", "sequences", "shared", "residual"])
def test_every_form_of_model_is_copied(twins: Any, name: str) -> None:
    _, network = twins(name)
    cascade = Cascade(network)
    assert not {id(v) for v in network.model.variables} & {
        id(v) for v in cascade.network.model.variables
    }
    order = [info.name for info in network.layers]
    places = [order.index(layer) for layer in cascade.layers]
    assert places == sorted(places, reverse=True)
    assert cascade.layers[0] == order[-1]
    weighted = {
        re.sub(r"#\d+", "", info.name)
        for info in network.layers
        if "Conv" in info.kind or info.kind in ("Dense", "BatchNormalization")
    }
    assert sorted(re.sub(r"#\d+", "", layer) for layer in cascade.layers) == sorted(weighted)
    cascade.randomise(len(cascade.layers))
    fresh = np.concatenate([w.ravel() for w in cascade.network.model.get_weights()])
    trained = np.concatenate([w.ravel() for w in network.model.get_weights()])
    assert np.mean(fresh != trained) > 0.9


def subclassed(describes_itself: bool) -> Any:
    import keras

    class Own(keras.Model):
        def __init__(self, scale: Any) -> None:
            super().__init__(name="own")
            self.scale = scale
            self.conv = keras.layers.Conv2D(4, 3, activation="relu")
            self.dense = keras.layers.Dense(3)

        def call(self, inputs: Any) -> Any:
            return self.dense(keras.ops.mean(self.conv(inputs) * self.scale, axis=(1, 2)))

        if describes_itself:

            def get_config(self) -> dict[str, Any]:
                return {"scale": self.scale}

            @classmethod
            def from_config(cls, config: dict[str, Any]) -> Any:
                return cls(**config)

    model = Own(2.5)
    model(np.zeros((1, 12, 10, 3), np.float32))
    return model, lambda: Own(2.5), lambda: Own(1.0)


def test_a_subclassed_model_that_describes_itself_is_copied() -> None:
    model, _, _ = subclassed(True)
    names = (model.dense.name, model.conv.name)
    assert Cascade(Network(model)).layers == names


def test_one_that_does_not_needs_build_and_says_so() -> None:
    model, build, other = subclassed(False)
    network = Network(model)
    with pytest.raises(UnsuitableError, match=r"Own cannot be built again.*get_config.*build="):
        Cascade(network)
    assert Cascade(network, build=build).layers == (model.dense.name, model.conv.name)
    with pytest.raises(UnsuitableError, match="answers differently"):
        copied(network, other)
    with pytest.raises(UnsuitableError, match="other weights than the original"):
        copied(network, lambda: convolutional().model)
