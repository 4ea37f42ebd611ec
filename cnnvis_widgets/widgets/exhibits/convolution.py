"""A window that slides over numbers: convolution in the plane and over a volume, and pooling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import traitlets
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import OneOf, Place, Whole, checked

OPERATIONS = ("convolution", "maximum", "average")
MOST = 8  # for stride and padding
KERNELS: Mapping[str, list[list[float]]] = {
    "leave as it is": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "vertical edges": [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    "horizontal edges": [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    "spots": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "blur": [[1 / 9] * 3] * 3,
}


class Convolution(Control, from_page="values kernel bias stride padding at"):
    """Numbers, a window that slides over them, and the result; every number can be changed.

    As usual in networks, the kernel is not mirrored (cross-correlation), and the products of all
    channels are added up. Maximum and average pool each window of the kernel's size, channel by
    channel, without padding. The page computes this itself; `result` is the same in Python.

    Args:
        values: the input, (rows, columns) or (rows, columns, channels). Above 256 positions it is
            shown as a picture, and its values cannot be changed in the page.
        kernel: (rows, columns) or (rows, columns, channels), with the input's channels.
        presets: kernels to choose from, by name, with the same channels; None for a few of 3 × 3 if
            there is one channel.
        kwargs: the attributes.

    Attributes:
        values: nested lists [row][column][channel].
        kernel: nested lists [row][column][channel].
        stride: 1 … 8.
        padding: rows and columns of zeros on each side, 0 … 8.
        bias: added to each sum of a convolution.
        operation: "convolution", "maximum" or "average".
        at: [row, column] of the result whose window is shown.
        channel_names: one for each channel, or none.

    Raises:
        InvalidValueError: numbers that are not finite or do not fit together.
        UnknownNameError: an unknown operation.
    """

    label = traitlets.Unicode("A window slides over the numbers").tag(sync=True)

    stride = Whole(1, MOST, 1).tag(sync=True)
    padding = Whole(0, MOST, 0).tag(sync=True)
    bias = traitlets.Float(0.0).tag(sync=True)
    operation = OneOf("operation", OPERATIONS, "convolution").tag(sync=True)
    at = Place(lambda convolution: convolution._size()).tag(sync=True)
    channel_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _presets = traitlets.Dict().tag(sync=True)

    @checked(first=True)
    def values(self, values: Any) -> list[Any]:
        numbers = _numbers("values", values)
        if numbers.shape != self._shape:
            raise InvalidValueError(
                f"values: expected numbers of the shape {self._shape} that are there, for others "
                f"there is show(); got {numbers.shape}."
            )
        return numbers.tolist()

    @checked()
    def kernel(self, kernel: Any) -> list[Any]:
        return self._fitting("kernel", kernel)

    def _fitting(self, name: str, kernel: Any) -> list[Any]:
        numbers = _numbers(name, kernel)
        rows, columns, channels = self._shape
        if numbers.shape[2] != channels:
            raise InvalidValueError(
                f"{name}: a kernel has as many channels as its input, {channels}; "
                f"got {numbers.shape[2]}."
            )
        if numbers.shape[0] > rows or numbers.shape[1] > columns:
            raise InvalidValueError(
                f"{name}: {numbers.shape[0]} × {numbers.shape[1]} numbers do not fit into "
                f"{rows} × {columns} values."
            )
        return numbers.tolist()

    def __init__(
        self,
        values: ArrayLike,
        kernel: ArrayLike,
        presets: Mapping[str, ArrayLike] | None = None,
        **kwargs: Any,
    ) -> None:
        numbers, window = _numbers("values", values), _numbers("kernel", kernel)
        if presets is None:
            fit = numbers.shape[2] == 1 and min(numbers.shape[:2]) >= 3
            presets = KERNELS if fit else {}
        self._shape = numbers.shape
        offered = {name: self._fitting(name, preset) for name, preset in presets.items()}
        at = kwargs.pop("at", (0, 0))
        super().__init__(values=numbers, kernel=window, **kwargs)
        self.at = at  # after the others, which decide the size of the result
        self._presets = offered

    def show(self, values: ArrayLike, kernel: ArrayLike) -> None:
        """Show another input and kernel, of any size; stride and padding stay.

        Raises:
            InvalidValueError: they do not fit together.
        """
        numbers, window = _numbers("values", values), _numbers("kernel", kernel)
        before, self._shape = self._shape, numbers.shape
        try:
            self._fitting("kernel", window)
        except InvalidValueError:
            self._shape = before
            raise
        with self.hold_sync():
            self.values, self.kernel = numbers, window
            self._keep_at_inside()

    @property
    def result(self) -> NDArray[np.float64]:
        """The result, (rows, columns); for pooling (rows, columns, channels)."""
        border = self.padding if self.operation == "convolution" else 0
        values, kernel = np.array(self.values), np.array(self.kernel)
        padded = np.pad(values, ((border, border), (border, border), (0, 0)))
        windows = sliding_window_view(padded, kernel.shape[:2], axis=(0, 1))
        windows = windows[:: self.stride, :: self.stride]  # (rows, columns, channels, k, k)
        if self.operation == "maximum":
            return windows.max(axis=(3, 4))
        if self.operation == "average":
            return windows.mean(axis=(3, 4))
        return np.einsum("rcnij,ijn->rc", windows, kernel) + self.bias

    def _size(self) -> tuple[int, int]:
        border = self.padding if self.operation == "convolution" else 0
        shapes = np.shape(self.values)[:2], np.shape(self.kernel)[:2]
        rows, columns = (
            (n + 2 * border - k) // self.stride + 1 for n, k in zip(*shapes, strict=True)
        )
        return rows, columns

    @traitlets.observe("kernel", "stride", "padding", "operation")
    def _keep_at_inside(self, _: Any = None) -> None:
        inside = [min(i, n - 1) for i, n in zip(self.at, self._size(), strict=True)]
        if inside != list(self.at):
            self.at = inside


def _numbers(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """The numbers as (rows, columns, channels), checked."""
    try:
        numbers = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        numbers = np.zeros(0)
    if numbers.ndim == 2:
        numbers = numbers[..., None]
    if numbers.ndim != 3 or not numbers.size or not np.isfinite(numbers).all():
        raise InvalidValueError(
            f"{name}: expected finite numbers, (rows, columns) or (rows, columns, channels); "
            f"got {np.shape(values) if numbers.size else values!r}."
        )
    return numbers
