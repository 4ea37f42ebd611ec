"""The thesis' five, with random weights and with weights out of a folder. One at a time: VGG-16's
file alone has 550 MB, so each is written, read and deleted before the next."""

from __future__ import annotations

import gc
import importlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

import cnnvis_widgets as cnnvis
from cnnvis_widgets.zoo.loading import architectures

# a hidden neuron's layer in each; low down, where graphs are small
FIVE = {
    "vgg16": "block2_conv2",
    "inception_v3": "mixed0",
    "xception": "block3_sepconv1",
    "resnet50": "conv2_block2_out",
    "mobilenet_v2": "block_3_expand_relu",
}
METHODS = ("saliency", "deconvnet", "guided_backprop", "grad_cam", "guided_grad_cam")
RULES = ("saliency", "deconvnet", "guided_backprop")  # one for each rule of the ReLUs
ALL_OF_HIDDEN = {"vgg16", "mobilenet_v2"}  # tracing takes long on the others


@pytest.fixture(scope="module", autouse=True)
def unoptimised() -> Iterator[None]:
    """Fifty graphs run once or twice each: optimising them took a third of the time."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.fixture(scope="module", params=FIVE, ids=list(FIVE))
def loaded(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """A network with random weights, and the same out of the published file's name in a folder."""
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    file = architectures()[name].file
    assert file is not None
    random = cnnvis.load_network(name, weights="random", seed=11)
    _settle(random.model)
    path = folder / file.name
    _write_as_published(random.model, path)
    try:
        network = cnnvis.load_network(name, weights=folder)
    finally:
        path.unlink()
    yield random, network
    del random, network
    keras.backend.clear_session()
    gc.collect()


def _settle(model: keras.Model) -> None:
    """Statistics as after some training: all four of a layer different, so that none can be taken
    for another, and a variance below one, so that the signal does not fade on its way."""
    rng = np.random.default_rng(4)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.moving_mean.shape
            if layer.gamma is not None:
                layer.gamma.assign(rng.uniform(0.9, 1.1, shape))
            layer.beta.assign(rng.normal(0, 0.1, shape))
            layer.moving_mean.assign(rng.normal(0, 0.1, shape))
            layer.moving_variance.assign(rng.uniform(0.2, 0.6, shape))


