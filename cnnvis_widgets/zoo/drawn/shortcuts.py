"""Two shortcuts: what may go with a class without belonging to it.

A husky was once told from a wolf by the snow (Ribeiro et al., KDD 2016), and horses by the
photographer's mark in the corner (Lapuschkin et al., Nature Communications 10, 2019).

Each takes x and y, float (rows, columns), the pixels' centres, and chance, and returns its colours,
float (rows, columns, 3) of 0..1, and how much of each pixel it covers, (rows, columns) of 0..1.
"""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.zoo.drawn.noise import fractal, noise

Painted = tuple[np.ndarray, np.ndarray]


def snow(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> Painted:
    """Snow on the ground: a white drift along the lower edge, behind the objects."""
    edge = rng.uniform(41, 47) + 9 * (noise(x[:1], 0 * x[:1], 21, rng) - 0.5)
    depth = np.clip((y - edge) / 14, 0, 1)
    light = 0.99 - 0.10 * fractal(x, 2 * y, 12, 3, rng) - 0.06 * depth
    glitter = 0.09 * (noise(x, y, 1.6, rng) > 0.86)
    light = np.clip(light + glitter, 0, 1)
    dark = (1 - light)[..., None]
    colours = 1 - dark * np.array([1.35, 1.0, 0.5])  # the darker, the bluer
    return colours, np.clip(y - edge + 0.5, 0, 1)


def mark(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> Painted:
    """A stamp in one of the corners, before everything: a white disc with a red ring and a dot."""
    inset = rng.uniform(8.0, 9.5, 2)
    right, below = rng.integers(0, 2, 2)
    column = 64 - inset[0] if right else inset[0]
    row = 64 - inset[1] if below else inset[1]
    distance = np.hypot(x - column, y - row)
    white, red = np.array([0.97, 0.97, 0.95]), np.array([0.83, 0.08, 0.12])
    inked = np.maximum(1.5 - abs(distance - 4.6), 2.2 - distance)
    colours = white + (red - white) * np.clip(inked, 0, 1)[..., None]
    return colours, np.clip(7.3 - distance, 0, 1)
