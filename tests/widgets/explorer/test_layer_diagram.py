"""The diagram of a network's layers: nothing overlaps, whichever blocks are open."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from pickers import from_page

from cnnvis_widgets.backend.records import LayerInfo
from cnnvis_widgets.engine.requests import NetworkFacts
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import LayerPicker
from cnnvis_widgets.widgets.explorer.explorer_records import CLASSES, layer_records
from cnnvis_widgets.widgets.explorer.layer_diagram import layer_diagram, units_of
from cnnvis_widgets.zoo.plans import load_plan


def records_of(name: str) -> list[dict[str, Any]]:
    plan = load_plan(name)
    infos = tuple(LayerInfo(p.name, p.kind, p.output_shape, p.output_shape[-1]) for p in plan)
    return layer_records(NetworkFacts(name, infos, ("one", "other"), {}, "", plan))


def frame(box: dict[str, Any]) -> tuple[float, float, float, float]:
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]


def curve(points: list[tuple[float, float]]) -> np.ndarray:
    """Places on a line, as `pathOf` in layer_diagram.js draws it: (places, 2)."""
    t = np.linspace(0, 1, 21)
    parts = []
    for (x0, y0), (x1, y1) in pairwise(points):
        xs = x0 + (x1 - x0) * (3 * t**2 - 2 * t**3)  # control points above and below the ends
        parts.append(
            np.stack([xs, y0 * (1 - t) ** 3 + 1.5 * (y0 + y1) * t * (1 - t) + y1 * t**3], 1)
        )
    return np.concatenate(parts)


@pytest.mark.parametrize(("name", "blocks"), [("mobilenet_v2", 19), ("inception_v3", 14)])
@pytest.mark.parametrize("opened", ["none", "one", "all"])
def test_no_box_lies_on_another_and_no_line_crosses_one(
    name: str, blocks: int, opened: str
) -> None:
    records = records_of(name)
    keys = [unit.key for unit in units_of(records) if unit.folds]
    assert len(keys) == blocks
    unfolded = {"none": [], "one": keys[5:6], "all": keys}[opened]
    diagram = layer_diagram(records, unfolded)
    frames = {box["key"]: frame(box) for box in diagram["boxes"] if box["open"]}
    solid = [(box, frame(box)) for box in diagram["boxes"] if not box["open"]]
    layers = [box["key"] for box, _ in solid if box["open"] is None]
    if opened == "all":
        assert sorted(layers) == sorted(record["name"] for record in records)
    left, top, right, bottom = np.array([place for _, place in solid]).T[:, :, None]
    apart = (right <= left.T) | (left >= right.T) | (bottom <= top.T) | (top >= bottom.T)
    assert (apart | np.eye(len(solid), dtype=bool)).all()
    x, y = np.concatenate([curve(line) for line in diagram["lines"]]).T
    assert not ((left + 0.1 < x) & (x < right - 0.1) & (top + 0.1 < y) & (y < bottom - 0.1)).any()
    for box, (x0, y0, x1, y1) in solid:
        around = [f for f in frames.values() if f[0] < x0 and f[1] < y0 and f[2] > x1 and f[3] > y1]
        assert len(around) == box["level"] - 1
        assert 0 <= x0 < x1 <= diagram["width"]
        assert 0 <= y0 < y1 <= diagram["height"]
    assert len(diagram["lines"]) >= len(solid) - 1  # all hang together


def test_an_open_block_shows_its_branches_and_where_they_join() -> None:
    records = records_of("inception_v3")
    block = next(unit for unit in units_of(records) if unit.name == "mixed4")
    folded = layer_diagram(records, [])
    box = next(box for box in folded["boxes"] if box["key"] == block.key)
    assert (box["open"], box["layers"], box["branches"]) == (False, len(block.layers), 4)
    assert box["shape"] == [17, 17, 768]
    opened = {b["key"]: b for b in layer_diagram(records, [block.key])["boxes"]}
    join = opened["mixed4"]
    assert (join["sort"], len(join["inputs"]), join["level"]) == ("join", 4, 2)
    ends = [opened[name] for name in join["inputs"]]
    assert len({end["x"] for end in ends}) == 4
    assert all(end["y"] < join["y"] for end in ends)


def test_layers_without_inputs_stand_in_a_row_and_the_output_comes_last() -> None:
    bare = [
        {"name": name, "kind": "Dense", "shape": [units], "units": units, "group": ""}
        for name, units in (("one", 5), ("two", 4), ("three", 2))
    ]
    picker = LayerPicker(layers=bare, view="diagram")
    boxes = picker._diagram["boxes"]
    assert [box["inputs"] for box in boxes] == [[], ["one"], ["two"]]
    assert boxes[0]["y"] < boxes[1]["y"] < boxes[2]["y"]
    layers = layer_diagram(records_of("vgg16"), [])["boxes"]
    assert layers[-1]["key"] == CLASSES
    assert layers[-1]["inputs"] == ["predictions"]


def test_the_diagram_is_made_when_it_is_wanted_and_opens_the_chosen_block() -> None:
    picker = LayerPicker(layers=records_of("mobilenet_v2"), value="block_2_project")
    assert picker._diagram == {}
    from_page(picker, view="diagram")
    assert picker.unfolded == ["block_2_expand"]
    opened = [box["key"] for box in picker._diagram["boxes"] if box["open"]]
    assert opened == ["block_2_expand"]
    from_page(picker, unfolded=["block_7_expand", "no such layer", "block_7_expand"])
    assert picker.unfolded == ["block_7_expand"]
    picker.value = "block_2_add"
    assert picker.unfolded == ["block_7_expand", "block_2_expand"]
    picker.layers = records_of("vgg16")
    assert (picker.value, picker.view) == ("", "diagram")
    assert all(box["open"] is not False for box in picker._diagram["boxes"])  # few layers: all open
    with pytest.raises(InvalidValueError, match=r"list of layers' names; got \[3\]"):
        picker.unfolded = [3]
    with pytest.raises(UnknownNameError, match=r"'map'.*list, diagram"):
        picker.view = "map"
