"""How a result came about, without a browser: what is sent, what is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import OptimizationHistory

FRAMES = np.stack([np.full((20, 30, 3), level, np.uint8) for level in (10, 90, 200)])


def test_a_curve_with_pictures_is_sent_as_small_files_and_stands_at_its_end():
    growth = OptimizationHistory()
    growth.show((0, 10, 40), (1.0, 3.5, 3.0), "activation", FRAMES, (0, 20, 40))
    assert growth.at == 2
    assert growth.frame_steps == [0, 20, 40]
    sizes = []
    for file, frame in zip(growth.frames, FRAMES, strict=True):
        picture = np.asarray(Image.open(io.BytesIO(file)))
        np.testing.assert_allclose(picture, frame, atol=2)
        sizes.append(len(file))
    assert max(sizes) < FRAMES[0].nbytes


def test_frames_without_steps_lie_evenly_and_files_are_kept_as_they_are():
    growth = OptimizationHistory()
    growth.show((5, 25), (0.0, 1.0), "a", [b"one", b"two", b"three"])
    assert growth.frame_steps == [5, 15, 25]
    assert growth.frames == [b"one", b"two", b"three"]


def test_the_place_stays_within_what_there_is():
    growth = OptimizationHistory()
    growth.at = 7
    assert growth.at == 0
    growth.show((0, 1, 2, 3), (0, 1, 2, 3), "a")
    assert growth.at == 3
    growth.at = 9
    assert growth.at == 3
    growth.at = -1
    assert growth.at == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((0, 2, 1), (1, 2, 3), "a"), "rise"),
        (((0, 1), (1, 2, 3), "a"), "2 steps and 3 values"),
        (((0, 1), (1, float("nan")), "a"), "finite"),
        (((0, 1), (1, 2), "a", FRAMES, (0, 1)), "3 frames and 2 steps"),
        (((0, 1), (1, 2), "a", FRAMES, (0, 2, 1)), "frame_steps"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_lost(arguments, message):
    growth = OptimizationHistory()
    growth.show((0, 1), (4, 5), "kept")
    with pytest.raises(InvalidValueError, match=message):
        growth.show(*arguments)
    assert growth.values == [4, 5]
    with pytest.raises(UnknownNameError, match="valeus"):
        OptimizationHistory(valeus=[1])
