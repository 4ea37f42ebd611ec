"""The diagram without a browser: which boxes there are, what they say, what is refused."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import ArchitectureDiagram
from cnnvis_widgets.zoo.plans import load_plan


class Bare(NamedTuple):
    """What `network.layers` knows of a layer."""

    name: str
    kind: str
    output_shape: tuple
    units: int


BARE = [Bare("one", "Conv2D", (20, 30, 4), 4), Bare("two", "Dense", (7,), 7)]


def test_records_without_inputs_stand_in_a_row():
    diagram = ArchitectureDiagram(BARE)
    assert [box.inputs for box in diagram.boxes] == [("",), ("one",)]
    assert [box["place"] for box in diagram._data["boxes"]] == [(1, 0.0), (2, 0.0)]
    assert [box.sort for box in diagram.boxes] == ["convolution", "dense"]


def test_vgg16_folded_and_unfolded():
    diagram = ArchitectureDiagram(load_plan("vgg16"))
    assert len(diagram.boxes) == 13 + 5 + 3
    assert diagram.parameters == 138_357_544
    last = diagram.boxes[-3]
    assert (last.name, last.parameters, last.inputs) == ("fc1", 102_764_544, ("block5_pool",))
    first = diagram.boxes[0]
    assert first.window == "3 × 3, stride 1, same"
    assert first.field == "a place sees 3 × 3 pixels"
    before = diagram.boxes[-4]
    assert (before.shape, before.then) == ((7, 7, 512), ("Flatten",))
    unfolded = ArchitectureDiagram(load_plan("vgg16"), fold=False)
    assert [box.name for box in unfolded.boxes] == [x.name for x in load_plan("vgg16")]
    assert unfolded.parameters == diagram.parameters


def test_a_residual_block_has_its_shortcut():
    diagram = ArchitectureDiagram(
        load_plan("resnet50"), first="conv2_block2_1_conv", last="conv2_block2_out"
    )
    names = [box.name for box in diagram.boxes]
    assert names == [f"conv2_block2_{part}" for part in ("1_conv", "2_conv", "3_conv", "add")]
    assert diagram.boxes[0].then == ("BatchNormalization", "Activation")
    assert diagram.boxes[2].then == ("BatchNormalization",)  # rectified only after the sum
    assert diagram.boxes[3].then == ("Activation",)
    lines = diagram._data["edges"]
    assert len(lines) == 5
    assert max(len(line) for line in lines) == 5  # from before the block to its sum
    block = [x for x in load_plan("resnet50") if x.name.startswith("conv2_block2_")]
    assert diagram.parameters == sum(x.parameters for x in block)


def test_inceptions_four_branches_join():
    plan = load_plan("inception_v3")
    names = [x.name for x in plan]
    pool = names.index("mixed0")
    start = max(i for i, x in enumerate(plan[:pool]) if x.kind == "MaxPooling2D") + 1
    diagram = ArchitectureDiagram(plan, first=names[start], last="mixed0")
    join = diagram.boxes[-1]
    assert (join.kind, join.sort, len(join.inputs)) == ("Concatenate", "join", 4)
    assert sum(1 for box in diagram.boxes if box.inputs == (names[start - 1],)) == 4


def test_what_others_take_before_it_is_rectified_is_not_folded():
    class Record(NamedTuple):
        name: str
        kind: str
        output_shape: tuple
        inputs: tuple

    layers = [
        Record("conv", "Conv2D", (4, 5, 2), ("",)),
        Record("relu", "ReLU", (4, 5, 2), ("conv",)),
        Record("sum", "Add", (4, 5, 2), ("conv", "relu")),
    ]
    boxes = ArchitectureDiagram(layers).boxes
    assert [(box.name, box.inputs) for box in boxes] == [
        ("conv", ("",)),
        ("relu", ("conv",)),
        ("sum", ("conv", "relu")),
    ]


def test_the_chosen_box_is_one_that_is_there():
    diagram = ArchitectureDiagram(BARE, value="two")
    with pytest.raises(UnknownNameError, match=r"'three'.*one, two"):
        diagram.value = "three"
    assert diagram.value == "two"
    diagram.set_state({"value": "three"})
    assert "three" in diagram.error


def test_what_gives_no_diagram_is_refused():
    with pytest.raises(InvalidValueError, match="at least one layer"):
        ArchitectureDiagram([])
    with pytest.raises(UnknownNameError, match=r"'ones'.*'one'"):
        ArchitectureDiagram(BARE, first="ones")
    with pytest.raises(InvalidValueError, match="'two' comes after 'one'"):
        ArchitectureDiagram(BARE, first="two", last="one")
    with pytest.raises(UnknownNameError, match="argument of ArchitectureDiagram"):
        ArchitectureDiagram(BARE, folded=True)
