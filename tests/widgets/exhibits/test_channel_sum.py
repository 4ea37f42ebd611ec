"""The weighted sum without a browser: its order, its sums, what it refuses, what it sends."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import ChannelSum

# Three channels of 2 × 3: the second has the largest weight and nearly nothing in its map.
MAPS = np.stack(
    [[[1, 2, 0], [0, 4, 0]], [[0, 0, 0], [0, 0, 0.1]], [[3, 0, 0], [0, 0, 5]]], axis=-1
).astype(np.float32)
WEIGHTS = np.array([0.5, 2.0, -1.0], np.float32)


def test_by_contribution_a_loud_map_comes_before_a_large_weight():
    widget = ChannelSum(MAPS, WEIGHTS)  # |α| Σ|A|: 3.5, 0.2, 8
    assert widget.ranking.tolist() == [2, 0, 1]
    widget.order = "weight"
    assert widget.ranking.tolist() == [1, 2, 0]


def test_a_channel_that_speaks_against_counts_as_much_as_one_for():
    widget = ChannelSum(-MAPS, WEIGHTS)
    assert widget.ranking.tolist() == [2, 0, 1]


def test_equal_channels_stand_in_the_order_of_the_layer():
    widget = ChannelSum(np.ones((2, 3, 5), np.float32), np.ones(5))
    assert widget.ranking.tolist() == [0, 1, 2, 3, 4]


def test_the_running_sum_adds_them_in_that_order_and_keeps_the_sign():
    widget = ChannelSum(MAPS, WEIGHTS, count=2)
    np.testing.assert_allclose(widget.running(0), np.zeros((2, 3)))
    np.testing.assert_allclose(widget.running(1), [[-3, 0, 0], [0, 0, -5]])
    np.testing.assert_allclose(widget.running(), [[-2.5, 1, 0], [0, 2, -5]])
    np.testing.assert_allclose(widget.running(3), [[-2.5, 1, 0], [0, 2, -4.8]], rtol=1e-6)


def test_what_the_page_gets_are_the_maps_unit_after_unit():
    picture = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    data = ChannelSum(MAPS.astype(np.float64), WEIGHTS, picture, alt="a cat")._data
    assert data["shape"] == [2, 3, 3]
    sent = np.frombuffer(data["maps"], "<f4").reshape(3, 2, 3)
    for unit in range(3):
        np.testing.assert_array_equal(sent[unit], MAPS[:, :, unit])
    assert np.frombuffer(data["weights"], "<f4").tolist() == WEIGHTS.tolist()
    assert np.frombuffer(data["orders"]["weight"], "<u4").tolist() == [1, 2, 0]
    assert (data["size"], data["picture"], data["alt"]) == ([4, 6], picture.tobytes(), "a cat")
    assert {kind: len(table) for kind, table in data["tables"].items()} == {
        "sequential": 768,
        "diverging": 768,
    }


def test_other_maps_keep_the_count_where_they_can():
    widget = ChannelSum(MAPS, WEIGHTS, count=3)
    widget.show(MAPS[..., :2], WEIGHTS[:2])
    assert (widget.count, widget.units) == (2, 2)
    np.testing.assert_allclose(widget.running(), [[0.5, 1, 0], [0, 2, 0.2]])


def test_refused_maps_leave_the_old_ones():
    widget = ChannelSum(MAPS, WEIGHTS, count=3)
    with pytest.raises(InvalidValueError, match=r"\(2, 3, 3\).*\(2,\)"):
        widget.show(MAPS, WEIGHTS[:2])
    with pytest.raises(InvalidValueError, match=r"uint8 array.*\(4, 6\)"):
        widget.show(MAPS[..., :2], WEIGHTS[:2], np.zeros((4, 6), np.uint8))
    assert widget.units == 3
    assert widget._data["shape"] == [2, 3, 3]


@pytest.mark.parametrize(
    ("maps", "weights", "says"),
    [
        (MAPS[0], WEIGHTS, r"float32 \(3, 3\)"),
        (MAPS, WEIGHTS[:, None], r"float32 \(3, 1\)"),
        (MAPS[:0], WEIGHTS, r"\(0, 3, 3\)"),
        (MAPS.astype(str), WEIGHTS, "real numbers"),
        (MAPS * np.nan, WEIGHTS, "NaN or infinite"),
        (MAPS, WEIGHTS * np.inf, "NaN or infinite"),
    ],
)
def test_arrays_that_make_no_sum_are_refused(maps, weights, says):
    with pytest.raises(InvalidValueError, match=says):
        ChannelSum(maps, weights)


@pytest.mark.parametrize("count", [-1, 4, 1.5, None, "all"])
def test_a_count_that_is_none_is_refused(count):
    widget = ChannelSum(MAPS, WEIGHTS, count=2)
    with pytest.raises(InvalidValueError, match="0 to 3"):
        widget.count = count
    with pytest.raises(InvalidValueError, match="0 to 3"):
        ChannelSum(MAPS, WEIGHTS, count=count)
    assert widget.count == 2


def test_only_the_named_orders_and_views_exist():
    with pytest.raises(UnknownNameError, match="contribution, weight"):
        ChannelSum(MAPS, WEIGHTS, order="alphabet")
    with pytest.raises(UnknownNameError, match="sum, last"):
        ChannelSum(MAPS, WEIGHTS, view="first")
    with pytest.raises(UnknownNameError, match=r"'cont'.*'count'"):
        ChannelSum(MAPS, WEIGHTS, cont=3)


def test_what_crossed_with_a_change_here_is_put_back_and_said(monkeypatch):
    widget = ChannelSum(MAPS, WEIGHTS, count=3)
    widget.show(MAPS[..., :2], WEIGHTS[:2])
    widget.set_state({"count": 3})
    assert widget.count == 2
    assert "0 to 2" in widget.error
