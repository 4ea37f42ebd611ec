"""The explorer's controller with a made-up engine: what is asked when, and where answers go."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from engine_double import EngineDouble
from explorer_answers import explained, failing, made_up

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.target import Target
from cnnvis_widgets.engine.requests import (
    Explain,
    Neurons,
    Open,
    Predict,
)
from cnnvis_widgets.engine.trust import RandomTopLayer, TrustChecks
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError, UnsuitableError
from cnnvis_widgets.methods.contract import Curve
from cnnvis_widgets.widgets.explorer.explorer import Explorer
from cnnvis_widgets.widgets.explorer.explorer_records import CLASSES


def test_at_first_the_most_probable_class_of_the_cat_is_explained(engine: EngineDouble) -> None:
    explorer = Explorer(engine=engine)  # type: ignore[arg-type]
    assert engine.requests == [Open("efficientnet_lite0")]  # nothing else before it is known
    engine.answer_all()
    kinds = [type(r) for r in engine.requests]
    assert kinds == [Open, Explain, Predict, TrustChecks, RandomTopLayer]
    assert (engine.requests[1].image, engine.requests[1].neuron) == ("cat", None)
    assert explorer.view.title == "grad_cam of 2 in None"
    assert explorer.predictions.value == 2  # told by the answer, and not asked for again
    assert [r["name"] for r in explorer.layers.layers][:2] == [CLASSES, "stem_conv"]
    assert explorer.layers.layers[2]["group"] == "block1"


def test_a_class_is_chosen(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.predictions.value = 1
    assert explained(engine).neuron == Neuron(None, 1)
    engine.answer_all()
    assert explorer.view.title == "grad_cam of 1 in None"
    assert np.frombuffer(explorer.view.heatmap, "<f4")[0] == 2


def test_a_layer_shows_its_most_active_neurons_and_explains_the_first(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.layers.value = "block1_conv"
    assert engine.requests == [Neurons("efficientnet_lite0", "cat", "block1_conv", 4096, 40)]
    engine.answer_all()
    assert [n["unit"] for n in explorer.neurons.neurons] == [3, 1, 0]
    assert explorer.neurons.sheet.startswith(b"\x89PNG")
    assert list(explorer.neurons.positions) == [3, 4]
    assert explained(engine).neuron == Neuron("block1_conv", 3)
    assert explorer.predictions.layout.display == "none"
    engine.requests.clear()
    explorer.neurons.position = [2, 1]
    assert explained(engine).neuron == Neuron("block1_conv", 3, "sum", (2, 1))
    engine.requests.clear()
    explorer.neurons.position = None
    explorer.neurons.aggregate = "max"
    assert engine.requests[-1].neuron == Neuron("block1_conv", 3, "max")


def test_the_class_follows_the_picture_until_one_is_chosen(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.pictures.value = "coffee"
    assert (explained(engine).image, explained(engine).neuron) == ("coffee", None)


def test_an_upload_is_explained_by_its_pixels(explorer: Explorer, engine: EngineDouble) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    explorer.pictures.add(pixels, "mine.png")
    assert np.array_equal(explained(engine).image, pixels)


def test_another_method_brings_its_own_parameters(explorer: Explorer, engine: EngineDouble) -> None:
    assert explorer.parameters.parameters[0]["choices"] == ["", "stem_conv", "block1_conv"]
    explorer.parameters.value = {"layer": "stem_conv"}
    assert explained(engine).parameters == {"layer": "stem_conv", "sign": "positive"}
    engine.answer_all()
    engine.requests.clear()
    explorer.methods.value = "saliency"
    assert explained(engine).parameters == {}
    assert explorer.parameters.parameters == []


def test_an_error_stands_beside_the_control_and_the_picture_stays(
    explorer: Explorer, engine: EngineDouble
) -> None:
    before = explorer.view.heatmap
    engine.make = failing(UnsuitableError("no rows and columns; use saliency"))
    explorer.methods.value = "guided_backprop"
    engine.answer_all()
    assert explorer.methods.error == "no rows and columns; use saliency"
    assert explorer.view.error == "no rows and columns; use saliency"
    assert explorer.view.heatmap == before
    assert explorer.header.working == ""
    engine.make = failing(ZeroDivisionError("inside"))
    explorer.methods.value = "saliency"
    engine.answer_all()
    assert "ZeroDivisionError: inside" in explorer.methods.error  # a sentence, no traceback
    engine.make = made_up
    explorer.methods.value = "grad_cam"
    engine.answer_all()
    assert explorer.methods.error == explorer.view.error == ""


def test_a_wrong_parameter_s_error_stands_beside_the_parameters(
    explorer: Explorer, engine: EngineDouble
) -> None:
    engine.make = failing(UnsuitableError("the neuron does not depend on it"))
    explorer.parameters.value = {"layer": "stem_conv"}
    engine.answer_all()
    assert explorer.parameters.error == "the neuron does not depend on it"
    assert explorer.methods.error == ""


def test_methods_that_do_not_suit_say_why_and_another_is_taken(engine: EngineDouble) -> None:
    engine.make = lambda request: made_up(request, {"grad_cam": "there is no map"})
    explorer = Explorer(engine=engine)  # type: ignore[arg-type]
    engine.answer_all()
    record = next(r for r in explorer.methods.methods if r["name"] == "grad_cam")
    assert (record["suits"], record["why"]) == (False, "there is no map")
    assert explorer.methods.value not in ("", "grad_cam")
    assert explorer.view.title


def test_the_first_neuron_may_be_given(engine: EngineDouble) -> None:
    explorer = Explorer(neuron=Neuron("block1_conv", 1, "max"), engine=engine)  # type: ignore[arg-type]
    engine.answer_all()
    asked = [r for r in engine.requests if type(r) is Explain]
    assert asked[0].neuron == Neuron("block1_conv", 1, "max")
    assert explorer.layers.value == "block1_conv"
    with pytest.raises(UnsuitableError, match=r"single neurons.*cnnvis.explain takes"):
        Explorer(neuron=Target({1: 1, 2: -1}), engine=engine)  # type: ignore[arg-type]


def test_closing_and_cancelling_stop_the_work(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.header._handle_custom_msg({"kind": "touched"}, [])
    explorer.predictions.value = 1
    explorer.cancel()
    assert {"open", "predict", "explain", "warm"} <= set(engine.cancelled)
    assert explorer.header.working == ""
    explorer.close()
    assert explorer.view.comm is None


def test_an_answer_that_improves_is_shown_and_stays_when_it_is_stopped(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.methods.value = "lime"
    half = made_up(explained(engine))._replace(
        notes=("320 of 1000 samples",), curve=Curve((1, 5, 9), (0.5, 2.0, 2.5), "R²")
    )
    improved = engine.waiting["explain"].preview
    assert improved is not None
    improved(half)
    assert explorer.view.busy  # it goes on
    assert explorer.view.progress_text == "computing"
    assert explorer.header.partial
    assert explorer.view.notes == ["320 of 1000 samples"]
    assert explorer.growth.layout.display == ""
    assert explorer.growth.values == [0.5, 2.0, 2.5]
    explorer.cancel()
    assert not explorer.view.busy
    assert not explorer.header.partial
    assert explorer.view.title == half.title
    assert "Stopped" in explorer.view.notes[0]
    improved(half)  # one that crossed with the stopping
    assert "Stopped" in explorer.view.notes[0]
    explorer.methods.value = "grad_cam"
    engine.answer_all()
    assert explorer.growth.layout.display == "none"
    assert explorer.view.notes == ["a note"]


def test_a_version_of_a_network_is_offered_where_it_is_asked_for(engine: EngineDouble) -> None:
    explorer = Explorer("mini_vgg:cheating", engine=engine)  # type: ignore[arg-type]
    assert engine.requests[0] == Open("mini_vgg:cheating")
    first = explorer.networks.networks[0]
    assert first["title"] == "Mini VGG (cheating)"
    assert "snow with one class" in first["note"]
    others = Explorer(engine=EngineDouble()).networks.networks  # type: ignore[arg-type]
    assert not any("cheating" in record["name"] for record in others)  # who cheats is the question
    with pytest.raises(UnknownNameError, match="mini_vgg"):
        Explorer("mini_vgg:cheeting", engine=engine)  # type: ignore[arg-type]


def test_bad_arguments_are_refused(engine: EngineDouble) -> None:
    with pytest.raises(UnknownNameError, match="efficientnet_lite0"):
        Explorer("efficientnet_lite9", engine=engine)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="cat"):
        Explorer(image="kat", engine=engine)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="grad_cam"):
        Explorer(method="gradcam", engine=engine)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="uint8"):
        Explorer(image=np.zeros((3, 4, 3)), engine=engine)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="pictur"):
        Explorer(pictur="cat", engine=engine)  # type: ignore[call-arg, arg-type]


def test_neither_tensorflow_nor_matplotlib_is_loaded_for_the_page() -> None:
    code = (
        "import sys, cnnvis_widgets, cnnvis_widgets.widgets\n"
        "from cnnvis_widgets.widgets.explorer.explorer import Explorer\n"
        "from cnnvis_widgets.engine import InProcessEngine\n"
        "class Quiet(InProcessEngine):\n"
        "    def submit(self, *a, **k): pass\n"
        "Explorer(engine=Quiet())\n"
        "print(sorted(m for m in sys.modules if m in "
        "('tensorflow', 'keras', 'matplotlib', 'skimage', 'sklearn', 'lime')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_class_that_was_chosen_stays_with_another_picture(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.predictions.value = 0
    engine.answer_all()
    engine.requests.clear()
    explorer.pictures.value = "coffee"
    assert (explained(engine).image, explained(engine).neuron) == ("coffee", Neuron(None, 0))


def test_the_neuron_stays_with_another_picture(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.layers.value = "block1_conv"
    engine.answer_all()
    explorer.neurons.value = 1
    explorer.neurons.aggregate = "max"
    engine.answer_all()
    engine.requests.clear()
    explorer.pictures.value = "coffee"
    engine.answer_all()
    assert explained(engine).neuron == Neuron("block1_conv", 1, "max")


def test_pictures_that_suit_the_network_are_offered(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.networks.value = "lenet5"
    engine.answer_all()
    assert [r["title"] for r in explorer.pictures.pictures] == list("0123456789")
    assert explorer.pictures.value.startswith("digit:")
    explorer.networks.value = "mini_vgg"
    engine.answer_all()
    assert explorer.pictures.value == "scene:0"
    explorer.pictures.add(np.zeros((4, 5, 3), np.uint8), "mine.png")
    explorer.networks.value = "efficientnet_lite0"
    engine.answer_all()
    assert explorer.pictures.value == "upload-1"  # the visitor's own picture stays
    assert "cat" in [r["name"] for r in explorer.pictures.pictures]


def test_a_picture_that_another_network_was_made_for_can_be_given_by_name() -> None:
    engine = EngineDouble(made_up)
    explorer = Explorer("mini_vgg", "scene:1234", engine=engine)
    engine.answer_all()
    assert explorer.pictures.value == "scene:1234"
    assert explained(engine).image == "scene:1234"
    with pytest.raises(UnknownNameError, match="kat"):
        Explorer("mini_vgg", "kat", engine=engine)


def test_the_bar_says_what_is_explained(explorer: Explorer, engine: EngineDouble) -> None:
    def message() -> dict[str, str]:
        return {entry["title"]: entry["value"] for entry in explorer.header.entries}

    first = {"Network": "EfficientNet-Lite0", "Picture": "Chelsea the cat", "Layer": "output",
             "Neuron": "dog", "Method": "Grad-CAM", "Parameters": "as published"}  # fmt: skip
    assert message() == first
    explorer.parameters.value = {"sign": "both"}
    explorer.layers.value = "block1_conv"
    engine.answer_all()
    explorer.neurons.position = [1, 2]
    changed = {"Layer": "block1_conv", "Neuron": "unit 3 at (1, 2)", "Parameters": "1 changed"}
    assert message() == {**first, **changed}
