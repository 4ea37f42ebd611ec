"""`cnnvis compare` on small libraries: one right, one that explains the probability."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_libraries import install_all
from PIL import Image

from cnnvis_widgets.cli import main
from cnnvis_widgets.peers import comparison
from cnnvis_widgets.peers.contract import Library

SIZE = (7, 6, 3)
UNIT = 2


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network with a softmax, in a file."""
    from keras import Sequential, layers

    from cnnvis_widgets.backend.variants.randomization import seeded

    def make() -> Any:
        parts = [layers.Input(SIZE), layers.Conv2D(4, 3, activation="relu", name="conv")]
        parts += [layers.GlobalAveragePooling2D(), layers.Dense(4, activation="softmax")]
        return Sequential(parts)

    path = tmp_path_factory.mktemp("model") / "small.keras"
    model = seeded(make, 3)
    kernel, _, dense, last = model.get_weights()
    # Far from where a ReLU bends, and steep: differences of float32 values are good to 1e-4.
    model.set_weights([kernel, np.float32([4, -4, 4, 4]), 20 * dense, last])
    model.save(path)
    return path


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    values = np.random.default_rng(2).integers(0, 255, SIZE, np.uint8)
    path = tmp_path_factory.mktemp("picture") / "noise.png"
    Image.fromarray(values).save(path)
    return path


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The small libraries instead of real ones."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    install_all(folder)
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    for name in [n for n in before if n.startswith(("xplique", "tf_keras_vis", "fake_slopes"))]:
        monkeypatch.delitem(sys.modules, name)
    yield folder
    for name in set(sys.modules) - before:
        if name.startswith(("xplique", "tf_keras_vis", "fake_slopes")):
            del sys.modules[name]


