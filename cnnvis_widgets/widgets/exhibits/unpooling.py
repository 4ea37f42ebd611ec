"""Max-pooling, its switches, and unpooling, on a small editable table (thesis Figure 17)."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.number_table import Cells, Table, table


class Unpooling(Cells, from_page="values signal switches"):
    """A map, its max-pooled values with their switches, and the unpooled map.

    Unpooling puts each number from above at the position of its window's switch, and zero at all
    other positions. Without switches, as for average pooling, it is divided equally over the
    window. The page computes this itself, as the methods here do.

    Args:
        values: the map, (rows, columns), each a multiple of `size`, at most 12.
        kwargs: the attributes.

    Attributes:
        values: as above; its shape is fixed.
        signal: from above, (rows / size, columns / size); None for the pooled map.
        switches: whether switches are used; else each number is divided over its window.
        size: rows and columns of a window.

    Raises:
        InvalidValueError: invalid tables, wrong shapes, or a map that cannot be cut into windows.
    """

    size = traitlets.Int(2, min=1, max=6).tag(sync=True)
    values = Table(lambda unpooling: unpooling._shape, first=True).tag(sync=True)
    signal = Table(
        lambda unpooling: tuple(n // unpooling.size for n in unpooling._shape), optional=True
    ).tag(sync=True)
    switches = traitlets.Bool(True).tag(sync=True)

    def __init__(self, values: ArrayLike, size: int = 2, **kwargs: Any) -> None:
        shape = np.shape(table("values", values))
        if size < 1 or shape[0] % size or shape[1] % size:
            raise InvalidValueError(
                f"The map is cut into windows of {size} × {size}, so its rows and columns are "
                f"multiples of {size}; got {shape[0]} × {shape[1]}."
            )
        self._shape = shape
        super().__init__(values=values, size=size, **kwargs)

    def _windows(self) -> NDArray[np.float64]:
        """(rows / size, columns / size, size²), each window row by row."""
        (rows, columns), n = self._shape, self.size
        cut = np.array(self.values).reshape(rows // n, n, columns // n, n)
        return cut.transpose(0, 2, 1, 3).reshape(rows // n, columns // n, n * n)

    def pooled(self) -> NDArray[np.float64]:
        """The largest value of each window: (rows / size, columns / size)."""
        return self._windows().max(axis=-1)

    def places(self) -> NDArray[np.intp]:
        """The switches: where each window's largest value is, row by row; the first of equals."""
        return self._windows().argmax(axis=-1)

    def unpooled(self) -> NDArray[np.float64]:
        """The unpooled map: (rows, columns)."""
        windows, n = np.zeros(self._windows().shape), self.size
        signal = self.pooled() if self.signal is None else np.array(self.signal)
        if self.switches:
            np.put_along_axis(windows, self.places()[..., None], signal[..., None], axis=-1)
        else:
            windows += signal[..., None] / n**2
        rows, columns = signal.shape
        return windows.reshape(rows, columns, n, n).transpose(0, 2, 1, 3).reshape(self._shape)