def _write_as_published(model: keras.Model, path: Path) -> None:
    """The layout of 2017, which Keras reads but no longer writes: a group for each layer, its
    arrays listed by name in the order of `layer.weights`."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(layer.name)
            trainable = [*layer.trainable_weights, *layer.non_trainable_weights]
            names = [f"{layer.name}/{w.name}:0" for w in trainable]
            group.attrs["weight_names"] = [n.encode() for n in names]
            for name, weight in zip(names, trainable, strict=True):
                group.create_dataset(name, data=np.asarray(weight))


@pytest.mark.parametrize("name", FIVE)
def test_preprocessing_is_keras_own(name: str) -> None:
    architecture = architectures()[name]
    module = importlib.import_module(f"keras.applications.{name}")
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (20, 30, 3)).astype(np.float32)
    before = pixels.copy()
    prepared = architecture.preprocess(pixels)
    assert prepared.dtype == np.float32
    np.testing.assert_allclose(prepared, module.preprocess_input(pixels.copy()), atol=1e-5)
    np.testing.assert_array_equal(pixels, before)


def test_the_file_gives_the_network_that_was_written(loaded: Any) -> None:
    random, network = loaded
    batch = network.prepare(cnnvis.load_image("cat")).input[None]
    logits, scores = network.outputs(batch)
    last = random.model.layers[-1]
    features = np.asarray(keras.Model(random.model.input, last.input)(batch, training=False))
    expected = features @ np.asarray(last.kernel) + np.asarray(
        last.bias
    )  # the dense layer, by hand
    assert expected.shape == (1, 1000)
    spread = np.ptp(expected)
    assert spread > 1e-3
    np.testing.assert_allclose(logits, expected, atol=1e-4 * spread)
    powers = np.exp(expected - expected.max())
    np.testing.assert_allclose(scores, powers / powers.sum(), atol=1e-5)
    assert random.trained_on == "random weights"
    assert "random" in random.name
    assert network.trained_on.startswith("weights of your own file ")
    assert "random" not in network.name


def test_facts_are_those_of_the_model(loaded: Any) -> None:
    _, network = loaded
    architecture = next(a for a in architectures().values() if a.title == network.name)
    assert network.model.count_params() == architecture.parameters
    assert network.model.input_shape == (None, *architecture.input_shape)
    assert network.input_shape == architecture.input_shape
    assert network.units == 1000
    assert network.label(285) == "Egyptian cat"
    assert network.structure.output_kind == "softmax"
    names = [info.name for info in network.layers]
    assert FIVE[architecture.name] in names
    weighted = {w.name for w in network.model.layers if w.weights}
    assert weighted <= set(names)  # every layer that holds weights can be chosen
    best = network.predict(cnnvis.load_image("cat"))
    assert len(best) == 5
    assert all(a.logit >= b.logit for a, b in itertools.pairwise(best))


@pytest.mark.parametrize("hidden", [False, True], ids=["class", "hidden"])
def test_every_method_on_a_class_and_on_a_hidden_neuron(loaded: Any, hidden: bool) -> None:
    _, network = loaded
    architecture = next(a for a in architectures().values() if a.title == network.name)
    rows, columns, _ = network.input_shape
    image = cnnvis.load_image("cat")
    neuron: Any = 285
    methods = METHODS
    if hidden:
        methods = METHODS if architecture.name in ALL_OF_HIDDEN else RULES
        layer = FIVE[architecture.name]
        neuron = cnnvis.Neuron(layer, network.most_active(image, layer, top=1)[0].unit)
    results = {}
    for method in methods:
        result = cnnvis.explain(network, image, method, neuron, seed=5)
        attribution, heatmap = result.attribution, result.heatmap()
        assert attribution.dtype == np.float32
        assert np.isfinite(attribution).all()
        assert heatmap.shape == (rows, columns)
        assert np.isfinite(heatmap).all()
        if method == "grad_cam":
            assert attribution.ndim == 3
            assert attribution.shape[2] == 1
            assert 1 < attribution.shape[0] < rows
            assert (attribution >= 0).all()
        else:
            assert attribution.shape == (rows, columns, 3)
        assert result.coverage.complete
        results[method] = attribution
    value = cnnvis.explain(network, image, "saliency", neuron).value
    assert np.isfinite(value)
    assert results["saliency"].any()
    # every one of these networks has ReLUs that are shut, so the three rules must part
    assert not np.allclose(results["saliency"], results["guided_backprop"], rtol=1e-3, atol=0)
    assert not np.allclose(results["deconvnet"], results["guided_backprop"], rtol=1e-3, atol=0)


def test_deep_taylor_hands_all_of_it_down(loaded: Any) -> None:
    _, network = loaded
    architecture = next(a for a in architectures().values() if a.title == network.name)
    image = cnnvis.load_image("coffee")
    layer = FIVE[architecture.name]
    best = network.predict(image, top=1)[0].unit
    hidden = cnnvis.Neuron(layer, network.most_active(image, layer, top=1)[0].unit)
    for neuron in (best, hidden):
        result = cnnvis.explain(network, image, "deep_taylor", neuron)
        assert result.value > 0
        assert result.attribution.sum(dtype=np.float64) == pytest.approx(result.value, rel=1e-3)
        assert result.attribution.min() >= 0
        assert result.coverage.complete, str(result.coverage)
        sums = result.details["relevance"]
        first = next(iter(sums))  # the lowest layer: all relevance passes it
        assert sums[first] == pytest.approx(result.value, rel=1e-3)
        assert max(sums.values()) <= 1.001 * result.value
