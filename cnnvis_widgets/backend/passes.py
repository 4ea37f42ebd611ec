"""The options of a backward pass. No TensorFlow here."""

from __future__ import annotations

from typing import NamedTuple

INPUT = None
"""The `place` of a `Pass` that ends at the picture."""
OPEN = "guided_open"
"""The guided rule of other libraries, for comparisons: a clipped ReLU also passes gradients where
its input is above its bound."""


class Pass(NamedTuple):
    """One backward pass: the derivative with respect to `place`, under a rule for the ReLUs.

    Attributes:
        place: `INPUT` or a layer's name.
        rule: "gradient", "deconvnet" or "guided" (or `OPEN`).
    """

    place: str | None = INPUT
    rule: str = "gradient"
