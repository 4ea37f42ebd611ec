"""A convolution as a matrix without a browser: against sliding and against Keras, refusals."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import ConvMatrix

MAP = np.array([[1, 2, -1, 0], [3, 0.5, 2, 1], [-2, 1, 4, 0]])
KERNEL = np.array([[1, 2, -1], [0, -3, 4]])
ABOVE = np.array([[2, -1], [0.5, 3]])


def test_the_matrix_does_what_sliding_does():
    widget = ConvMatrix(MAP, KERNEL)
    slid = [[(MAP[r : r + 2, c : c + 3] * KERNEL).sum() for c in range(2)] for r in range(2)]
    np.testing.assert_allclose(widget.forward(), slid)
    assert widget.matrix().shape == (4, 12)
    assert widget.matrix()[1].tolist() == [0, 1, 2, -1, 0, 0, -3, 4, 0, 0, 0, 0]


def test_its_transpose_is_a_full_convolution_with_the_kernel_turned_round():
    widget = ConvMatrix(MAP, KERNEL, signal=ABOVE, way="transposed")
    padded, turned = np.pad(ABOVE, ((1, 1), (2, 2))), KERNEL[::-1, ::-1]
    full = [[(padded[r : r + 2, c : c + 3] * turned).sum() for c in range(4)] for r in range(3)]
    np.testing.assert_allclose(widget.transposed(), full)
    layer = keras.layers.Conv2DTranspose(1, KERNEL.shape, use_bias=False)
    layer.build((1, 2, 2, 1))
    layer.set_weights([KERNEL[:, :, None, None].astype(np.float32)])
    made = np.asarray(layer(ABOVE.astype(np.float32)[None, :, :, None]))[0, :, :, 0]
    np.testing.assert_allclose(widget.transposed(), made, atol=1e-5)


def test_without_a_signal_the_result_itself_goes_back_and_is_not_the_map():
    widget = ConvMatrix(MAP, KERNEL)
    matrix = widget.matrix()
    np.testing.assert_allclose(widget.transposed().ravel(), matrix.T @ matrix @ MAP.ravel())
    assert not np.allclose(widget.transposed(), MAP)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel": np.ones((4, 2))}, "3 × 4 and 4 × 2"),
        ({"values": np.ones((6, 6))}, "at most 25"),
        ({"kernel": [1, 2]}, "table of numbers"),
        ({"signal": ABOVE[:1]}, "2 × 2 numbers here; got 1 × 2"),
        ({"values": [[1, None]]}, "finite"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(InvalidValueError, match=message):
        ConvMatrix(**{"values": MAP, "kernel": KERNEL, **arguments})


def test_a_refused_change_leaves_the_old_one():
    widget = ConvMatrix(MAP, KERNEL)
    widget.set_state({"kernel": KERNEL.T.tolist()})
    assert "2 × 3" in widget.error
    assert widget.kernel == KERNEL.tolist()
    with pytest.raises(UnknownNameError, match="forward, transposed"):
        widget.way = "back"
