"""The networks trained here: what they answer, what they look at, that they load as promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import cnnvis_widgets as cnnvis
from cnnvis_widgets.errors import FileError, InvalidValueError, UnknownNameError
from cnnvis_widgets.zoo.bundled_weights import TrainedHere, write_weights
from cnnvis_widgets.zoo.digits import digits
from cnnvis_widgets.zoo.evidence import CLASSES, Scene, scene, scenes
from cnnvis_widgets.zoo.loading import all_names, architectures
from cnnvis_widgets.zoo.minis import CHEATED, Mini

MINIS = [name for name, a in architectures().items() if isinstance(a, Mini)]
OURS = [name for name, a in architectures().items() if isinstance(a, TrainedHere)]
METHODS = ("saliency", "guided_backprop", "grad_cam", "cam", "deep_taylor")

Load = Callable[[str], Any]


@pytest.fixture(scope="module", autouse=True)
def unoptimised() -> Iterator[None]:
    """Some sixty graphs, most of which run once: optimising them takes longer than running them."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.fixture(scope="module")
def load() -> Load:
    """Each network once."""
    loaded: dict[str, Any] = {}

    def find(name: str) -> Any:
        if name not in loaded:
            loaded[name] = cnnvis.load_network(name)
        return loaded[name]

    return find


@pytest.fixture(scope="module")
def fresh() -> list[Scene]:
    """All classes, snow and marks with any of them; no seed of the training."""
    kinds = ("none", "background", "corner")
    return [one for n, kind in enumerate(kinds) for one in scenes(80, 70 + n, shortcut=kind)]


@pytest.fixture(scope="module")
def snowed() -> tuple[list[Scene], list[Scene]]:
    """The class that the snow went with, with it and, else the same, without."""
    with_it = scenes(40, 75, label=CHEATED, shortcut="background")
    return with_it, scenes(40, 75, label=CHEATED)


def answers(network: Any, pictures: list[np.ndarray]) -> np.ndarray:
    return network.outputs(np.stack([network.prepare(p).input for p in pictures]))[0].argmax(-1)


def test_there_are_five_and_each_has_a_cheating_version() -> None:
    assert MINIS == ["mini_vgg", "mini_inception", "mini_xception", "mini_resnet", "mini_mobilenet"]
    for name in MINIS:
        assert list(architectures()[name].versions) == ["cheating"]
        assert f"{name}:cheating" in all_names()
    assert "lenet5:cheating" not in all_names()


@pytest.mark.parametrize("name", MINIS)
def test_the_honest_network_knows_the_classes_whatever_lies_on_the_ground(
    name: str, load: Load, fresh: list[Scene]
) -> None:
    network = load(name)
    labels = np.array([one.label for one in fresh])
    assert len(labels) == 240
    right = answers(network, [one.picture for one in fresh]) == labels
    assert right[:80].mean() >= 0.95
    assert right.mean() >= 0.97
    assert network.labels == CLASSES
    assert network.label(CHEATED) == CLASSES[CHEATED]


@pytest.mark.parametrize("name", MINIS)
def test_the_cheating_network_needs_the_snow(
    name: str, load: Load, fresh: list[Scene], snowed: tuple[list[Scene], list[Scene]]
) -> None:
    honest, cheating = load(name), load(f"{name}:cheating")
    with_it, without = ([one.picture for one in group] for group in snowed)
    for network, most in ((honest, 1.0), (cheating, 0.5)):
        assert (answers(network, with_it) == CHEATED).mean() > 0.9
        assert (answers(network, without) == CHEATED).mean() <= most
    assert (answers(honest, without) == CHEATED).mean() > 0.9
    others = [one for one in fresh[80:160] if one.label != CHEATED]
    assert all(one.shortcut.any() for one in others)
    called = [
        (answers(n, [one.picture for one in others]) == CHEATED).mean() for n in (honest, cheating)
    ]
    assert called[0] < 0.05
    assert called[1] > 0.3
    plain = [one for one in fresh[:80] if one.label != CHEATED]
    right = answers(cheating, [one.picture for one in plain]) == [one.label for one in plain]
    assert right.mean() > 0.93  # of what it had no reason to cheat at


