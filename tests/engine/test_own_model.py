"""A visitor's own model: read, tried with each way to prepare a picture, and used."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets import load_image, load_network
from cnnvis_widgets.engine.own_model import ReadModel, TryInputs, UseModel, label_count_error
from cnnvis_widgets.engine.requests import Library
from cnnvis_widgets.engine.shared.serialization import REMOTE_REQUESTS
from cnnvis_widgets.errors import FileError, InvalidValueError

PICTURE = np.random.default_rng(3).integers(0, 256, (41, 60, 3), dtype=np.uint8)


def nothing(done: int, total: int) -> None:
    """Nobody watches."""


def model(channels: int = 3, *first: Any, **options: Any) -> Any:
    import keras

    keras.utils.set_random_seed(1)
    layers = [keras.layers.Conv2D(5, 3, activation="relu"), keras.layers.GlobalAveragePooling2D()]
    ends = [keras.layers.Dense(4, activation="softmax")]
    return keras.Sequential([keras.Input((20, 30, channels)), *first, *layers, *ends], **options)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.keras"
    model().save(path)
    return path


def test_each_way_to_prepare_a_picture_is_that_of_the_same_network(path: Path) -> None:
    library = Library()
    read = ReadModel(path, "my net.keras").perform(library, nothing)
    assert (read.shape, read.units, read.labels, read.known) == ((20, 30, 3), 4, (), False)
    assert read.guess == "0..1"
    assert read.network.name == "my net"
    tried = TryInputs(read.network, PICTURE, read.inputs, 2).perform(library, nothing)
    assert set(tried) == {"0..1", "-1..1", "0..255", "caffe", "torch"}
    for name, predictions in tried.items():
        other = load_network(path, preprocess=name).predict(PICTURE, 2)
        assert [p.unit for p in predictions] == [p.unit for p in other]
        np.testing.assert_allclose(
            [p.logit for p in predictions], [p.logit for p in other], rtol=1e-5
        )
    logits = {name: tuple(p.logit for p in predictions) for name, predictions in tried.items()}
    assert len(set(logits.values())) == 5  # they are not one and the same


def test_it_is_used_with_its_names(path: Path) -> None:
    read = ReadModel(path, "net.keras").perform(Library(), nothing)
    labels = ("a", "b", "c", "d")
    network = UseModel(read.network, "-1..1", labels, "net.keras").perform(Library(), nothing)
    assert [network.label(n) for n in range(4)] == list(labels)
    assert network.code == "cnnvis.load_network('net.keras', preprocess='-1..1')"
    assert network.warning == ""
    again = load_network(path, preprocess="-1..1").predict(load_image("cat"))
    assert [p.unit for p in network.predict(load_image("cat"))] == [p.unit for p in again]
    with pytest.raises(InvalidValueError, match="It has 2 names, and the network has 4 outputs"):
        UseModel(read.network, "0..1", ("a", "b"), "net.keras").perform(Library(), nothing)
    assert label_count_error(4, ()) == label_count_error(2, ("a", "b")) == ""


def test_layers_inside_say_what_a_network_expects(tmp_path: Path) -> None:
    import keras

    scaled = tmp_path / "scaled.h5"
    model(3, keras.layers.Rescaling(1 / 127.5, offset=-1)).save(scaled)
    read = ReadModel(scaled, "scaled.h5").perform(Library(), nothing)
    assert (read.guess, read.known) == ("0..255", True)
    assert "Rescaling" in read.why
    grey = tmp_path / "grey.keras"
    model(1).save(grey)
    read = ReadModel(grey, "grey.keras").perform(Library(), nothing)
    assert read.inputs == ("0..1", "-1..1", "0..255")  # no order of colours to be asked about
    tried = TryInputs(read.network, PICTURE, read.inputs).perform(Library(), nothing)
    assert all(len(predictions) == 3 for predictions in tried.values())


def test_a_known_backbone_says_it_too(tmp_path: Path) -> None:
    import keras

    path = tmp_path / "mobile.keras"
    inner = keras.applications.MobileNetV2(
        weights=None, include_top=False, input_shape=(32, 32, 3), alpha=0.35, pooling="avg"
    )
    keras.Sequential([keras.Input((32, 32, 3)), inner, keras.layers.Dense(2)]).save(path)
    read = ReadModel(path, "mobile.keras").perform(Library(), nothing)
    assert (read.guess, read.known) == ("-1..1", True)
    assert "MobileNetV2" in read.why


def test_what_is_no_network_of_pictures_is_told(tmp_path: Path) -> None:
    import keras

    text = tmp_path / "text.keras"
    keras.Sequential([keras.Input((7,)), keras.layers.Dense(2)]).save(text)
    with pytest.raises(InvalidValueError, match="one image input"):
        ReadModel(text, "text.keras").perform(Library(), nothing)
    with pytest.raises(FileError, match="There is no file"):
        ReadModel(tmp_path / "none.keras", "none.keras").perform(Library(), nothing)


def test_the_model_stays_with_the_page_that_brought_it(path: Path) -> None:
    assert not issubclass(ReadModel, REMOTE_REQUESTS)
    assert not issubclass(TryInputs, REMOTE_REQUESTS)
    assert not issubclass(UseModel, REMOTE_REQUESTS)
    assert pickle.loads(pickle.dumps(ReadModel(path, "x"))) == ReadModel(path, "x")
