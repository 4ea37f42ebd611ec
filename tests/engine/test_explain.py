"""`explain`: what it takes, what it says, and the script that gives the same array again."""

from __future__ import annotations

import io
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cnnvis_widgets as cnnvis
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import (
    CnnvisError,
    FileError,
    InvalidValueError,
    UnknownNameError,
    UnsuitableError,
)
from cnnvis_widgets.methods import all_methods
from cnnvis_widgets.zoo.images import load_image

SHAPE = (26, 20, 3)
RNG = np.random.default_rng(17)
PICTURE = RNG.integers(0, 256, (50, 33, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network in a file."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Rescaling(1 / 128, -1, name="scale"),
            layers.Conv2D(5, 3, padding="same", activation="relu", name="c1"),
            layers.MaxPooling2D(name="p1"),
            layers.Conv2D(6, 3, padding="same", activation="relu", name="c2"),
            layers.GlobalAveragePooling2D(name="gap"),
            layers.Dense(4, activation="softmax", name="head"),
        ]
    )
    rng = np.random.default_rng(1)
    model.set_weights([np.abs(rng.normal(0.1, 0.4, w.shape)) for w in model.get_weights()])
    path = tmp_path_factory.mktemp("models") / "it's small.keras"
    model.save(path)
    return path


@pytest.fixture(scope="module")
def network(saved: Path) -> Any:
    from cnnvis_widgets.zoo.loading import load_network

    return load_network(saved)


@pytest.fixture(scope="module")
def swish() -> Any:
    """One swish among the ReLUs."""
    import keras

    from cnnvis_widgets.backend.network import Network

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(3, 3, activation="relu", name="c1"),
            layers.Conv2D(3, 3, activation="swish", name="c2"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ],
        name="mixed",
    )
    rng = np.random.default_rng(2)  # not Keras' own: with some of them nothing is active
    model.set_weights([np.abs(rng.normal(0.1, 0.4, w.shape)) for w in model.get_weights()])
    return Network(model)


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def test_every_form_of_a_picture_gives_the_same_array(network: Any, tmp_path: Path) -> None:
    path = tmp_path / "cat"  # no ending, and the name of an included picture
    path.write_bytes(png(PICTURE))
    wanted = explain(network, PICTURE, method="saliency", neuron=1).attribution
    transparent = np.dstack([PICTURE, np.full(PICTURE.shape[:2], 255, np.uint8)])
    for form in (png(PICTURE), bytearray(png(PICTURE)), path, str(path), transparent,
                 Image.fromarray(PICTURE)):  # fmt: skip
        explanation = explain(network, form, method="saliency", neuron=1)
        np.testing.assert_array_equal(explanation.attribution, wanted)
        assert explanation.picture is not None
    grey = PICTURE[..., 0]
    one = explain(network, grey, method="saliency", neuron=1).attribution
    other = explain(network, grey[..., None], method="saliency", neuron=1).attribution
    np.testing.assert_array_equal(one, other)


