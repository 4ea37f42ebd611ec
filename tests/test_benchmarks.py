"""The arithmetic and the printing of benchmarks/, on numbers made up by hand. No clock here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks_path import BENCHMARKS, importable

__all__ = ["importable"]

# The second round was slow, everything twice as long: a ratio must not notice.
OURS = [
    {"forward": 0.1, "forward_backward": 0.2, "saliency": 0.21, "grad_cam": 0.12},
    {"forward": 0.2, "forward_backward": 0.4, "saliency": 0.42, "grad_cam": 0.24},
    {"forward": 0.1, "forward_backward": 0.2, "saliency": 0.25, "grad_cam": 0.11},
]
THEIRS = [
    {"forward": 0.1, "forward_backward": 0.25, "saliency": 0.42},
    {"forward": 0.2, "forward_backward": 0.50, "saliency": 0.63},
    {"forward": 0.1, "forward_backward": 0.25, "saliency": 1.00},
]


def test_median_and_quartiles_of_the_values_at_hand() -> None:
    from ratios import spread

    assert spread([5.0, 1.0, 3.0, 2.0, 4.0]) == (3.0, 2.0, 4.0)
    assert spread([1.0, 2.0]) == (1.5, 1.25, 1.75)
    assert spread([7.0]) == (7.0, 7.0, 7.0)
    with pytest.raises(ValueError, match="at least one"):
        spread([])


def test_ratios_are_taken_within_a_round() -> None:
    from ratios import ratio

    # 1.05, 1.05, 1.25; the ratio of the medians would be 0.25 / 0.2 = 1.25.
    assert ratio(OURS, "saliency", "forward_backward") == pytest.approx((1.05, 1.05, 1.15))
    assert ratio(OURS, "grad_cam", "forward").median == pytest.approx(1.2)


def test_a_peer_is_compared_round_by_round_and_above_one_ours_is_faster() -> None:
    from ratios import beside

    # 2, 1.5 and 4
    assert beside(THEIRS, OURS, "saliency") == pytest.approx((2.0, 1.75, 3.0))
    with pytest.raises(ValueError):
        beside(THEIRS[:2], OURS, "saliency")


def test_compiling_is_the_first_call_without_a_usual_one() -> None:
    from ratios import compile_seconds

    assert compile_seconds(3.0, OURS, "saliency") == pytest.approx(2.75)
    assert compile_seconds(0.1, OURS, "saliency") == 0.0


def test_a_promise_is_met_up_to_its_very_value() -> None:
    from ratios import verdict

    assert verdict("saliency", 1.05) == "≤ 1.05 met"
    assert verdict("network_inversion", 9.0) == "for information"
    assert verdict("grad_cam", 1.38) == "≤ 1.15 missed by 20 %"


def test_every_method_has_a_raw_work_and_a_promise() -> None:
    from ratios import DENOMINATORS, TARGETS
    from tables import WORDS
    from worker import BASELINES, METHODS, SLOW_BASELINES, SLOW_METHODS

    assert list(DENOMINATORS) == [*METHODS, *SLOW_METHODS]
    assert set(DENOMINATORS) - set(TARGETS) == {"network_inversion"}
    quick = {raw for method, raw in DENOMINATORS.items() if method in METHODS}
    assert quick == set(BASELINES)
    assert set(DENOMINATORS.values()) - quick == set(SLOW_BASELINES)
    assert list(WORDS) == [*BASELINES, *METHODS, *SLOW_BASELINES, *SLOW_METHODS]


def test_raw_batches_are_as_large_as_ours() -> None:
    from worker import BACKWARD_BATCH, FORWARD_BATCH

    from cnnvis_widgets.methods.batches import BACKWARD, FORWARD, batches

    for wanted, pixels in ((FORWARD_BATCH, FORWARD), (BACKWARD_BATCH, BACKWARD)):
        assert len(next(iter(batches(1000, (224, 224, 3), pixels)))) == wanted


def test_slow_works_have_rounds_of_their_own_and_set_up_a_promise() -> None:
    from tables import tables

    slow = [{"forward_1000": 10.0, "lime": 12.0}, {"forward_1000": 20.0, "lime": 20.0}]
    quick = [{**r, "deep_taylor": 0.4} for r in OURS]
    first = {"saliency": 3.0, "grad_cam": 3.0, "deep_taylor": 3.9, "lime": 14.0}
    ours = record(quick, ["activation_maximization"], slow_rounds=slow, first=first)
    result = {"networks": {"efficientnet_lite0": {"cnnvis": ours}}}
    ratios, milliseconds, *_ = tables(result)
    rows = {row[0]: row[1:] for row in ratios.rows}
    assert list(rows) == ["saliency", "Grad-CAM", "Deep Taylor", "LIME, 1000 samples"]
    deep, lime = rows["Deep Taylor"], rows["LIME, 1000 samples"]
    assert deep[1:] == ["2.00 (1.50–2.00)", "≤ 2.20 met"]
    assert lime == ["1000 raw forwards, batched", "1.10 (1.05–1.15)", "≤ 1.05 missed by 5 %"]
    assert "cnnvis: set-up of Deep Taylor 3.5 s, ≤ 3 s missed by 0.5 s." in ratios.notes
    assert "cnnvis: no activation maximisation, 200 steps." in ratios.notes
    assert ["LIME, 1000 samples", "16000.0"] in [list(row) for row in milliseconds.rows]


def test_many_pictures_are_told_as_pictures_per_second() -> None:
    from tables import tables
    from worker import BATCH

    # Saliency takes 0.25 s one by one (the median): together 0.1 s each, 2.5 times as fast.
    together = [
        {"forward_backward_batch": BATCH / 8, "batch saliency": BATCH * 0.1, "batch lime": 1.0}
    ]
    ours = record(OURS, [], batch_rounds=together)
    theirs = record(THEIRS, ["grad_cam"], batch_rounds=[{"batch grad_cam": BATCH * 0.5}])
    result = {"networks": {"efficientnet_lite0": {"cnnvis": ours, "captum": theirs}}}
    (batches,) = [table for table in tables(result) if "per second" in table.title]
    assert batches.header == ["", "cnnvis (× one by one)", "captum (× one by one)"]
    assert batches.rows == [["saliency", "10.0 (2.50 ×)", "–"], ["Grad-CAM", "–", "2.0"]]
    assert batches.notes == [
        "cnnvis: raw forward + backward in batches of 5: 8.0 pictures per second."
    ]


def test_columns_stand_under_each_other() -> None:
    from tables import Table

    table = Table("Title", ["", "a", "wide one"], [["row", "1.05", "2"], ["longer row", "3", "–"]])
    assert table.plain().splitlines() == [
        "Title",
        "",
        "               a  wide one",
        "----------  ----  --------",
        "row         1.05         2",
        "longer row     3         –",
    ]
    assert table.markdown().splitlines()[2:] == [
        "|  | a | wide one |",
        "| --- | ---: | ---: |",
        "| row | 1.05 | 2 |",
        "| longer row | 3 | – |",
    ]


def record(rounds: list[dict[str, float]], absent: list[str], **more: Any) -> dict[str, Any]:
    methods = [m for m in rounds[0] if m not in ("forward", "forward_backward")]
    return {
        "rounds": rounds,
        "cold": 12.34,
        "phases": {"import": 10.0, "network": 1.0},
        "first": dict.fromkeys(methods, 3.0),
        "memory": 7.1e8,
        "absent": dict.fromkeys(absent, "not offered"),
        "remark": "",
        "plain": [],
        "agreement": dict.fromkeys(methods, 0.5),
        **more,
    }


def test_the_tables_of_a_whole_result() -> None:
    from tables import tables

    full = [{**r, "deconvnet": 0.2, "guided_backprop": 0.2, "guided_grad_cam": 0.5} for r in OURS]
    absent = ["deconvnet", "guided_backprop", "grad_cam", "guided_grad_cam"]
    result = {
        "networks": {
            "vgg16": {
                "cnnvis": record(full, []),
                "captum": record(THEIRS, absent, remark="Two threads.", agreement={"saliency": 1}),
                "xplique": {"failed": "no registry"},
            }
        }
    }
    ratios, milliseconds, start, agreement = tables(result)
    assert ratios.header == ["", "of", "cnnvis", "captum", "cnnvis's promise"]
    saliency, deconvnet, _, grad_cam, _ = ratios.rows
    assert saliency[1:] == [
        "forward + backward",
        "1.05 (1.05–1.15)",
        "1.68 (1.47–2.84)",  # 0.42 / 0.25, 0.63 / 0.5, 1 / 0.25: 1.68, 1.26, 4
        "≤ 1.05 met",
    ]
    assert deconvnet[3] == "–"
    assert grad_cam[1:3] == ["forward", "1.20 (1.15–1.20)"]
    assert "xplique: not measured: no registry" in ratios.notes
    assert "captum: Two threads." in ratios.notes
    assert milliseconds.rows[0][1:] == ["100.0", "100.0 (1.00 ×)"]
    assert milliseconds.rows[2][1:] == ["250.0", "630.0 (2.00 ×)"]
    assert start.rows[0][1:] == ["12.3", "12.3"]
    assert start.rows[3][1:] == ["–", "–"]
    assert start.rows[4][1:] == ["2.8", "2.4"]
    assert start.rows[-1][1:] == ["710", "710"]
    assert [row[1] for row in agreement.rows] == ["1.000", "–", "–", "–", "–"]


def test_maps_of_unequal_size_are_compared_at_the_larger() -> None:
    from agreement import at_size, correlation

    small = np.array([[0.0, 4.0, 8.0]])
    # Half-pixel centres: each pixel's two halves are a quarter of a step to its left and right.
    np.testing.assert_allclose(at_size(small, 2, 6), [[0, 1, 3, 5, 7, 8]] * 2)
    ours = np.zeros((1, 2, 6, 3))
    ours[0, :, :, 1] = -np.array([0, 1, 3, 5, 7, 8])  # the sign and the channel do not matter
    assert correlation(small[None], ours) == pytest.approx(1)
    assert correlation(8 - small[None], ours) == pytest.approx(-1)
    assert correlation(np.ones((1, 2, 6)), ours) is None


def test_a_gradient_under_another_name_is_found(tmp_path: Path) -> None:
    from agreement import plain_gradients

    maps = {"saliency": [[1.0, 2.0]], "deconvnet": [[1.0, -2.0]], "guided_backprop": [[1.0, 0.0]]}
    for name, values in maps.items():
        np.save(tmp_path / f"measure_peer-{name}.npy", np.array(values)[None, ..., None])
    assert plain_gradients(tmp_path, "measure_peer", list(maps)) == ["deconvnet"]
    assert plain_gradients(tmp_path, "measure_peer", ["deconvnet"]) == []


def test_every_peer_has_its_script_and_pins() -> None:
    from contestants import OURS, PEERS

    assert OURS.script.is_file()
    for peer in PEERS:
        assert peer.script.is_file()
        pins = [line for line in peer.pins.read_text().splitlines() if not line.startswith("#")]
        assert pins and all("==" in line for line in [*pins, *filter(None, [peer.alone])])


def test_an_environment_that_cannot_be_made_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import environments
    from contestants import PEERS

    monkeypatch.setattr(environments, "FOLDER", tmp_path)
    monkeypatch.setattr(environments.venv, "create", lambda place, with_pip: place.mkdir())

    class Refused:
        returncode, stderr = 1, "WARNING: retrying\nERROR: No matching distribution found\n"

    monkeypatch.setattr(environments.subprocess, "run", lambda *a, **k: Refused)
    messages: list[str] = []
    with pytest.raises(environments.EnvironmentMissing, match="No matching distribution"):
        environments.python_of(PEERS[0], messages.append)
    assert messages and PEERS[0].name in messages[0]
    assert not list(tmp_path.rglob("installed.txt"))  # so the next run tries again


def test_a_contestant_that_dies_says_its_last_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from contestants import Contestant
    from session import ContestantFailed, Running

    script = tmp_path / "measure_dead.py"
    script.write_text("import sys; sys.exit('no such class')")
    monkeypatch.setattr(Contestant, "script", property(lambda self: script))
    with pytest.raises(ContestantFailed, match="no such class"):
        Running(Contestant("dead"), Path(sys.executable), "vgg16", tmp_path)
    script.write_text("import os, sys; print('fine', file=sys.stderr); os.kill(os.getpid(), 9)")
    with pytest.raises(ContestantFailed, match="signal 9"):
        Running(Contestant("dead"), Path(sys.executable), "vgg16", tmp_path)


def test_a_contestant_answers_each_round(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from contestants import Contestant
    from session import Running, take_turns
    from worker import BASELINES

    script = tmp_path / "measure_fake.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r})\n"
        "import numpy as np\n"
        "from worker import Works, serve\n"
        "def work():\n"
        "    print('chatter')\n"  # a library that prints must not spoil the answers
        "    return np.ones((1, 5, 4, 3))\n"
        f"raw = dict.fromkeys({BASELINES!r}, work)\n"
        "def many():\n"
        "    return np.ones((15, 5, 4, 3))\n"
        "calls = {'saliency': lambda: work}\n"
        "batches = {'saliency': lambda: many}\n"
        "serve(lambda task: Works(raw, calls, {'fake': '1'}, batches=batches))\n"
    )
    monkeypatch.setattr(Contestant, "script", property(lambda self: script))
    one = Running(Contestant("fake"), Path(sys.executable), "vgg16", tmp_path, ["batch"])
    try:
        take_turns([one], 3)
        take_turns([one], 2, "batch")
        assert [list(turn) for turn in one.batch_rounds] == [["batch saliency"]] * 2
        assert len(one.rounds) == 3
        assert set(one.rounds[0]) == {*BASELINES, "saliency"}
        assert min(one.rounds[0].values()) >= 0
        assert one.memory() > 1e6
    finally:
        one.stop()
    assert one.process.returncode == 0
    assert np.load(tmp_path / "measure_fake-saliency.npy").shape == (1, 5, 4, 3)
