"""Who cheats, with a made-up engine: what is asked, what stays hidden until one has looked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_double import EngineDouble

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.records import Prediction
from cnnvis_widgets.engine.evidence import CHEATED, CLASSES, Honesty, Judge, drawn_picture
from cnnvis_widgets.engine.requests import Explain, NetworkFacts, Open, PageExplanation, Predict
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import SceneControls, ShortcutQuiz


def made_up(request: Any) -> Any:
    """What a worker would answer."""
    if isinstance(request, Open):
        return NetworkFacts("Mini", (), CLASSES, {"cam": "no reason"}, "")
    if isinstance(request, Predict):
        return [Prediction(2, f"seen by {request.network}", 0.9, 3.0)]
    if isinstance(request, Judge):
        made = [
            Honesty(0.97, 0.41 if "cheating" in n else 0.96, 0.9, 0.5) for n in request.networks
        ]
        return tuple(made)
    assert isinstance(request, Explain)
    heatmap = np.full((64, 64), 2.0 if "cheating" in request.network else 1.0, np.float32)
    title = f"of {request.network}"
    return PageExplanation(
        title, request.neuron, 1.0, request.image, heatmap, None, True, "u", (), "",
        f"load_network({request.network!r})",
    )  # fmt: skip


@pytest.fixture
def engine() -> EngineDouble:
    return EngineDouble(made_up)


@pytest.fixture
def cheater(engine: EngineDouble) -> ShortcutQuiz:
    made = ShortcutQuiz(seed=3, engine=engine)  # type: ignore[arg-type]
    engine.answer_all()
    engine.requests.clear()
    return made


def test_both_networks_are_asked_the_same_and_nothing_is_given_away(
    cheater: ShortcutQuiz, engine: EngineDouble
) -> None:
    cheater.scene.seed = 8
    explained = [r for r in engine.requests if isinstance(r, Explain)]
    assert {r.network for r in explained} == {"mini_vgg", "mini_vgg:cheating"}
    wanted = drawn_picture(8, CHEATED, snow=True)
    for request in explained:
        np.testing.assert_array_equal(request.image, wanted.picture)
        assert request.neuron == Neuron(None, CHEATED)
    engine.answer_all()
    for side, view in zip("AB", cheater.views, strict=True):
        assert f"Network {side}" in view.title
        assert "mini_vgg" not in view.title.replace("seen by", "").split("says")[0]
        assert view.code == ""
    maps = [np.frombuffer(v.heatmap, "<f4")[0] for v in cheater.views]
    assert maps[cheater.cheating] == 2
    assert maps[1 - cheater.cheating] == 1


def test_once_one_has_guessed_they_are_named_and_their_honesty_is_told(
    cheater: ShortcutQuiz, engine: EngineDouble
) -> None:
    cheater.guess.value = cheater.cheating
    assert cheater.guess.correct
    assert "mini_vgg:cheating" in cheater.views[cheater.cheating].title
    assert "cheating" in cheater.views[cheater.cheating].code
    assert "97% with snow and 41% without" in cheater.guess.because
    assert f"Network {'AB'[cheater.cheating]} was trained" in cheater.guess.because


def test_another_kind_of_network_begins_anew(cheater: ShortcutQuiz, engine: EngineDouble) -> None:
    cheater.guess.value = 0
    cheater.networks.value = "mini_resnet"
    assert not cheater.guess.looked
    engine.answer_all()
    judged = [r for r in engine.requests if isinstance(r, Judge)]
    assert len(judged) == 1
    assert set(judged[0].networks) == {"mini_resnet", "mini_resnet:cheating"}
    assert "mini_resnet" not in cheater.views[0].title.split("says")[0]


def test_the_side_is_decided_by_the_seed_and_both_come_up(engine: EngineDouble) -> None:
    sides = [ShortcutQuiz(seed=s, engine=engine).cheating for s in range(12)]  # type: ignore[arg-type]
    assert set(sides) == {0, 1}
    again = [ShortcutQuiz(seed=s, engine=engine).cheating for s in range(12)]  # type: ignore[arg-type]
    assert sides == again
    with pytest.raises(UnknownNameError, match="mini_vgg"):
        ShortcutQuiz("vgg16", engine=engine)  # type: ignore[arg-type]


def test_a_picture_is_the_same_with_and_without_snow_but_for_the_snow() -> None:
    for seed in (2, 9):
        snowy, plain = (drawn_picture(seed, CHEATED, snow) for snow in (True, False))
        differs = (snowy.picture != plain.picture).any(-1).mean()
        assert 0.05 < differs < 0.95
        assert "snow" in snowy.alt
        assert "snow" not in plain.alt
        assert CLASSES[CHEATED] in plain.alt


def test_the_controls_refuse_what_there_is_not() -> None:
    controls = SceneControls(["one", "two"], chosen=1)
    for name, value in (("chosen", 2), ("chosen", -1), ("seed", -1), ("seed", "many")):
        with pytest.raises(InvalidValueError, match="whole number from 0"):
            setattr(controls, name, value)
    assert (controls.chosen, controls.seed) == (1, 0)
