"""What replaces the part of the picture that is covered."""

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
    """The input of the picture covered all over, in the colour that was asked for.

    Args:
        question: whose `parameters` hold the `colour`.

    Returns:
        float32 (rows, columns, channels).

    Example:
        >>> from types import SimpleNamespace
        >>> one = SimpleNamespace(parameters={"colour": "mean"}, input=np.float32([[[1], [3]]]))
        >>> cover(one).ravel()
        array([2., 2.], dtype=float32)
    """
    named, picture = question.parameters["colour"], question.input
    if named == "mean":
        mean = picture.mean((0, 1), dtype=np.float64)
        return np.broadcast_to(mean, picture.shape).astype(np.float32)
    return question.network.plain(LEVELS[named])
