"""The flow of relevance without a browser: what the page gets, cells, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import RelevanceFlow

COARSE = np.array([[0, 2, 1], [4, 0, 3]], np.float32)
FINE = np.random.default_rng(4).uniform(0, 1, (6, 10)).astype(np.float32)
FLOORS = [("top", [[10.0]], 10.0), ("mixed", COARSE, 10.0), ("", FINE, float(FINE.sum()))]
PICTURE = np.random.default_rng(5).integers(0, 256, (12, 30, 3), dtype=np.uint8)


def test_what_the_page_gets():
    data = RelevanceFlow(FLOORS, PICTURE, alt="noise")._data
    assert (data["size"], data["alt"], data["picture"]) == ([12, 30], "noise", PICTURE.tobytes())
    assert [floor["layer"] for floor in data["floors"]] == ["top", "mixed", ""]
    assert [floor["shape"] for floor in data["floors"]] == [[1, 1], [2, 3], [6, 10]]
    sent = np.frombuffer(data["floors"][2]["map"], "<f4").reshape(6, 10)
    np.testing.assert_array_equal(sent, FINE)
    assert data["floors"][1]["sum"] == 10
    assert data["floors"][1]["half"] == 2 / 6  # 4 and 3 are 7 of 10; 4 alone is less than half
    assert len(data["table"]) == 768


def test_one_pixel_is_followed_through_the_cells():
    flow = RelevanceFlow(FLOORS, PICTURE, at=(7, 19), floor=1)
    assert flow.cell() == (1, 1)
    assert flow.cell(0) == (0, 0)
    assert flow.cell(2) == (3, 6)
    row, column = RelevanceFlow(FLOORS, PICTURE).cell(2)  # the brightest at first
    assert FINE[row, column] == FINE.max()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"floors": []}, "at least one floor"),
        ({"floors": [("a", FINE[0], 1.0)]}, r"\(10,\) at 'a'"),
        ({"floors": [("a", -COARSE, 1.0)]}, "nowhere negative"),
        ({"floors": [("a", COARSE, float("nan"))]}, "finite"),
        ({"floors": [("a", COARSE)]}, "a map and a sum"),
        ({"picture": PICTURE[:5]}, r"at least 6 × 10.*\(5, 30, 3\)"),
        ({"picture": PICTURE / 255}, "float64"),
        ({"floor": 3}, "0 to 2; got 3"),
        ({"floor": 1.5}, "got 1.5"),
        ({"at": (12, 0)}, "row from 0 to 11"),
        ({"at": "middle"}, "'middle'"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(InvalidValueError, match=message):
        RelevanceFlow(**{"floors": FLOORS, "picture": PICTURE, **change})


def test_what_the_page_sends_wrongly_is_said_and_put_back():
    flow = RelevanceFlow(FLOORS, PICTURE, floor=1)
    flow.set_state({"floor": 9})
    assert flow.floor == 1
    assert "0 to 2" in flow.error
    with pytest.raises(UnknownNameError, match="flor"):
        RelevanceFlow(FLOORS, PICTURE, flor=1)