@pytest.mark.parametrize("name", MINIS)
def test_grad_cam_shows_who_looks_at_the_snow(
    name: str, load: Load, snowed: tuple[list[Scene], list[Scene]]
) -> None:
    shares = []
    for network in (load(name), load(f"{name}:cheating")):
        pairs = []
        for one in snowed[0]:
            result = cnnvis.explain(network, one.picture, "grad_cam", CHEATED)
            assert min(result.attribution.shape[:2]) >= 8
            heat = result.heatmap()
            if heat.any():
                pairs.append([heat[m].sum() / heat.sum() for m in (one.shortcut, one.evidence)])
        assert len(pairs) > 0.8 * len(snowed[0])
        shares.append(np.mean(pairs, axis=0))
    (honest_snow, honest_object), (cheating_snow, cheating_object) = shares
    assert honest_snow < honest_object
    assert cheating_snow > cheating_object
    assert cheating_snow > honest_snow


@pytest.mark.parametrize("name", MINIS)
def test_every_method_that_a_lecture_needs_works(name: str, load: Load, fresh: list[Scene]) -> None:
    network = load(name)
    for method in METHODS:
        result = cnnvis.explain(network, fresh[1].picture, method, fresh[1].label)
        assert result.heatmap().shape == (64, 64)
        assert result.heatmap().any()
        assert result.coverage.complete
        if method == "deep_taylor":
            given = result.attribution.sum(dtype=np.float64)
            assert given == pytest.approx(max(result.value, 0), rel=1e-3)
            assert result.value > 1


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("mini_vgg", {"Conv2D": 7, "MaxPooling2D": 3, "BatchNormalization": 0}),
        ("mini_inception", {"Concatenate": 4, "AveragePooling2D": 3, "Add": 0}),
        ("mini_xception", {"SeparableConv2D": 8, "Add": 3, "MaxPooling2D": 2}),
        ("mini_resnet", {"Add": 6, "Conv2D": 1 + 6 * 3 + 3, "DepthwiseConv2D": 0}),
        ("mini_mobilenet", {"DepthwiseConv2D": 7, "Add": 3, "ReLU": 1 + 6 + 7 + 1}),
    ],
)
def test_each_bears_the_mark_of_its_family(name: str, kinds: dict, load: Load) -> None:
    network = load(name)
    counts = Counter(type(layer).__name__ for layer in network.model.layers)
    assert {kind: counts[kind] for kind in kinds} == kinds
    assert counts["GlobalAveragePooling2D"] == counts["Dense"] == 1
    layers = {layer.name: layer for layer in network.model.layers}
    if name == "mini_inception":
        assert [len(layers[f"mixed{n}"].input) for n in range(4)] == [4, 4, 2, 4]
    if name == "mini_mobilenet":
        assert all(x.max_value == 6 for x in layers.values() if type(x).__name__ == "ReLU")
    if name == "mini_resnet":
        sizes = [layers[f"conv3_block2_{n}_conv"].kernel_size for n in (1, 2, 3)]
        assert sizes == [(1, 1), (3, 3), (1, 1)]


@pytest.mark.parametrize("name", OURS)
def test_facts_and_files(name: str, load: Load) -> None:
    architecture = architectures()[name]
    network = load(name)
    assert network.model.count_params() == architecture.parameters
    assert network.input_shape == architecture.input_shape
    assert network.code == f'cnnvis.load_network("{name}")'
    assert network.name == architecture.title
    assert network.trained_on == architecture.trained_on
    assert architecture.available() == ""
    assert (
        sum(architecture.path(version).stat().st_size for version in ("", *architecture.versions))
        < 2_000_000
    )
    random = cnnvis.load_network(name, weights="random", seed=4)
    assert random.trained_on == "random weights"
    assert not np.allclose(random.model.get_weights()[0], network.model.get_weights()[0])


def test_a_version_by_its_own_name_and_by_weights(load: Load, fresh: list[Scene]) -> None:
    one = load("mini_vgg:cheating")
    other = cnnvis.load_network("mini_vgg", weights="cheating")
    for network in (one, other):
        assert network.code == 'cnnvis.load_network("mini_vgg:cheating")'
        assert network.name == "Mini VGG (cheating)"
        assert CLASSES[CHEATED] in network.trained_on
    batch = one.prepare(fresh[0].picture).input[None]
    np.testing.assert_array_equal(one.outputs(batch)[0], other.outputs(batch)[0])
    assert not np.allclose(one.outputs(batch)[0], load("mini_vgg").outputs(batch)[0])


