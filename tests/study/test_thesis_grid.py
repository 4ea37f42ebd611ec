"""The thesis' grid as a study: what is in it, whose photos, which networks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from toys import convolutional

import cnnvis_widgets as cnnvis
from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.study import thesis_grid
from cnnvis_widgets.study.study import Run
from cnnvis_widgets.zoo.architecture import FetchedArchitecture
from cnnvis_widgets.zoo.images import picture


@pytest.fixture(scope="module")
def network() -> Any:
    return convolutional()


def test_the_grid_is_the_one_of_section_4_1(network: Any, tmp_path: Path) -> None:
    study = thesis_grid.thesis_study(tmp_path / "s", {"a": network, "b": network})
    runs = set(study.plan())
    photos = [
        "cat",
        "coffee",
        "palace",
        "admiral",
        "cameraman",
        "rocket",
        "motorcycle",
        "horse",
        "astronaut",
        "flower",
    ]
    wanted = {
        Run(n, photo, method, neuron)
        for n in "ab"
        for photo in photos
        for method in ("deconvnet", "saliency", "guided_backprop", "grad_cam", "guided_grad_cam")
        for neuron in ("output", "upper layer", "top layer")
    }
    wanted |= {
        Run(n, p, m, "output") for n in "ab" for p in photos for m in ("deep_taylor", "lime")
    }
    assert runs == wanted
    # Table 2 counts 30 maps of a network for five methods, and 10 for two.
    counts = Counter(run.method for run in runs if run.network == "a")
    assert sorted(counts.values()) == [10, 10, 30, 30, 30, 30, 30]
    groups = study.store.settings["groups"]
    assert Counter(groups.values()) == {"ImageNet": 4, "other": 6}
    assert all(picture(name).right for name, group in groups.items() if group == "ImageNet")
    again = cnnvis.Study.open(tmp_path / "s")
    assert set(again.plan()) == runs


def test_a_method_that_is_asked_about_some_neurons_scores_like_any(
    network: Any, tmp_path: Path
) -> None:
    methods = {"all": "saliency", "some": ("saliency", {}, ["c1"])}
    study = cnnvis.Study({"toy": network}, "cat", methods, ["output", "c1"], tmp_path / "s")
    assert study.run() == 3
    rows = study.table(["sparseness", "stability"], by=("method", "neuron"), baselines=())
    scores = {(row["metric"], row["method"], row["neuron"]): row["value"] for row in rows}
    assert len(scores) == 6
    for name in ("sparseness", "stability"):
        assert scores[name, "some", "c1"] == scores[name, "all", "c1"]
    with pytest.raises(InvalidValueError, match="methods 'some' was"):
        cnnvis.Study({"toy": network}, "cat", {"some": "saliency"}, "output", tmp_path / "s")


def test_ten_photos_of_one_s_own(tmp_path: Path) -> None:
    names = [f"imagenet_{n}.jpg" for n in range(1, 5)] + [f"other_{n}.PNG" for n in range(1, 7)]
    for number, name in enumerate(names):
        pixels = np.full((20, 30 + number, 3), number * 20, np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
    (tmp_path / "other_1.txt").write_text("not a photo")
    photos = thesis_grid.photos(tmp_path)
    assert [path.name for path in photos.values()] == names
    study = thesis_grid.thesis_study(tmp_path / "s", ["mini_vgg"], tmp_path)
    assert [s.image.shape[1] for s in study.pictures.values()] == list(range(30, 40))
    assert study.store.settings["groups"]["imagenet_4"] == "ImageNet"
    assert study.store.settings["groups"]["other_1"] == "other"
    (tmp_path / "imagenet_2.png").write_bytes((tmp_path / "other_1.PNG").read_bytes())
    with pytest.raises(FileError, match=r"More than one file.*imagenet_2"):
        thesis_grid.photos(tmp_path)
    (tmp_path / "other_6.PNG").unlink()
    with pytest.raises(FileError, match=r"missing: other_6\."):
        thesis_grid.photos(tmp_path)
    with pytest.raises(FileError, match="missing: imagenet_1, "):
        thesis_grid.photos(tmp_path / "nowhere")


def test_networks_without_weights_are_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = {"vgg16", "xception"}
    message = "not downloaded (1 MB). Run `cnnvis models fetch it`"

    def available(self: Any, folder: Any = None) -> str:
        return message if self.name in gone else ""

    monkeypatch.setattr(FetchedArchitecture, "available", available)
    choice = thesis_grid.choose(offline=False)
    assert choice.networks == ("inception_v3", "resnet50", "mobilenet_v2")
    assert choice.missing == {"vgg16": message, "xception": message}
    offline = thesis_grid.choose(offline=True)
    assert offline.networks[:3] == choice.networks
    minis = [name for name in offline.networks if name.startswith("mini_")]
    assert len(minis) == 5 and "efficientnet_lite0" in offline.networks

    def fetches(self: Any, folder: Any, progress: Any = None) -> Any:
        if self.name == "xception":
            raise FileError("no connection\nsecond line")

    monkeypatch.setattr(FetchedArchitecture, "find_weights", fetches)
    fetched = thesis_grid.choose(offline=False, fetch=True)
    assert fetched.networks == ("vgg16", "inception_v3", "resnet50", "mobilenet_v2")
    assert fetched.missing == {"xception": f"no connection {message}"}


def test_no_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="at least one network"):
        thesis_grid.thesis_study(tmp_path / "s", [])
