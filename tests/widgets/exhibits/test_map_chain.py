"""The chain of maps without a browser: what the page gets, what is read, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import MapChain

COARSE = np.array([[0, 2, 1], [4, 0, 3]], np.float32)
RANDOM = np.random.default_rng(4)
MEAN, ABOVE = RANDOM.uniform(0, 1, (2, 6, 10))
LINKS = [
    ("deep", COARSE, None, COARSE),
    ("fine", MEAN, ABOVE, MEAN * ABOVE),
    ("", None, ABOVE, ABOVE),
]
PICTURE = RANDOM.integers(0, 256, (12, 30, 3), dtype=np.uint8)


def test_what_the_page_gets():
    data = MapChain(LINKS, PICTURE, alt="noise")._data
    assert (data["size"], data["alt"], data["picture"]) == ([12, 30], "noise", PICTURE.tobytes())
    assert [link["layer"] for link in data["links"]] == ["deep", "fine", ""]
    assert [link["shape"] for link in data["links"]] == [[2, 3], [6, 10], [6, 10]]
    assert data["links"][0]["enlarged"] is None and data["links"][2]["mean"] is None
    sent = np.frombuffer(data["links"][1]["product"], "<f4").reshape(6, 10)
    np.testing.assert_allclose(sent, MEAN * ABOVE, rtol=1e-6)


def test_the_three_numbers_are_those_of_the_cell_that_holds_the_pixel():
    chain = MapChain(LINKS, PICTURE, link=1, at=(7, 19))
    numbers = chain.read()
    assert numbers["mean"] == pytest.approx(MEAN[3, 6])
    assert numbers["enlarged"] == pytest.approx(ABOVE[3, 6])
    assert numbers["product"] == pytest.approx(MEAN[3, 6] * ABOVE[3, 6])
    chain.link = 0
    assert chain.read() == {"mean": 0.0, "enlarged": None, "product": 0.0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"links": []}, "at least one link"),
        ({"links": [("a", None, None, None)]}, "'a' has none"),
        ({"links": [("a", COARSE[:1], None, COARSE)]}, r"\(1, 3\), \(2, 3\)"),
        ({"links": [("a", -COARSE, None, COARSE)]}, "nowhere negative"),
        ({"links": [("a", COARSE, None, COARSE * np.float32("inf"))]}, "finite"),
        ({"links": [("a", COARSE)]}, "three maps"),
        ({"picture": PICTURE[:5]}, r"at least 6 × 10.*\(5, 30, 3\)"),
        ({"picture": PICTURE / 255}, "float64"),
        ({"link": 3}, "0 to 2; got 3"),
        ({"link": "last"}, "'last'"),
        ({"at": (0, 30)}, "column from 0 to 29"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(InvalidValueError, match=message):
        MapChain(**{"links": LINKS, "picture": PICTURE, **change})


def test_what_the_page_sends_wrongly_is_said_and_put_back():
    chain = MapChain(LINKS, PICTURE, link=1)
    chain.set_state({"link": 9})
    assert chain.link == 1
    assert "0 to 2" in chain.error
    with pytest.raises(UnknownNameError, match="lnk"):
        MapChain(LINKS, PICTURE, lnk=1)
