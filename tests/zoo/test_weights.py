from __future__ import annotations

import hashlib
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from weight_shelf import BODY, FILE, MD5, UNSIGNED, left, put, quiet

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.zoo import download, loading, weights
from cnnvis_widgets.zoo.architecture import FetchedArchitecture
from cnnvis_widgets.zoo.loading import load_network
from cnnvis_widgets.zoo.weights import FROM_NAME, WeightFile, fetch, find, obtain

pytestmark = pytest.mark.usefixtures("home")

# --- a file without a published checksum ------------------------------------------------------


def test_the_first_fetch_is_remembered_where_no_checksum_was_published(
    shelf: Any, home: Path
) -> None:
    path = fetch(UNSIGNED, "Tiny", quiet)
    record = path.with_name(path.name + ".md5")
    assert record.read_text() == f"{MD5}  {UNSIGNED.name}\n"  # as md5sum --check reads it
    assert obtain(UNSIGNED, "Tiny", "tiny", quiet) == (path, "ImageNet")
    put(path, BODY[:-1] + b"x")  # the same size: only the record can tell
    assert obtain(UNSIGNED, "Tiny", "tiny", quiet).path.read_bytes() == BODY
    assert len(shelf.asked) == 2


def test_what_cannot_be_verified_is_said(home: Path) -> None:
    path = put(home / "keras" / "models" / UNSIGNED.name)
    assert obtain(UNSIGNED, "Tiny", "tiny", quiet) == (path, FROM_NAME)
    assert "no checksum" in FROM_NAME


# --- looking ----------------------------------------------------------------------------------


