"""The training room with a made-up engine: what is asked, what is shown, what stopping leaves."""

from __future__ import annotations

import numpy as np
import pytest
from engine_double import EngineDouble

from cnnvis_widgets.engine.evidence import Honesty
from cnnvis_widgets.engine.training import Trained
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import TrainingRoom

FRAMES = tuple(np.full((8, 8, 3), level, np.uint8) for level in (20, 200))
HALF = Trained((1, 8, 16), (2.1, 1.9, 1.6), FRAMES, (1, 12))


@pytest.fixture
def engine() -> EngineDouble:
    return EngineDouble()


@pytest.fixture
def room(engine: EngineDouble) -> TrainingRoom:
    return TrainingRoom(seconds=20, seed=5, engine=engine)  # type: ignore[arg-type]


def press(room: TrainingRoom) -> None:
    room.controls._receive(None, {"kind": "press"}, [])


def test_a_training_is_asked_for_and_shown_as_it_goes(
    room: TrainingRoom, engine: EngineDouble
) -> None:
    room.controls.cheating = True
    room.networks.value = "mini_vgg"
    press(room)
    asked = engine.requests[-1]
    assert (asked.network, asked.cheating, asked.seconds, asked.seed) == ("mini_vgg", True, 20, 5)
    assert room.controls.running
    engine.last.progress(30, 100)
    assert room.controls.share == 0.3
    engine.last.preview(HALF)
    assert room.growth.values == [2.1, 1.9, 1.6]
    assert room.growth.frame_steps == [1, 12]
    assert "16 batches, loss 1.60" in room.controls.status

    trained = object()
    engine.library.add("your Mini VGG (cheating)", trained)  # type: ignore[arg-type]
    honesty = Honesty(0.96, 0.33, 0.8, 0.7)
    engine.last.done(HALF._replace(name="your Mini VGG (cheating)", honesty=honesty))
    assert room.network is trained
    assert not room.controls.running
    assert "96% of the pictures" in room.controls.status
    assert "33% of the same ones without" in room.controls.status
    press(room)
    assert engine.requests[-1].seed == 6  # a new one


def test_stopping_keeps_the_curve_and_an_error_stands_beside_the_button(
    room: TrainingRoom, engine: EngineDouble
) -> None:
    press(room)
    engine.last.preview(HALF)
    press(room)
    assert engine.cancelled == ["train"]
    assert not room.controls.running
    assert "Stopped" in room.controls.status
    engine.last.preview(HALF._replace(losses=(1.0, 1.0, 1.0)))  # it crossed with the stopping
    assert room.growth.values == [2.1, 1.9, 1.6]
    press(room)
    engine.last.failed(InvalidValueError("no room left"))
    assert room.controls.error == "no room left"
    assert not room.controls.running
    room.close()
    assert room.controls.comm is None


def test_bad_arguments_are_refused(engine: EngineDouble) -> None:
    with pytest.raises(UnknownNameError, match="mini_resnet"):
        TrainingRoom("lenet5", engine=engine)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="5 to 60"):
        TrainingRoom(seconds=61, engine=engine)  # type: ignore[arg-type]
