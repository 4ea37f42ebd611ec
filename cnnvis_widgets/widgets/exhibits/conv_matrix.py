"""A convolution as a matrix, and its transpose for the backward direction (thesis Figure 16)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.number_table import Cells, Table, table
from cnnvis_widgets.widgets.toolkit.traits import OneOf

WAYS = ("forward", "transposed")
MOST_PLACES = 25  # positions of the map; the matrix has a column for each


class ConvMatrix(Cells, from_page="values kernel signal way"):
    """A small map, a kernel, and the matrix C that is equivalent to sliding the kernel.

    Forward, the map is flattened row by row and multiplied by C; backward, the signal from above is
    multiplied by Cᵀ. The page computes this itself, as the methods here do.

    Args:
        values: the map, (rows, columns), at most 25 numbers.
        kernel: no larger than the map; it slides without padding, with stride 1.
        kwargs: the attributes.

    Attributes:
        values: as above; its shape is fixed.
        kernel: as above; its shape is fixed.
        signal: the signal from above, of the result's shape; None for the result itself.
        way: "forward" or "transposed".

    Raises:
        InvalidValueError: invalid tables, or tables that do not fit.
        UnknownNameError: an unknown `way`.
    """

    values = Table(lambda matrix: matrix._shapes["values"], first=True).tag(sync=True)
    kernel = Table(lambda matrix: matrix._shapes["kernel"], first=True).tag(sync=True)
    signal = Table(lambda matrix: matrix._shapes["signal"], optional=True).tag(sync=True)
    way = OneOf("way", WAYS, "forward").tag(sync=True)

    def __init__(self, values: ArrayLike, kernel: ArrayLike, **kwargs: Any) -> None:
        shape, window = np.shape(table("values", values)), np.shape(table("kernel", kernel))
        if np.prod(shape) > MOST_PLACES or shape[0] < window[0] or shape[1] < window[1]:
            raise InvalidValueError(
                f"Expected a map of at most {MOST_PLACES} numbers and a kernel that fits into it; "
                f"got {shape[0]} × {shape[1]} and {window[0]} × {window[1]}."
            )
        self._shapes = {
            "values": shape,
            "kernel": window,
            "signal": (shape[0] - window[0] + 1, shape[1] - window[1] + 1),
        }
        super().__init__(values=values, kernel=kernel, **kwargs)

    def matrix(self) -> NDArray[np.float64]:
        """C: a row for each position of the result, a column for each position of the map."""
        (rows, columns), above = self._shapes["values"], self._shapes["signal"]
        kernel = np.array(self.kernel)
        result = np.zeros((*above, rows, columns))
        for r, c in np.ndindex(*above):
            result[r, c, r : r + kernel.shape[0], c : c + kernel.shape[1]] = kernel
        return result.reshape(above[0] * above[1], rows * columns)

    def forward(self) -> NDArray[np.float64]:
        """The result of the convolution, C times the map."""
        return (self.matrix() @ np.ravel(self.values)).reshape(self._shapes["signal"])

    def transposed(self) -> NDArray[np.float64]:
        """Cᵀ times the signal from above, of the map's shape."""
        above = self.forward() if self.signal is None else np.array(self.signal)
        return (self.matrix().T @ above.ravel()).reshape(self._shapes["values"])