def test_a_tensor_of_floats_is_the_input(network: Any) -> None:
    import tensorflow as tf

    given = network.prepare(PICTURE).input
    wanted = explain(network, given, method="saliency", neuron=1)
    explanation = explain(network, tf.constant(given), method="saliency", neuron=1)
    np.testing.assert_array_equal(explanation.attribution, wanted.attribution)
    assert explanation.picture is None


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (["efficientnet_lite0", "cat"], {}, InvalidValueError, r"cnnvis\.Network.*str.*load_"),
        ([None, "dog"], {}, UnknownNameError, "dog"),
        ([None, "cat", "gradcam"], {}, UnknownNameError, "Did you mean 'grad_cam'"),
        ([None, "cat", "saliency", 4], {}, UnknownNameError, "0 to 3"),
        ([None, "cat", "saliency", ("c9", 1)], {}, UnknownNameError, "layer 'c9'"),
        ([None, "cat", "saliency", "c2"], {}, InvalidValueError, "whole number"),
        ([None, "cat"], {"layers": "c2"}, UnknownNameError, "Did you mean 'layer'"),
        ([None, "cat"], {"layer": 3}, InvalidValueError, "layer"),
        ([None, "cat"], {"layer": "gap"}, UnsuitableError, "rows and columns"),
        ([None, "cat"], {"seed": -1}, InvalidValueError, "seed.*-1"),
        ([None, "cat"], {"seed": 1.5}, InvalidValueError, r"seed.*1\.5"),
        ([None, "cat"], {"seed": True}, InvalidValueError, "seed.*True"),
        ([None, np.zeros((5, 4, 3))], {}, InvalidValueError, r"\(26, 20, 3\).*\(5, 4, 3\)"),
        ([None, np.zeros((5, 4, 3), int)], {}, InvalidValueError, "uint8"),
        ([None, [[1]]], {}, InvalidValueError, "list"),
        ([None, b"no picture"], {}, FileError, "picture"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(
    network: Any, arguments: list[Any], options: dict[str, Any], error: type[Exception], words: str
) -> None:
    given = [network if arguments[0] is None else arguments[0], *arguments[1:]]
    with pytest.raises(error, match=words) as caught:
        explain(*given, **options)
    assert isinstance(caught.value, CnnvisError)
    assert isinstance(caught.value, ValueError | LookupError | OSError)


def test_what_is_not_as_published_is_a_warning_and_a_note(network: Any, swish: Any) -> None:
    for method in ("guided_backprop", "deconvnet", "guided_grad_cam"):
        with pytest.warns(UserWarning, match=r"Not as published.*c2.*swish") as caught:
            explanation = cnnvis.explain(swish, PICTURE, method=method, neuron=1)
        assert caught[0].filename == __file__  # the caller's line, not one of ours
        assert explanation.coverage.warning == explanation.notes[0]
        assert "c2" in explanation.coverage.untreated
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not explain(swish, PICTURE, method="saliency", neuron=1).notes
        assert not explain(network, PICTURE, method="guided_backprop", neuron=1).notes
        explanation = explain(swish, PICTURE, method="guided_backprop", neuron=("c1", 1))
        assert explanation.coverage.complete


def test_values_that_overflow_are_an_error_and_no_picture() -> None:
    import keras

    from cnnvis_widgets.backend.network import Network

    model = keras.Sequential(
        [keras.Input(SHAPE),
         keras.layers.Conv2D(2, 3, activation="exponential", kernel_initializer="ones"),
         keras.layers.Flatten(), keras.layers.Dense(2)]
    )  # fmt: skip
    network = Network(model)
    with pytest.raises(InvalidValueError, match="NaN or infinite"):
        explain(network, np.full(SHAPE, 1e6, np.float32), method="saliency", neuron=1)


def test_titles_and_labels(network: Any) -> None:
    from cnnvis_widgets.backend.network import Network

    named = Network(network.model, labels=["a", "b", "c", "d"], name="mine")
    ask = {
        1: "b",
        Neuron(None, 2): "c",
        Neuron("head", 2): "unit 2 of head",
        Neuron("c2", 3): "unit 3 of c2",
        Neuron("c2", 3, "mean"): "unit 3 of c2 (mean)",
        Neuron("c1", 0, position=(5, 7)): "unit 0 of c1 at 5, 7",
    }
    for neuron, label in ask.items():
        explanation = explain(named, PICTURE, method="grad_cam", neuron=neuron)
        assert explanation.label == label
        assert explanation.title == f"Grad-CAM · {label} · mine"
        assert label in repr(explanation)


def decoder(network: Any, folder: Path) -> Path:
    """A decoder of the small network, hardly trained."""
    from cnnvis_widgets.engine.decoders import train_decoder

    given = [np.roll(PICTURE, k, 0)[: SHAPE[0], : SHAPE[1]] for k in range(4)]
    train_decoder(network, "c2", given, folder / "c2.npz", steps=2, batch=2, width=4)
    return folder / "c2.npz"


def scripts(network: Any, tmp_path: Path) -> dict[str, Any]:
    """Explanations of every kind, whose scripts are to be run."""
    photo = tmp_path / "my photo.png"
    photo.write_bytes(png(PICTURE))
    edited = Image.open(photo)
    edited.thumbnail((30, 30))  # in place: it still has the file's name, and other pixels
    given = network.prepare(PICTURE).input
    hidden = Neuron("c2", 3, "max")
    quick = {"occlusion": {"patch": 9, "stride": 5}, "lime": {"samples": 30},
             "smoothgrad": {"samples": 4, "noise": 0.3, "of": "guided_backprop"},
             "integrated_gradients": {"steps": 5}, "activation_maximization": {"steps": 4},
             "network_inversion": {"steps": 4},
             "upconvnet": {"decoder": str(decoder(network, tmp_path))}}  # fmt: skip
    asked: dict[str, tuple[Any, ...]] = {
        name: ("cat", name, 1, quick.get(name, {}))
        for name, method in all_methods().items()
        if not method.unsuited(network)
    }
    asked |= {
        "bytes": (png(PICTURE), "grad_cam", 2, {}),
        "array": (PICTURE, "guided_grad_cam", None, {"layer": "c1"}),
        "grey": (PICTURE[..., 1], "saliency", 0, {}),
        "array of a name": (load_image("coffee"), "saliency", 0, {}),
        "path": (photo, "saliency", 0, {}),
        "path as text": (str(photo), "saliency", 0, {}),
        "PIL": (Image.fromarray(PICTURE), "saliency", 0, {}),
        "edited PIL": (edited, "saliency", 0, {}),
        "floats": (given, "guided_backprop", 2, {}),
        "doubles": (given.astype(float) / 3, "saliency", 2, {}),
        "hidden": ("rocket", "guided_grad_cam", hidden, {}),
        "position": ("rocket", "deconvnet", Neuron("c1", 1, position=(11, 2)), {}),
        "mean": (given, "grad_cam", Neuron("c2", 1, "mean"), {}),
        "another seed": ("cat", "smoothgrad", 1, {"samples": 3, "seed": 12}),
    }
    return {
        key: explain(network, image, method=method, neuron=neuron, **options)
        for key, (image, method, neuron, options) in asked.items()
    }


RUN = """
import json, os, pathlib, sys
import numpy as np
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
arrays = {}
for key, code in json.loads(pathlib.Path("scripts.json").read_text()).items():
    names = {}
    exec(compile(code, key, "exec"), names)
    if len(arrays) < 2:
        assert os.path.getsize("explanation.png") > 500
    else:  # drawing takes longer than computing, and two have shown that it works
        type(names["explanation"]).save = lambda self, path: None
    made = names["explanation"]
    arrays[key] = made.attribution if made.image is None else made.image
np.savez("arrays.npz", **arrays)
"""


def test_code_computes_exactly_the_same_array_in_another_process(
    network: Any, saved: Path, tmp_path: Path
) -> None:
    import json

    wanted = scripts(network, tmp_path)
    codes = {key: explanation.code() for key, explanation in wanted.items()}
    assert 'load_image("coffee")' in codes["array of a name"]
    assert "'cat'" in codes["saliency"]
    for key in ("bytes", "array", "PIL", "edited PIL", "grey"):
        assert "b64decode" in codes[key]
        assert "my photo" not in codes[key]
    assert "np.load" in codes["floats"]
    assert "Neuron('c2', 3, aggregate='max')" in codes["hidden"]
    assert "position=(11, 2)" in codes["position"]
    assert "layer='c1'" in codes["array"]
    assert "layer=" not in codes["bytes"]  # a default need not be said
    for code in codes.values():
        assert max(len(line) for line in code.splitlines()) < 160
    (tmp_path / "scripts.json").write_text(json.dumps(codes))
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    arrays = np.load(tmp_path / "arrays.npz")
    for key, explanation in wanted.items():
        raw = explanation.attribution if explanation.image is None else explanation.image
        np.testing.assert_array_equal(arrays[key], raw, err_msg=key)
        assert arrays[key].dtype == raw.dtype


def test_code_of_a_model_of_one_s_own_says_what_to_fill_in() -> None:
    import keras

    from cnnvis_widgets.backend.network import Network

    model = keras.Sequential(
        [keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(2)], name="mine"
    )
    network = Network(model, labels=["line one\nline two", 'a "quoted" \\ name'])
    for unit in range(2):
        code = explain(network, PICTURE, method="saliency", neuron=unit).code()
        compile(code, "script", "exec")
        assert "cnnvis.Network(model)  # your own Keras model" in code
    stated = Network(model, code="cnnvis.Network(make_model())")
    code = explain(stated, PICTURE, method="saliency", neuron=0).code()
    assert "network = cnnvis.Network(make_model())\n" in code


def test_a_file_called_like_a_picture_is_named_as_a_file(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cat").write_bytes(png(PICTURE))
    code = explain(network, Path("cat"), method="saliency", neuron=0).code()
    assert "load_image('./cat')" in code
