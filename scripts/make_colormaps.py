"""Write cnnvis_widgets/rendering/colormaps.npz from matplotlib's own colour tables.

Run it again after adding a name to ``COLORMAPS`` in cnnvis_widgets/rendering/colormaps.py. The file
is the same on every run. "vanimo" needs matplotlib 3.10 or newer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray

from cnnvis_widgets.rendering import colormaps


def table(name: str, kind: str) -> NDArray[np.uint8]:
    """The colours of one map, uint8 (256, 3)."""
    colours = matplotlib.colormaps[name](np.arange(256))[:, :3] * 255
    if kind == "diverging":
        colours[127:129] = colours[127:129].mean()  # zero: one colour, without hue
    return np.rint(colours).astype(np.uint8)


def main() -> None:
    """Write all tables into one file."""
    path = Path(colormaps.__file__).with_name("colormaps.npz")
    tables: dict[str, Any] = {n: table(n, kind) for n, kind in colormaps.COLORMAPS.items()}
    np.savez(path, **tables)
    print(f"{path.name}: {len(colormaps.COLORMAPS)} tables, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
