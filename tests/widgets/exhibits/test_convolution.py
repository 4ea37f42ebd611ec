"""The sliding window without a browser: its sums against SciPy's, what it keeps and refuses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import correlate

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import Convolution

RANDOM = np.random.default_rng(5)
VALUES = RANDOM.integers(-3, 7, (6, 8, 3)).astype(float)
KERNEL = RANDOM.integers(-2, 3, (3, 2, 3)).astype(float)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_over_a_volume_it_is_scipys_correlation(stride, padding):
    widget = Convolution(VALUES, KERNEL, stride=stride, padding=padding, bias=0.5)
    padded = np.zeros((6 + 2 * padding, 8 + 2 * padding, 3))
    padded[padding : padding + 6, padding : padding + 8] = VALUES
    wanted = correlate(padded, KERNEL, mode="valid")[::stride, ::stride, 0] + 0.5
    np.testing.assert_allclose(widget.result, wanted, atol=1e-12)


def test_in_the_plane_the_kernel_is_not_mirrored():
    widget = Convolution([[1, 2, 4]], [[1, 10]])
    assert widget.result.tolist() == [[21, 42]]


@pytest.mark.parametrize(("operation", "pool"), [("maximum", max), ("average", np.mean)])
def test_pooling_takes_each_channel_for_itself_and_no_padding(operation, pool):
    widget = Convolution(VALUES, np.ones((2, 3, 3)), operation=operation, stride=2, padding=1)
    assert widget.result.shape == (3, 3, 3)
    for r, c, k in np.ndindex(3, 3, 3):
        window = VALUES[2 * r : 2 * r + 2, 2 * c : 2 * c + 3, k].ravel()
        assert widget.result[r, c, k] == pytest.approx(pool(window))


def test_the_chosen_place_stays_inside_the_result():
    widget = Convolution(VALUES, KERNEL, at=(3, 6))
    widget.stride = 2
    assert widget.at == [1, 3]
    widget.show(VALUES[:4, :5], KERNEL)
    assert widget.at == [0, 1]
    with pytest.raises(InvalidValueError, match=r"column from 0 to 1; got \(1, 0\)"):
        widget.at = (1, 0)


def test_other_numbers_of_any_size_can_be_shown_and_refused_ones_change_nothing():
    widget = Convolution(VALUES, KERNEL)
    widget.show([[1, 2], [3, 4]], [[1, 1]])
    assert widget.result.tolist() == [[3], [7]]
    with pytest.raises(InvalidValueError, match="1; got 3"):
        widget.show([[1, 2], [3, 4]], KERNEL)
    assert widget.result.tolist() == [[3], [7]]
    widget.values = [[5, 2], [3, 4]]
    assert widget.result.tolist() == [[7], [7]]


def test_in_the_plane_there_are_kernels_to_choose_from():
    widget = Convolution(VALUES[..., 0], KERNEL[..., 0])
    assert widget._presets["leave as it is"][1][1] == [1.0]
    widget.kernel = widget._presets["leave as it is"]
    np.testing.assert_array_equal(widget.result, VALUES[1:-1, 1:-1, 0])
    assert Convolution(VALUES, KERNEL)._presets == {}
    with pytest.raises(InvalidValueError, match="edges: a kernel has as many channels"):
        Convolution(VALUES, KERNEL, presets={"edges": [[1, 2]]})


@pytest.mark.parametrize(
    ("trait", "value", "says"),
    [
        ("values", VALUES[:5], r"\(6, 8, 3\).*\(5, 8, 3\)"),
        ("values", VALUES * np.nan, "finite"),
        ("values", "many", "finite numbers"),
        ("kernel", KERNEL[..., :2], "3; got 2"),
        ("kernel", np.ones((7, 1, 3)), "7 × 1 numbers do not fit into 6 × 8"),
        ("stride", 0, "1 to 8; got 0"),
        ("stride", 1.5, "1 to 8"),
        ("padding", -1, "0 to 8"),
        ("padding", 9, "0 to 8"),
    ],
)
def test_what_fits_nothing_is_refused(trait, value, says):
    widget = Convolution(VALUES, KERNEL)
    before = getattr(widget, trait)
    with pytest.raises(InvalidValueError, match=says):
        setattr(widget, trait, value)
    assert getattr(widget, trait) == before


def test_only_three_operations_exist_and_no_misspelt_argument():
    with pytest.raises(UnknownNameError, match="convolution, maximum, average"):
        Convolution(VALUES, KERNEL, operation="median")
    with pytest.raises(UnknownNameError, match=r"'strides'.*'stride'"):
        Convolution(VALUES, KERNEL, strides=2)


def test_what_the_page_sends_wrongly_is_said_and_put_back():
    widget = Convolution(VALUES, KERNEL)
    widget.set_state({"at": [9, 9]})
    assert widget.at == [0, 0]
    assert "a row from 0 to 3 and a column from 0 to 6" in widget.error
