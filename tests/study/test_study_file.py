"""A study in a TOML file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets.errors import FileError, InvalidValueError, UnknownNameError
from cnnvis_widgets.study.study import Run
from cnnvis_widgets.study.study_file import study_of_file

TEXT = """
networks = ["mini_vgg", "mini_resnet"]
images = ["scene:3", "mine.png"]
neurons = ["output", "top layer"]
seed = 4
keep = "heatmap"

[methods.saliency]

[methods.few]
method = "lime"
parameters = { samples = 50 }
neurons = ["output"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "my.toml"
    path.write_text(text, "utf-8")
    return path


def test_it_is_the_study_that_its_file_describes(tmp_path: Path) -> None:
    pixels = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
    Image.fromarray(pixels).save(tmp_path / "mine.png")
    study = study_of_file(written(tmp_path, TEXT))
    assert study.store.path == tmp_path / "my"
    assert (study.seed, study.keep) == (4, "heatmap")
    assert np.array_equal(study.pictures["mine.png"].image, pixels)
    assert study.methods["few"]["parameters"]["samples"] == 50
    asked = [("output", "saliency"), ("output", "few"), ("top layer", "saliency")]
    assert list(study.plan()) == [
        Run(network, picture, method, neuron)
        for network in ("mini_vgg", "mini_resnet")
        for picture in ("scene:3", "mine.png")
        for neuron, method in asked
    ]
    assert study_of_file(tmp_path / "my.toml", tmp_path / "b").store.path == tmp_path / "b"
    named = study_of_file(written(tmp_path, 'path = "there"\n' + TEXT))
    assert named.store.path == tmp_path / "there"


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("networks = [", FileError, "could not be read as a study"),
        ("network = []\n" + TEXT, InvalidValueError, "network is unknown. There are: networks"),
        ('images = ["scene:1"]\nmethods = ["saliency"]', InvalidValueError, "expected networks"),
        (TEXT.replace("samples = 50", "sample = 50"), UnknownNameError, "samples"),
        (TEXT.replace("parameters", "parameter"), InvalidValueError, "'few' has parameter;"),
        (
            TEXT.replace('neurons = ["output"]\n', 'neurons = ["c1"]\n'),
            InvalidValueError,
            "'few' is asked about c1; the study's neurons are output, top layer",
        ),
    ],
)
def test_what_is_wrong_is_told(
    tmp_path: Path, text: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        study_of_file(written(tmp_path, text.replace('"mine.png"', '"scene:5"')))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no file"):
        study_of_file(tmp_path / "none.toml")
