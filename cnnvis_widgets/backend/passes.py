"""What a method may ask of a backward pass. No TensorFlow here."""

from __future__ import annotations

from typing import NamedTuple

INPUT = None
"""The place of a `Pass` that is the picture itself."""
OPEN = "guided_open"
"""The guided rule of other libraries, for comparing with them: a clipped ReLU also lets back what
is above its bound."""


class Pass(NamedTuple):
    """One backward pass: the derivative at a place, under a rule for the ReLUs.

    Attributes:
        place: `INPUT` or a layer's name.
        rule: "gradient", "deconvnet" or "guided" (or `OPEN`).
    """

    place: str | None = INPUT
    rule: str = "gradient"
