"""Studies: what is computed, what is kept, what is told, and what tables say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toys import convolutional

import cnnvis_widgets as cnnvis
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.target import Target
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import (
    Cancelled,
    FileError,
    InvalidValueError,
    UnknownNameError,
)
from cnnvis_widgets.study.contract import Other
from cnnvis_widgets.study.intervals import wilson
from cnnvis_widgets.study.study_images import Subject, fitted, subjects

RNG = np.random.default_rng(20)
PICTURES = RNG.integers(0, 256, (5, 30, 22, 3), dtype=np.uint8)


def subject(number: int) -> Subject:
    mask, other = np.zeros((2, 30, 22), np.bool_)
    mask[6:14, 4 + number : 12 + number] = True
    other[18:26, 3:9] = True
    unit = number % 3
    return Subject(
        f"p{number}", PICTURES[number], mask, (Other((unit + 1) % 3, other),), None, unit, 3
    )


SUBJECTS = [subject(number) for number in range(5)]


@pytest.fixture(scope="module")
def network() -> Any:
    return convolutional()


def study(network: Any, path: Path, **options: Any) -> cnnvis.Study:
    given = {
        "images": SUBJECTS[:3],
        "methods": ["saliency", "grad_cam"],
        "neurons": ("output", "c1"),
        **options,
    }
    return cnnvis.Study({"toy": network}, path=path / "study", **given)


def test_runs_are_what_explain_gives(network: Any, tmp_path: Path) -> None:
    made = study(network, tmp_path)
    assert made.run() == 3 * 2 * 2
    lines = made.runs()
    assert len(lines) == 12
    for line in lines:
        picture = PICTURES[int(line["picture"][1])]
        means = network.activations(picture, "c1").mean((0, 1))
        neuron = int(means.argmax()) if line["neuron"] == "c1" else network.predict(picture)[0].unit
        wanted = Neuron("c1" if line["neuron"] == "c1" else None, neuron)
        expected = cnnvis.explain(network, picture, line["method"], wanted)
        assert (line["layer"], line["unit"]) == (wanted.layer, wanted.unit)
        assert line["value"] == pytest.approx(expected.value, rel=1e-5)
        np.testing.assert_array_equal(made.heatmap(line), expected.heatmap())
        raw = made.store.load(line["file"])["attribution"]
        np.testing.assert_array_equal(raw, expected.attribution)


def test_an_interrupted_study_goes_on_and_a_line_that_broke_off_is_computed_again(
    network: Any, tmp_path: Path
) -> None:
    made = study(network, tmp_path)

    def stop(done: int, total: int) -> None:
        assert total == 12
        if done == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        made.run(stop)
    path = tmp_path / "study" / "runs.jsonl"
    assert len(path.read_text().splitlines()) == 5
    path.write_bytes(path.read_bytes()[:-20])  # the machine went down while it wrote
    again = study(network, tmp_path)
    assert "4 of 12" in repr(again)
    seen: list[int] = []
    assert again.run(lambda done, total: seen.append(done)) == 8
    assert seen == [*range(4, 12), 12]
    assert len(again.runs()) == 12
    assert study(network, tmp_path).run() == 0
    lines = path.read_text().splitlines()  # the broken one was cut
    assert len([line for line in lines if line.endswith("}")]) == len(lines) == 12


def test_a_changed_setting_is_told_and_an_added_one_welcome(network: Any, tmp_path: Path) -> None:
    study(network, tmp_path).run()
    with pytest.raises(InvalidValueError, match="seed was 0, is 1"):
        study(network, tmp_path, seed=1)
    layered = {"grad_cam": ("grad_cam", {"layer": "c1"})}
    with pytest.raises(InvalidValueError, match=r"methods 'grad_cam' was .*'layer': 'c1'"):
        study(network, tmp_path, methods=layered)
    other = Subject("p0", PICTURES[4])
    with pytest.raises(InvalidValueError, match="pictures 'p0' was"):
        study(network, tmp_path, images=[other])
    with pytest.raises(InvalidValueError, match="networks 'toy' was"):
        study(convolutional(seed=2), tmp_path, images=SUBJECTS[:4]).run()
    more = study(network, tmp_path, images=SUBJECTS[:4], methods=["saliency", "deconvnet"])
    assert more.run() == 2 * 2 + 3 * 2


def test_what_does_not_suit_is_a_line_and_not_an_end(network: Any, tmp_path: Path) -> None:
    made = study(network, tmp_path, methods=["cam", "saliency"], neurons=("label", "c1"))
    made.run()
    reasons = {
        line["neuron"]: line.get("unsuited") for line in made.runs() if line["method"] == "cam"
    }
    assert reasons["label"] is None
    assert "grad_cam" in reasons["c1"]
    rows = made.table("relevance_mass", by=("method", "neuron"), baselines=())
    cells = {(r["method"], r["neuron"]): r for r in rows}
    assert cells["cam", "c1"]["unsuited"] == 3
    assert cells["cam", "c1"]["value"] is None
    assert cells["cam", "label"]["n"] == 3


def test_a_metric_whose_own_network_does_not_suit_the_method_is_told_as_well(
    network: Any, tmp_path: Path
) -> None:
    made = study(
        network, tmp_path, images=SUBJECTS[:4], methods=["cam", "grad_cam"], neurons="label"
    )
    made.run()
    rows = made.table("disconnected_grid", by=("method",), baselines=())
    cells = {row["method"]: row for row in rows}
    assert (cells["cam"]["unsuited"], cells["cam"]["value"]) == (4, None)
    assert cells["grad_cam"]["unsuited"] == 0
    assert cells["grad_cam"]["value"] is not None
    told = (tmp_path / "study" / "scores.jsonl").read_text()
    assert told.count("does not. grad_cam works on any network") == 4


def test_the_table_is_means_and_intervals_of_scores_by_hand(network: Any, tmp_path: Path) -> None:
    made = study(network, tmp_path, images=SUBJECTS, neurons="output")
    made.run()
    rows = made.table(["relevance_mass", "pointing_game"], baselines=("centre", "noise"))
    cells = {(r["method"], r["metric"]): r for r in rows}
    assert {m for m, _ in cells} == {"saliency", "grad_cam", "centre", "noise"}
    masses, hits = [], []
    for number, one in enumerate(SUBJECTS):
        heatmap = cnnvis.explain(network, PICTURES[number], "saliency").heatmap().astype(float)
        mask = fitted(one.mask, (12, 10))
        masses.append(heatmap[mask].sum() / heatmap.sum())
        hits.append(mask[np.unravel_index(heatmap.argmax(), heatmap.shape)])
    mass = cells["saliency", "relevance_mass"]
    assert mass["value"] == pytest.approx(np.mean(masses), rel=1e-5)
    assert mass["low"] < mass["value"] < mass["high"]
    assert min(masses) <= mass["low"]
    assert mass["interval"] == "bootstrap over pictures"
    game = cells["saliency", "pointing_game"]
    assert (game["n"], game["value"]) == (5, np.mean(hits))
    assert (game["low"], game["high"]) == wilson(sum(hits), 5)
    assert game["interval"] == "Wilson"
    assert cells["centre", "pointing_game"]["n"] == 5


def test_scores_are_kept_and_read_again_without_the_network(network: Any, tmp_path: Path) -> None:
    made = study(network, tmp_path, neurons="output")
    made.run()
    metrics = {
        "mass": "relevance_mass",
        "near": ("pointing_game", {"tolerance": 3}),
        "deletion": ("deletion", {"steps": 4}),
        "discriminative": "discriminative",
    }
    rows = made.table(metrics)
    again = cnnvis.Study.open(tmp_path / "study")
    assert again.table(metrics) == rows  # a network of that name cannot be loaded
    assert len(again.runs()) == 6
    assert again.pictures["p1"].digest == SUBJECTS[1].digest
    with pytest.raises(UnknownNameError, match="toy"):
        again.table("stability")
    report = again.report(metrics).read_text()
    assert "## toy" in report
    assert "| saliency |" in report
    assert "| centre |" in report
    with pytest.raises(FileError, match="There is no study"):
        cnnvis.Study.open(tmp_path / "nowhere")
    with pytest.raises(UnknownNameError, match="column"):
        again.table(by=("colour",))


def test_a_baseline_that_does_not_look_at_the_network_scores_as_such(
    network: Any, tmp_path: Path
) -> None:
    made = study(network, tmp_path, images=SUBJECTS, neurons="label", keep="heatmap")
    made.run()
    rows = made.table(
        ["discriminative", "stability", "randomisation"], baselines=("centre", "edges")
    )
    cells = {(r["method"], r["metric"]): r["value"] for r in rows}
    for name in ("centre", "edges"):
        assert cells[name, "discriminative"] == pytest.approx(0.5)
        assert cells[name, "stability"] == 1
        assert cells[name, "randomisation"] == pytest.approx(1)
    assert cells["saliency", "stability"] == 1
    assert cells["saliency", "randomisation"] < 0.9


def test_pictures_by_name_scene_and_array() -> None:
    from cnnvis_widgets.zoo.evidence import scene

    pictures = subjects(["cat", "scene:3", scene(5), PICTURES[0], "scene:3:corner"])
    assert [s.name for s in pictures] == [
        "cat",
        "scene:3",
        "scene 3",
        "picture 4",
        "scene:3:corner",
    ]
    assert pictures[1].shortcut is None
    np.testing.assert_array_equal(pictures[4].shortcut, scene(3, shortcut="corner").shortcut)
    assert pictures[0].mask.shape == pictures[0].image.shape[:2]
    assert (pictures[0].unit, pictures[0].units) == (281, 1000)
    drawn = scene(3)
    np.testing.assert_array_equal(pictures[1].mask, drawn.evidence)
    assert pictures[1].unit == drawn.label
    assert [o.unit for o in pictures[1].others] == [label for label, _ in drawn.distractors]
    with pytest.raises(InvalidValueError, match="twice: cat"):
        subjects(["cat", "cat"])
    with pytest.raises(InvalidValueError, match="got none"):
        subjects([])
    for one in pictures:
        assert Subject.from_arrays(one.name, one.arrays()).digest == one.digest


def test_a_mask_is_cropped_as_its_picture(network: Any) -> None:
    """A picture that is its own mask: white where it is true."""
    mask = np.zeros((30, 50), np.bool_)
    mask[5:25, 18:40] = True
    picture = np.repeat(mask[..., None].astype(np.uint8) * 255, 3, -1)
    shown = network.prepare(picture).picture
    np.testing.assert_array_equal(fitted(mask, network.input_shape), shown[..., 0] > 127)


def test_an_opened_study_knows_all_that_was_asked(network: Any, tmp_path: Path) -> None:
    neurons = [
        "output",
        "c1",
        2,
        ("c1", 1),
        Neuron("c2", 3, "max"),
        Neuron("c1", 0, position=(4, 3)),
        Target({2: 1, 0: -1}),
    ]
    made = study(network, tmp_path, neurons=neurons)
    again = cnnvis.Study.open(tmp_path / "study")
    assert list(again.plan()) == list(made.plan())
    names = ["output", "c1", "output:2", "c1:1", "c2:3 max", "c1:0 (4, 3)", "output:2 − 0"]
    assert [run.neuron for run in made.plan()][: 2 * 7 : 2] == names
    again.networks = {"toy": network}  # its weights have no name by which they could be loaded
    assert again.run() == 3 * 7 * 2
    explained = {(line["neuron"], line["layer"], line["unit"]) for line in again.runs()}
    assert ("output:2", None, 2) in explained
    assert ("c2:3 max", "c2", 3) in explained
    assert made.run() == 0
    line = next(line for line in again.runs() if line["neuron"] == "output:2 − 0")
    asked = again.pictures[line["picture"]].image, line["method"], neurons[-1]
    heatmap = explain(network, *asked).heatmap()  # type: ignore[arg-type]
    np.testing.assert_allclose(again.heatmap(line), heatmap, rtol=1e-5, atol=1e-7)


def test_wrong_questions(network: Any, tmp_path: Path) -> None:
    for options, error in [
        ({"methods": ["grad_camera"]}, UnknownNameError),
        ({"methods": []}, InvalidValueError),
        ({"methods": ["saliency", ("saliency", {})]}, InvalidValueError),
        ({"neurons": {"other": "output"}}, InvalidValueError),
    ]:
        with pytest.raises(error):
            study(network, tmp_path, **options)
    with pytest.raises(InvalidValueError, match="at least one network"):
        cnnvis.Study([], SUBJECTS, "saliency", path=tmp_path / "a")
    with pytest.raises(InvalidValueError, match="name of its own"):
        cnnvis.Study([network, network], SUBJECTS, "saliency", path=tmp_path / "b")
