"""The product of two maps without a browser: its values, what it refuses, what it sends."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import GuidedProduct

RANDOM = np.random.default_rng(5)
SIGNED = RANDOM.normal(0, 1, (20, 30, 3)).astype(np.float32)
COARSE = np.array([[0, 2, 1], [4, 0, 3]], np.float32)
PICTURE = RANDOM.integers(0, 256, (20, 30, 3), dtype=np.uint8)


def enlarged(coarse: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Bilinearly with half-pixel centres, place by place."""
    result = np.zeros((rows, columns))
    for r, c in np.ndindex(rows, columns):
        y = np.clip((r + 0.5) * coarse.shape[0] / rows - 0.5, 0, coarse.shape[0] - 1)
        x = np.clip((c + 0.5) * coarse.shape[1] / columns - 0.5, 0, coarse.shape[1] - 1)
        for i, j in np.ndindex(*coarse.shape):
            result[r, c] += max(0, 1 - abs(y - i)) * max(0, 1 - abs(x - j)) * coarse[i, j]
    return result


def test_at_one_it_is_the_product_and_at_zero_the_detail():
    widget = GuidedProduct(SIGNED, COARSE, PICTURE)
    detail = np.abs(SIGNED).max(axis=2)
    mask = enlarged(COARSE, 20, 30)
    np.testing.assert_allclose(widget.mask(), mask, atol=1e-5)
    np.testing.assert_allclose(widget.shown() * 4, detail * mask, atol=1e-4)
    np.testing.assert_array_equal(widget.shown(0), detail)
    widget.share = 0.25
    np.testing.assert_allclose(widget.shown(), detail * (0.75 + mask / 16), atol=1e-5)
    # Of the largest size over the channels, which the mask cannot change.
    whole = np.abs(SIGNED * mask[..., None]).max(axis=2)
    np.testing.assert_allclose(widget.shown(1) * 4, whole, atol=1e-4)


def test_a_mask_of_zeros_leaves_nothing_at_one():
    widget = GuidedProduct(SIGNED[..., 0], np.zeros((2, 2)), PICTURE)
    assert not widget.shown().any()
    np.testing.assert_array_equal(widget.shown(0), np.abs(SIGNED[..., 0]))


def test_what_the_page_gets():
    data = GuidedProduct(SIGNED, COARSE, PICTURE, alt="noise")._data
    assert (data["shape"], data["coarse_shape"], data["alt"]) == ([20, 30], [2, 3], "noise")
    sent = np.frombuffer(data["detail"], "<f4").reshape(20, 30)
    np.testing.assert_array_equal(sent, np.abs(SIGNED).max(axis=2))
    assert data["end"] == pytest.approx(np.percentile(sent, 99))
    assert data["picture"] == PICTURE.tobytes()
    assert len(data["table"]) == 768


def test_the_pixel_read_at_first_is_the_products_largest():
    widget = GuidedProduct(SIGNED, COARSE, PICTURE)
    product = np.abs(SIGNED).max(axis=2) * enlarged(COARSE, 20, 30)
    assert tuple(widget.at) == np.unravel_index(product.argmax(), product.shape)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"detail": SIGNED[:10]}, r"\(10, 30, 3\).*uint8 \(20, 30, 3\)"),
        ({"coarse": np.ones((21, 2))}, r"\(21, 2\)"),
        ({"coarse": -COARSE}, "nowhere negative"),
        ({"coarse": COARSE * np.float32("nan")}, "finite"),
        ({"picture": PICTURE / 255}, "float64"),
        ({"share": 1.5}, "0 to 1; got 1.5"),
        ({"share": "much"}, "'much'"),
        ({"at": (20, 0)}, "row from 0 to 19"),
        ({"at": 3}, "got 3"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(InvalidValueError, match=message):
        GuidedProduct(**{"detail": SIGNED, "coarse": COARSE, "picture": PICTURE, **arguments})


def test_what_the_page_sends_wrongly_is_said_and_put_back():
    widget = GuidedProduct(SIGNED, COARSE, PICTURE, share=0.5, at=(3, 4))
    widget.set_state({"at": [3, 30]})
    assert widget.at == [3, 4]
    assert "0 to 29" in widget.error
    with pytest.raises(UnknownNameError, match="shar"):
        GuidedProduct(SIGNED, COARSE, PICTURE, shar=0.5)
