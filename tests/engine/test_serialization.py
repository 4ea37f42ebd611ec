"""What makes two requests equal, how urgent they are, and that they arrive as they were sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.target import Target
from cnnvis_widgets.engine.evidence import Judge
from cnnvis_widgets.engine.neuron_card import Gallery, OneNeuron
from cnnvis_widgets.engine.requests import Explain, Neurons, Open, Predict, Warm
from cnnvis_widgets.engine.shared.serialization import (
    Level,
    deserialize,
    level_of,
    picture_digest,
    serialize,
)
from cnnvis_widgets.engine.touch import DeletionCurve, Fields, Occlude, Superpixels
from cnnvis_widgets.engine.trust import RandomTopLayer, TrustChecks

IMAGE = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
ASKED = Explain("net", "cat", "lime", Neuron("conv", 3), 7, {"samples": 60, "block": 8})
MASK = np.eye(4, dtype=bool) | (np.arange(4) > 2)
OTHERS: list[Any] = [
    replace(ASKED, network="other"),
    replace(ASKED, image="dog"),
    replace(ASKED, image=IMAGE),
    replace(ASKED, image=IMAGE[::-1]),
    replace(ASKED, image=IMAGE.reshape(5, 4, 3)),
    replace(ASKED, method="saliency"),
    replace(ASKED, neuron=None),
    replace(ASKED, neuron=Neuron("conv", 3, "max")),
    replace(ASKED, neuron=Neuron("conv", 3, position=(1, 2))),
    replace(ASKED, neuron=Target({3: 1.0, 4: -1.0}, layer="conv")),
    replace(ASKED, neuron=Target({3: 1.0, 4: -2.0}, layer="conv")),
    replace(ASKED, neuron=Target(3, layer="conv", mask=MASK)),
    replace(ASKED, neuron=Target(3, layer="conv", mask=MASK.T)),
    replace(ASKED, parameters={"values": np.arange(5000.0)}),
    replace(ASKED, parameters={"values": np.arange(5000.0) + (np.arange(5000) == 2500)}),
    replace(ASKED, seed=8),
    replace(ASKED, parameters={"samples": 61, "block": 8}),
    replace(ASKED, parameters={"samples": 60}),
    Open("net"),
    Predict("net", "cat"),
    Predict("net", "cat", 6),
    Warm("net", "cat"),
    Neurons("net", "cat", "conv"),
    Neurons("net", "cat", "conv", side=9),
    OneNeuron("net", "cat", "conv", 3),
    OneNeuron("net", IMAGE, "conv", 3),
    Gallery("net", "conv", 3, ("cat", "dog")),
    Gallery("net", "conv", 3, ("dog", "cat")),
    Judge(("net",)),
    Judge(("net", "other")),
    TrustChecks("net", "cat", "lime", Neuron("conv", 3), 7, {"samples": 60, "block": 8}),
    Fields("net", "conv"),
    Superpixels("net", "cat"),
    Occlude("net", "cat", ((0, 1, 2, 3),), (), (1,)),
    Occlude("net", "cat", ((0, 1, 2, 4),), (), (1,)),
    Occlude("net", "cat", (), (2,), (1,)),
    DeletionCurve("net", "cat", "lime", Neuron("conv", 3), 7, {"samples": 60, "block": 8}),
    RandomTopLayer("net", "cat", "lime", Neuron("conv", 3), 7, {"samples": 60, "block": 8}),
]


def test_each_field_counts_and_nothing_else() -> None:
    keys = [serialize(request).key for request in (ASKED, *OTHERS)]
    assert len(set(keys)) == len(keys)
    twin = Explain("".join(["n", "et"]), "cat", "lime", Neuron("conv", 3), 7,
                   {"block": 8, "samples": 60})  # fmt: skip
    assert serialize(twin).key == keys[0]
    assert serialize(replace(ASKED, image=IMAGE.copy(order="F"))).key == keys[3]


@pytest.mark.parametrize("request_", [ASKED, *OTHERS], ids=lambda r: type(r).__name__)
def test_a_request_arrives_as_it_was_sent(request_: Any) -> None:
    serialized = serialize(request_)
    arrived = deserialize(serialized.data, serialized.pictures.__getitem__)
    image = getattr(request_, "image", None)
    if isinstance(image, np.ndarray):
        assert list(serialized.pictures) == [picture_digest(image)]
        assert arrived.image.dtype == image.dtype
        np.testing.assert_array_equal(arrived.image, image)
        assert image.tobytes() not in serialized.data
        arrived = replace(arrived, image=None)
        request_ = replace(request_, image=None)
    else:
        assert serialized.pictures == {}
    assert serialize(arrived).key == serialize(request_).key
    if not any(isinstance(one, np.ndarray) for one in getattr(request_, "parameters", {}).values()):
        assert arrived == request_


def test_how_urgent_a_request_is() -> None:
    assert level_of(Open("net")) == level_of(Predict("net", "cat")) == Level.QUICK
    assert level_of(Explain("net", "cat", "guided_backprop")) == Level.QUICK
    assert level_of(Explain("net", "cat", "activation_maximization")) == Level.LONG
    assert level_of(Explain("net", "cat", "lime")) == level_of(Judge(("net",))) == Level.LONG
    assert level_of(Explain("net", "cat", "no such method")) == Level.QUICK
    assert level_of(Warm("net", "cat")) == Level.IDLE
    assert level_of(RandomTopLayer("net", "cat", "saliency")) == Level.IDLE
    assert level_of(Occlude("net", "cat")) == Level.QUICK
    assert level_of(OneNeuron("net", "cat", "conv", 3)) == Level.QUICK
    assert level_of(Gallery("net", "conv", 3, ("cat",))) == Level.LONG
    assert level_of(DeletionCurve("net", "cat", "saliency")) == Level.LONG
    assert level_of(TrustChecks("net", "cat", "saliency")) == Level.QUICK
