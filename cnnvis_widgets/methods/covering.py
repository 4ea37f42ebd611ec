"""The colour that replaces covered parts of a picture."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.methods.contract import Question
from cnnvis_widgets.methods.parameter import Parameter

LEVELS = {"grey": 128, "black": 0, "white": 255}
COLOUR = Parameter(
    "colour",
    "Colour",
    "choice",
    "grey",
    "what replaces the covered part; mean: the picture's own mean colour",
    choices=(*LEVELS, "mean"),
)
UNCHANGED = (
    "The picture has the colour that covers it, so that covering it changes nothing: choose "
    "another colour."
)


def cover(question: Question) -> np.ndarray:
    """The input of a picture covered everywhere with the chosen colour.

    Args:
        question: with the parameter `colour`.

    Returns:
        float32 (rows, columns, channels).

    Example:
        >>> from types import SimpleNamespace
        >>> one = SimpleNamespace(parameters={"colour": "mean"}, input=np.float32([[[1], [3]]]))
        >>> cover(one).ravel()
        array([2., 2.], dtype=float32)
    """
    colour, picture = question.parameters["colour"], question.input
    if colour == "mean":
        mean = picture.mean((0, 1), dtype=np.float64)
        return np.broadcast_to(mean, picture.shape).astype(np.float32)
    return question.network.plain(LEVELS[colour])