def test_the_order_in_which_places_are_looked_through(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNNVIS_WEIGHTS", str(home / "own"))
    paths = [home / "keras" / "models", home / "cache", home / "own"]
    assert find(FILE) is None
    for folder in paths:
        path = put(folder / FILE.name)
        assert find(FILE) == path
        assert obtain(FILE, "Tiny", "tiny", quiet) == (path, "ImageNet")


def test_a_file_of_another_size_in_a_cache_is_not_counted(home: Path) -> None:
    put(home / "cache" / FILE.name, BODY[:5])
    assert find(FILE) is None


def test_the_user_s_own_file_is_taken_as_it_is_and_said_to_be_so(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNNVIS_WEIGHTS", str(home / "own"))
    path = put(home / "own" / FILE.name, b"my own")
    assert find(FILE) == path
    obtained = obtain(FILE, "Tiny", "tiny", quiet)
    assert obtained == (path, f"weights of your own file {FILE.name}")
    assert weights.origin(FILE, put(home / "renamed.h5")) == "ImageNet"  # its checksum tells
    assert weights.origin(UNSIGNED, put(home / "b.h5")) == "weights of your own file b.h5"


def test_offline_and_absent_says_what_where_and_how(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNNVIS_WEIGHTS", str(home / "own"))
    put(home / "keras" / "models" / FILE.name, b"half")
    start = time.monotonic()
    with pytest.raises(FileError) as raised:  # FILE's own address: nobody listens there
        obtain(FILE, "Tiny", "tiny", quiet)
    assert time.monotonic() - start < 5
    text = str(raised.value)
    for part in (
        "http://127.0.0.1:9/tiny_weights.h5",
        "no connection",
        "Tiny needs the file tiny_weights.h5 (1 MB)",
        str(home / "own"),
        str(home / "cache"),
        str(home / "keras" / "models"),
        "passed over",
        "cnnvis models fetch tiny --to FOLDER",
        "CNNVIS_WEIGHTS to that folder",
        "CNNVIS_WEIGHTS_URL",
        'weights="random"',
    ):
        assert part in text, part
    assert left(home) == [f"keras/models/{FILE.name}"]


def test_a_name_that_cannot_be_looked_up(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    def hangs(*_: Any, **__: Any) -> None:  # as where the resolver's own machine is out of reach
        time.sleep(5)

    monkeypatch.setattr(download, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr("socket.getaddrinfo", hangs)
    start = time.monotonic()
    with pytest.raises(FileError, match="no answer within"):
        fetch(FILE, "Tiny", quiet)
    assert time.monotonic() - start < 2


# --- the five ---------------------------------------------------------------------------------

FIVE = ("vgg16", "inception_v3", "xception", "resnet50", "mobilenet_v2")


def test_the_five_stand_after_the_default_in_the_order_of_the_thesis() -> None:
    names = [n for n, a in loading.architectures().items() if a.labels == "imagenet"]
    assert [n for n in names if n in ("efficientnet_lite0", *FIVE)] == ["efficientnet_lite0", *FIVE]


@pytest.mark.parametrize("name", FIVE)
def test_names_addresses_and_checksums_are_those_in_keras_source(name: str) -> None:
    module = "resnet" if name == "resnet50" else name
    root = next(Path(p) for p in sys.path if (Path(p) / "keras/src/applications").is_dir())
    source = (root / f"keras/src/applications/{module}.py").read_text("utf-8")
    source = re.sub(r'"\s*\n\s*f?"', "", source)  # strings that go on in the next line
    file = loading.architectures()[name].file
    assert file is not None
    if name == "resnet50":
        assert f'BASE_WEIGHTS_PATH = (\n    "{file.address}"\n)' in source
        assert 'f"{weights_name}_weights_tf_dim_ordering_tf_kernels.h5"' in source
        hashes = re.search(r'"resnet50": \(\s*"(\w+)"', source)
    elif name == "mobilenet_v2":
        assert f'BASE_WEIGHT_PATH = (\n    "{file.address}"\n)' in source
        assert (
            '"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{rows}.h5"' in source
        )
        assert "hash" not in source  # the day Keras publishes one, this says so
        assert file.md5 == ""
        return
    else:
        assert f'"{file.address}{file.name}"' in source
        assert f'"{file.name}",' in source
        hashes = re.search(r'WEIGHTS_PATH,\s*cache_subdir="models",\s*file_hash="(\w+)"', source)
    assert hashes is not None
    assert file.md5 == hashes.group(1)


@pytest.mark.parametrize("name", FIVE)
def test_the_size_is_that_of_the_parameters_and_a_little_more(name: str) -> None:
    architecture = loading.architectures()[name]
    assert architecture.file is not None
    assert 1.0 < architecture.file.size / (4 * architecture.parameters) < 1.03


def test_what_is_missing_is_told_quickly_and_without_tensorflow(home: Path) -> None:
    for name in FIVE:
        architecture = loading.architectures()[name]
        why = architecture.available()
        assert f"cnnvis models fetch {name}" in why
        assert "MB" in why
        assert architecture.file is not None
        path = put(home / name / architecture.file.name, b"anything")
        assert architecture.available(path.parent) == ""
        assert architecture.file.name in architecture.available(home)
    assert loading.architectures()["efficientnet_lite0"].available() == ""


def test_an_absent_file_is_told_before_tensorflow_is_loaded(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # importing it now is an ImportError
    monkeypatch.setenv("CNNVIS_WEIGHTS_URL", "http://127.0.0.1:9")
    with pytest.raises(FileError, match="Bring it in one of three ways"):
        load_network("resnet50")
    (home / "empty").mkdir()
    with pytest.raises(FileError, match=r"resnet50_weights.*the folder is empty"):
        load_network("resnet50", weights=home / "empty")
    put(home / "full" / "other.h5")
    with pytest.raises(FileError, match=r"it holds other\.h5"):
        load_network("resnet50", weights=home / "full")
    with pytest.raises(FileError, match="There is no file or folder 'imagenet'"):
        load_network("resnet50", weights="imagenet")
    with pytest.raises(ValueError, match="do not come out of a folder"):
        load_network("efficientnet_lite0", weights=home)


# --- a small network through the whole of load_network ----------------------------------------


class Tiny(FetchedArchitecture):
    name = "tiny"
    title = "Tiny"
    paper = "none"
    note = "made up"
    parameters = 3 * 3 * 3 * 4 + 4 + 4 * 5 + 5
    input_shape = (8, 6, 3)
    labels = ""
    file = WeightFile("tiny.h5", "http://127.0.0.1:9/", 1)

    def preprocess(self, pixels: np.ndarray) -> np.ndarray:
        return pixels / 255

    def build(self) -> Any:
        return tiny_model(units=4)


def tiny_model(units: int) -> Any:
    from keras import Input, Model, layers

    inputs = Input((8, 6, 3))
    x = layers.Conv2D(units, 3, activation="relu", name="only_conv")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(inputs, layers.Dense(5, activation="softmax", name="answer")(x), name="tiny")


@pytest.fixture
def tiny(shelf: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A trained Tiny: its file is on the shelf, and the zoo knows it."""
    model = tiny_model(units=4)
    body = _h5(model, home / "published.h5")
    shelf.files["tiny.h5"] = body
    file = Tiny.file._replace(size=len(body), md5=hashlib.md5(body).hexdigest())
    monkeypatch.setattr(Tiny, "file", file)
    monkeypatch.setattr(loading, "architectures", lambda: {"tiny": Tiny()})
    return model


def _h5(model: Any, path: Path) -> bytes:
    """Keras' old layout of a file, which is that of the published ones."""
    model.save(path)
    body = path.read_bytes()
    path.unlink()
    return body


def test_fetching_by_name_gives_the_published_network(tiny: Any, home: Path, shelf: Any) -> None:
    seen: list[tuple[int, int]] = []
    network = load_network("tiny", progress=lambda *counts: seen.append(counts))
    assert network.trained_on == "ImageNet"
    assert network.name == "Tiny"
    assert network.code == 'cnnvis.load_network("tiny")'
    assert seen[-1][0] == seen[-1][1] > 0
    batch = np.random.default_rng(0).uniform(size=(2, 8, 6, 3)).astype(np.float32)
    np.testing.assert_allclose(network.outputs(batch)[1], tiny(batch).numpy(), atol=1e-6)
    assert load_network("tiny").model.count_params() == Tiny.parameters
    assert shelf.asked == ["/tiny.h5"]


def test_own_weights_by_file_and_by_folder(tiny: Any, home: Path, shelf: Any) -> None:
    other = tiny_model(units=4)
    path = put(home / "mine" / "tiny.h5", _h5(other, home / "other.h5"))
    loose = home / "loose.weights.h5"
    other.save_weights(loose)
    batch = np.random.default_rng(0).uniform(size=(2, 8, 6, 3)).astype(np.float32)
    for given, name in ((path.parent, "tiny.h5"), (path, "tiny.h5"), (loose, loose.name)):
        network = load_network("tiny", weights=given)
        assert network.trained_on == f"weights of your own file {name}"
        assert network.code == f'cnnvis.load_network("tiny", weights={str(given)!r})'
        np.testing.assert_allclose(network.outputs(batch)[1], other(batch).numpy(), atol=1e-6)
    assert shelf.asked == []


def test_files_that_are_damaged_or_of_another_network(tiny: Any, home: Path) -> None:
    body = _h5(tiny_model(units=3), home / "narrow.h5")
    narrow = put(home / "narrow.h5", body)
    with pytest.raises(FileError, match=r"only_conv.*3, 3, 3, 4.*3, 3, 3, 3") as raised:
        load_network("tiny", weights=narrow)
    assert "narrow.h5" in str(raised.value)
    for damaged in (body[: len(body) // 2], b"not HDF5 at all", b""):
        with pytest.raises(FileError, match="damaged"):
            load_network("tiny", weights=put(home / "damaged.h5", damaged))
    with pytest.raises(FileError, match="could not be read"):
        load_network("tiny", weights=put(home / "picture.png", BODY))
    tiny.save_weights(home / "new.weights.h5")
    with pytest.raises(FileError, match=r"must keep its ending, \.weights\.h5"):
        load_network("tiny", weights=(home / "new.weights.h5").rename(home / "renamed.h5"))