def forward(model: Path, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values before softmax and the convolution's slopes of them, with NumPy alone."""
    import keras

    kernel, bias, dense, last = (
        w.astype(np.float64) for w in keras.saving.load_model(model).get_weights()
    )
    rows, columns = SIZE[0] - 2, SIZE[1] - 2
    maps = np.zeros((rows, columns, 4))
    for r in range(rows):
        for c in range(columns):
            window = pixels[r : r + 3, c : c + 3]
            maps[r, c] = np.maximum(np.tensordot(window, kernel, 3) + bias, 0)
    slopes = np.zeros((*SIZE, 4))  # of each class
    for r in range(rows):
        for c in range(columns):
            open_ = (maps[r, c] > 0) / (rows * columns)
            slopes[r : r + 3, c : c + 3] += np.einsum("ijkl,l,lu->ijku", kernel, open_, dense)
    return maps.mean((0, 1)) @ dense + last, slopes


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["compare", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_who_agrees_who_does_not_and_why(
    fakes: Path, model: Path, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    common = [str(model), "--picture", str(picture), "--class", str(UNIT), "--preprocess", "0..1"]
    methods = ["--method", "saliency", "gradient_input", "occlusion"]
    libraries = ["--library", "xplique", "tf-keras-vis"]
    told = report(capsys, *common, *methods, *libraries, "--out", str(page))
    assert told["libraries"] == {"xplique": "9.1", "tf-keras-vis": "9.2"}
    rows = {(row["method"], row["library"]): row for row in told["rows"]}
    assert list(rows) == [
        ("saliency", "xplique"),
        ("saliency", "tf-keras-vis"),
        ("occlusion", "xplique"),
        ("gradient_input", "xplique"),
    ]
    right = rows["saliency", "xplique"]
    assert right["agrees"]
    assert right["agreement"]["difference"] < 1e-3  # differences of float32 values

    raised = rows["occlusion", "xplique"]
    assert (raised["verdict"], raised["agreement"]) == ("raised", None)
    assert raised["words"] == "raised RuntimeError: no patch fits"

    values, slopes = forward(model, np.asarray(Image.open(picture)) / 255)
    shares = np.exp(values) / np.exp(values).sum()
    logit = np.abs(slopes[..., UNIT]).max(-1)
    weights = shares[UNIT] * ((np.arange(4) == UNIT) - shares)
    score = np.abs(slopes @ weights).max(-1)
    far = np.abs(score - logit).max() / logit.max()
    wrong = rows["saliency", "tf-keras-vis"]
    assert wrong["verdict"] == "differs"
    assert wrong["agreement"]["difference"] == pytest.approx(far, rel=1e-3)
    # the right library shows the same once it is handed the model with its softmax
    assert right["on_score"]["proven"]
    assert right["on_score"]["difference"] == pytest.approx(far, rel=1e-3)
    assert not wrong["on_score"]["proven"]  # a softmax of the softmax

    first = told["sentences"][0]
    assert first.startswith("Saliency map: 1 of 2 agree with ours. xplique: the same to 1e-3; ")
    advice = "finds the value before this softmax"
    assert all(advice in told["told"][name] for name in ("xplique", "tf-keras-vis"))

    text = page.read_text("utf-8")
    assert text.count("<figure>") == 5  # ours and two of saliency, ours and one of gradient × input
    assert "raised RuntimeError: no patch fits" in text
    assert "http" not in text.replace("http-equiv", "")


def test_a_figure_and_sentences_in_the_terminal(
    fakes: Path, model: Path, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figure = tmp_path / "maps.png"
    asked = [str(model), "--picture", str(picture), "--preprocess", "0..1"]
    asked += ["--method", "saliency", "--library", "xplique", "--out", str(figure)]
    assert main(["compare", *asked]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("small: unit ")
    assert lines[1].endswith("beside xplique 9.1")
    assert lines[3].startswith("Saliency map: agrees with ours. xplique: the same to 1e-")
    assert lines[-1] == f"wrote {figure}"
    with Image.open(figure) as drawn:
        assert min(drawn.size) > 300


def test_time_that_is_used_up(
    fakes: Path, model: Path, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [str(model), "--picture", str(picture), "--preprocess", "0..1", "--seconds", "1e-9"]
    told = report(capsys, *asked, "--library", "xplique", "--method", "saliency")
    (row,) = told["rows"]
    assert row["words"] == "not asked: the time of 0 s was used up"
    assert told["sentences"] == [f"Saliency map: not compared. xplique: {row['words']}."]


def test_the_caller_s_model_is_never_touched(fakes: Path, model: Path, picture: Path) -> None:
    import cnnvis_widgets as cnnvis
    from cnnvis_widgets.peers.case import case_of
    from cnnvis_widgets.zoo.images import load_image

    class Breaks(Library):
        """Adds 1 to all weights, closes a layer's call, and then raises."""

        name, distribution = "breaks", "xplique"

        @property
        def counterparts(self) -> tuple[Any, ...]:
            from cnnvis_widgets.peers.contract import Counterpart

            methods = ("saliency", "gradient_input")
            return tuple(Counterpart(m, "break_()", self.break_, "largest") for m in methods)

        def break_(self, task: Any) -> Any:
            seen.append(np.asarray(task.model(task.batch, training=False)))
            task.model.set_weights([w + 1 for w in task.model.get_weights()])
            task.model.layers[0].call = None
            raise RuntimeError("broken")

    seen: list[np.ndarray] = []
    network = cnnvis.load_network(str(model), preprocess="0..1")
    image = load_image(str(picture))
    before = network.predict(image)
    told = comparison.compare(
        case_of(network, image), {"breaks": Breaks()}, ["saliency", "gradient_input"]
    )
    assert [row.verdict.words for row in told.rows] == ["raised RuntimeError: broken"] * 2
    np.testing.assert_array_equal(*seen)  # each method gets a copy that nobody has changed
    assert network.predict(image) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mini_vgg", "--library", "xplique"], "not installed: pip install --no-deps xplique; "),
        (["mini_vgg", "--library", "captun"], "Did you mean 'captum'"),
        (["mini_vgh"], "Did you mean 'mini_vgg'"),
        (["mini_vgg", "--out", "report.docx"], "There is no format '.docx'"),
        (["mini_vgg", "--out", "absent/report.html"], "no folder 'absent'"),
        (["mini_vgg", "--seconds", "0"], "--seconds is more than 0"),
    ],
)
def test_mistakes_are_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.setattr(Library, "version", lambda self: None)
    assert main(["compare", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err


def test_with_nothing_installed_all_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Library, "version", lambda self: None)
    assert main(["compare", "mini_vgg"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: There is nothing to compare with.")
    assert all(one.install in message for one in comparison.libraries().values())
    assert "pip install tf-keras-vis" in message


def test_a_method_that_none_of_them_has(
    fakes: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["compare", str(model), "--library", "tf-keras-vis", "--method", "rise"]
    assert main(asked) == 2
    assert "no method that tf-keras-vis has too 'rise'" in capsys.readouterr().err


def test_several_inputs_and_maps_of_answers_are_refused() -> None:
    import keras
    from keras import layers

    import cnnvis_widgets as cnnvis
    from cnnvis_widgets.errors import UnsuitableError
    from cnnvis_widgets.peers.case import case_of

    pixels = keras.Input((8, 9, 3))
    maps = keras.Model(pixels, layers.Conv2D(5, 3)(pixels))
    image = np.zeros((8, 9, 3), np.uint8)
    with pytest.raises(UnsuitableError, match=r"\(batch, units\)"):
        case_of(cnnvis.Network(maps), image)
    age = keras.Input((2,), name="age")
    both = layers.Concatenate()([layers.GlobalAveragePooling2D()(pixels), age])
    two = keras.Model([pixels, age], layers.Dense(4)(both))
    held = cnnvis.Network(two, inputs={"age": np.zeros(2, np.float32)})
    with pytest.raises(UnsuitableError, match="one input"):
        case_of(held, image)
