"""The checks of the explorer's map with a made-up engine: when they are asked and dropped."""

from __future__ import annotations

import numpy as np
import pytest
from engine_double import EngineDouble
from explorer_answers import made_up

from cnnvis_widgets.engine.requests import Warm
from cnnvis_widgets.engine.trust import Check, RandomTopLayer, TrustChecks
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.explorer.explorer import Explorer
from cnnvis_widgets.widgets.explorer.trust_strip import TrustStrip, check_records, figure


def test_the_checks_are_of_the_map_that_was_asked_for(
    explorer: Explorer, engine: EngineDouble
) -> None:
    names = [check["name"] for check in explorer.trust.checks]
    assert names == ["coverage", "edges", "random_top"]
    assert [c["figure"] for c in explorer.trust.checks] == ["all treated", "0.91", "0.62"]
    assert not explorer.trust.busy
    explorer.methods.value = "integrated_gradients"
    explorer.parameters.value = {**explorer.parameters.value, "steps": 7}
    engine.answer_all()
    checks = [r for r in engine.requests if isinstance(r, TrustChecks | RandomTopLayer)]
    assert [type(r) for r in checks] == [TrustChecks, RandomTopLayer]
    for asked in checks:
        assert (asked.network, asked.image) == ("efficientnet_lite0", "cat")
        assert (asked.method, asked.parameters["steps"]) == ("integrated_gradients", 7)
        assert asked.neuron is not None
        assert asked.neuron.unit == 2


def test_what_is_known_at_once_is_shown_before_the_copy_is_made(
    explorer: Explorer, engine: EngineDouble
) -> None:
    explorer.predictions.value = 1
    assert explorer.trust.checks == []
    engine.answer("explain")
    assert [c["name"] for c in explorer.trust.checks] == ["under_way"]
    engine.answer("trust")
    assert [c["name"] for c in explorer.trust.checks] == ["coverage", "edges", "under_way"]
    assert explorer.trust.busy
    engine.answer("random top layer")
    assert [c["name"] for c in explorer.trust.checks] == ["coverage", "edges", "random_top"]


def test_another_map_drops_the_checks_of_the_last(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.predictions.value = 1
    engine.answer("explain")
    engine.cancelled.clear()
    explorer.predictions.value = 0
    assert {"trust", "random top layer"} <= set(engine.cancelled)
    assert explorer.trust.checks == []
    assert not explorer.trust.busy


def touched(explorer: Explorer) -> None:
    explorer.header._handle_custom_msg({"kind": "touched"}, [])


def test_the_other_methods_are_warmed_up_before_the_copy_is_made(engine: EngineDouble) -> None:
    explorer = Explorer(engine=engine)  # type: ignore[arg-type]
    touched(explorer)  # while the network is being loaded
    kinds = [type(request) for request in engine.answer_all()]
    assert kinds.index(TrustChecks) < kinds.index(Warm) < kinds.index(RandomTopLayer)


def test_a_page_that_is_only_read_warms_nothing_up(engine: EngineDouble) -> None:
    explorer = Explorer(engine=engine)  # type: ignore[arg-type]
    assert Warm not in map(type, engine.answer_all())
    for _ in range(2):  # two pages of the same explorer
        touched(explorer)
    assert engine.answer_all() == [Warm("efficientnet_lite0", "cat")]
    explorer.networks.value = "mini_vgg"
    assert [type(request) for request in engine.answer_all()].count(Warm) == 1


def test_a_check_that_fails_leaves_the_others(explorer: Explorer, engine: EngineDouble) -> None:
    explorer.predictions.value = 1
    engine.answer("explain")
    engine.answer("trust")
    engine.answer("random top layer", error=InvalidValueError("no"))
    assert [c["name"] for c in explorer.trust.checks] == ["coverage", "edges"]
    assert not explorer.trust.busy
    assert explorer.view.error == ""


def test_a_method_that_makes_a_picture_is_not_checked(
    explorer: Explorer, engine: EngineDouble
) -> None:
    drawn = np.zeros((4, 5, 3), np.uint8)
    engine.make = lambda request: made_up(request)._replace(heatmap=None, image=drawn)
    explorer.predictions.value = 1
    engine.answer("explain")
    assert engine.waiting == {}
    assert explorer.trust.checks == []


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check("coverage", "good", 0.0, ""), "all treated"),
        (Check("coverage", "doubtful", 12.0, ""), "12 not treated"),
        (Check("sum", "good", 0.0163, ""), "1.6 % off"),
        (Check("edges", "good", -0.237, ""), "−0.24"),
        (Check("random_top", "open", None, ""), "not checked"),
    ],
)
def test_a_figure_fits_a_button(check: Check, words: str) -> None:
    assert figure(check) == words


def test_the_strip_takes_nothing_from_the_page_and_refuses_other_records() -> None:
    strip = TrustStrip(checks=check_records([Check("sum", "bad", 0.5, "It lost half.")]))
    strip.set_state({"checks": []})
    assert strip.checks[0]["lesson"] == "03_06_deep_taylor.ipynb"
    with pytest.raises(InvalidValueError, match="verdict"):
        strip.checks = [{"name": "sum", "title": "Sum", "verdict": 3, "figure": ""}]