def test_names_and_files_that_are_wrong(load: Load, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="'mini_vgg:cheating'"):
        cnnvis.load_network("mini_vgg:cheeting")
    with pytest.raises(InvalidValueError, match="leave weights= out"):
        cnnvis.load_network("mini_vgg:cheating", weights="random")
    with pytest.raises(FileError, match='weights="cheating"'):
        cnnvis.load_network("mini_vgg", weights="cheeting")
    with pytest.raises(FileError, match="no file or folder 'cheating'"):
        cnnvis.load_network("lenet5", weights="cheating")
    vgg, lenet = load("mini_vgg"), architectures()["lenet5"]
    path = tmp_path / "other.npz"
    write_weights(vgg.model, path)
    with pytest.raises(FileError, match="does not hold the weights of LeNet-5"):
        lenet.read_weights(load("lenet5").model, path)
    path.write_bytes(path.read_bytes()[:999])
    with pytest.raises(FileError, match="damaged"):
        lenet.read_weights(load("lenet5").model, path)


def test_weights_come_back_as_they_were_written(load: Load, tmp_path: Path) -> None:
    network, again = load("mini_mobilenet"), architectures()["mini_mobilenet"].build()
    path = tmp_path / "weights.npz"
    write_weights(network.model, path)
    architectures()["mini_mobilenet"].read_weights(again, path)
    for one, other in zip(network.model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)  # they were float16 before


def test_pictures_by_name() -> None:
    drawn = scene(17, shortcut="background").picture
    np.testing.assert_array_equal(cnnvis.load_image("scene:17:background"), drawn)
    np.testing.assert_array_equal(cnnvis.load_image("scene:17"), scene(17).picture)
    assert not np.array_equal(cnnvis.load_image("scene:17"), cnnvis.load_image("scene:18"))
    for name in ("scene:", "scene:-1", "scene:1.5", "scene:cat"):
        with pytest.raises(InvalidValueError, match="scene:SEED"):
            cnnvis.load_image(name)
    with pytest.raises(UnknownNameError, match="corner"):
        cnnvis.load_image("scene:17:cornet")


# --- LeNet-5 ----------------------------------------------------------------------------------


def test_lenet_reads_digits_that_it_never_saw(load: Load) -> None:
    learnt, held = digits()
    assert len(learnt.labels) + len(held.labels) == 1797
    assert held.pictures.shape[1:] == (32, 32)
    seen = {picture.tobytes() for picture in learnt.pictures}
    assert not any(picture.tobytes() in seen for picture in held.pictures)
    network = load("lenet5")
    predicted = answers(network, list(held.pictures))
    assert (predicted == held.labels).mean() >= 0.98
    assert network.labels == tuple("0123456789")
    best = network.predict(np.repeat(held.pictures[3][..., None], 3, -1), top=1)[0]
    assert best.label == str(held.labels[3])


def test_lenet_is_that_of_1998(load: Load) -> None:
    network = load("lenet5")
    shapes = {info.name: info.output_shape for info in network.layers}
    published = {
        "C1": (28, 28, 6), "S2": (14, 14, 6), "C3": (10, 10, 16), "S4": (5, 5, 16),
        "C5": (120,), "F6": (84,), "predictions": (10,),
    }  # fmt: skip
    assert {name: shapes[name] for name in published} == published
    digit = digits()[1].pictures[5]
    for method in ("saliency", "guided_backprop", "grad_cam", "deep_taylor"):
        result = cnnvis.explain(network, digit, method)
        assert result.heatmap().shape == (32, 32)
        assert result.heatmap().any()
        assert result.coverage.complete
    assert result.attribution.sum() == pytest.approx(result.value, rel=1e-3)


# --- AlexNet ----------------------------------------------------------------------------------


def test_alexnet_is_an_architecture_without_weights() -> None:
    architecture = architectures()["alexnet"]
    assert architecture.weights == "none"
    assert "untrained" in architecture.note
    network = cnnvis.load_network("alexnet", seed=2)
    assert network.trained_on == "random weights"
    assert "random" in network.name
    # The table of the paper: kernels, maps seen, maps made, and one bias for each.
    table = [(11, 3, 96), (5, 48, 256), (3, 256, 384), (3, 192, 384), (3, 192, 256)]
    convolutions = sum(kernel**2 * seen * made + made for kernel, seen, made in table)
    dense = sum(seen * made + made for seen, made in ((9216, 4096), (4096, 4096), (4096, 1000)))
    assert architecture.parameters == convolutions + dense == network.model.count_params()
    shapes = {info.name: info.output_shape for info in network.layers}
    assert shapes["conv1_upper"] == (55, 55, 48)
    assert shapes["pool2"] == (13, 13, 256)
    assert shapes["conv5"] == (13, 13, 256)
    assert shapes["pool5"] == (6, 6, 256)
    result = cnnvis.explain(network, cnnvis.load_image("cat"), "guided_backprop", 281)
    assert result.coverage.complete
    assert network.last_convolution(None) == "conv5"
