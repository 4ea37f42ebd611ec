"""The stored plans against the real Keras models, and against the papers' own numbers."""

from __future__ import annotations

import pytest

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.zoo.loading import architectures
from cnnvis_widgets.zoo.plans import load_plan, plans


def test_the_thesis_seven_are_there():
    assert plans() == [
        "lenet5",
        "alexnet",
        "vgg16",
        "resnet50",
        "inception_v3",
        "xception",
        "mobilenet_v2",
    ]


@pytest.mark.parametrize("name", plans())
def test_all_parameters_are_there(name):
    assert sum(x.parameters for x in load_plan(name)) == architectures()[name].parameters


@pytest.mark.parametrize("name", ["lenet5", "vgg16", "mobilenet_v2"])
def test_a_stored_plan_is_that_of_the_keras_model(name):
    import keras

    keras.backend.clear_session()  # Keras counts the layers that have no name of their own
    assert Network(architectures()[name].build()).plan == load_plan(name)


def test_vgg16_is_the_published_one():
    """Simonyan & Zisserman 2015, table 1, column D: 13 convolutions of 3 × 3 and 3 dense layers."""
    layers = load_plan("vgg16")
    convolutions = [x for x in layers if x.kind == "Conv2D"]
    assert [x.output_shape[-1] for x in convolutions] == [64] * 2 + [128] * 2 + [256] * 3 + [
        512
    ] * 6
    assert {x.kernel for x in convolutions} == {(3, 3)}
    assert [x.output_shape for x in layers if x.kind == "Dense"] == [(4096,), (4096,), (1000,)]
    # 3 × 3 thirteen times, four poolings in between: 1 + 2·(2 + 4 + 12 + 24 + 48) + 1 + 2 + 4 + 8
    assert convolutions[-1].field.size == (196, 196)


def test_alexnets_last_convolution_sees_163_pixels():
    """11, 19, 51, 67, 99, 131, 163, and 195 after the last pooling; on both cards alike."""
    fields = [x.field.size[0] for x in load_plan("alexnet") if x.field]
    assert list(dict.fromkeys(fields)) == [11, 19, 51, 67, 99, 131, 163, 195]


def test_joins_name_their_branches():
    mixed = next(x for x in load_plan("inception_v3") if x.name == "mixed0")
    assert len(mixed.inputs) == 4
    added = next(x for x in load_plan("resnet50") if x.name == "conv2_block1_add")
    assert set(added.inputs) == {"conv2_block1_0_bn", "conv2_block1_3_bn"}


def test_another_name_is_an_error_that_says_which_there_are():
    with pytest.raises(UnknownNameError, match=r"'vgg19'.*'vgg16'"):
        load_plan("vgg19")
