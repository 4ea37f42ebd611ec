"""How a result came about: a curve over the steps, and the pictures on the way to scrub through."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.rendering.pictures import as_picture, jpeg_bytes
from cnnvis_widgets.widgets.toolkit.base import Component


class OptimizationHistory(Component, from_page="at"):
    """A figure that changed while a method worked, and what it had made by then.

    The slider goes from picture to picture, or without pictures from value to value; a button plays
    them. Fill it with `show`, from any thread.

    Attributes:
        steps: where the values were read, rising.
        values: as many finite numbers.
        label: what they are.
        frames: PNG or JPEG files; may be empty.
        frame_steps: the step after which each frame was made, rising.
        at: which frame (or value) is shown.
    """

    steps = traitlets.List(traitlets.Int()).tag(sync=True)
    values = traitlets.List(traitlets.Float()).tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    frames = traitlets.List(traitlets.Bytes()).tag(sync=True)
    frame_steps = traitlets.List(traitlets.Int()).tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)

    def show(
        self,
        steps: Sequence[int],
        values: Sequence[float],
        label: str,
        frames: Sequence[ArrayLike | bytes] = (),
        frame_steps: Sequence[int] = (),
    ) -> None:
        """Show a curve, and pictures on the way; all change in one message.

        Args:
            steps: rising whole numbers.
            values: as many.
            label: what they are, with their unit.
            frames: uint8 (rows, columns, 3) each, or the bytes of picture files.
            frame_steps: one for each frame, rising; evenly over the steps where it is left out.

        Raises:
            InvalidValueError: numbers that are not as many, do not rise, or are not finite.
        """
        _rising("steps", steps)
        if len(steps) != len(values):
            raise InvalidValueError(
                f"Expected a value for each step; got {len(steps)} steps and {len(values)} values."
            )
        if not all(math.isfinite(value) for value in values):
            raise InvalidValueError("The values of a curve are finite; one of these is not.")
        if len(frames) and not len(frame_steps):
            ends = (steps[0], steps[-1]) if len(steps) else (0, len(frames) - 1)
            frame_steps = [round(step) for step in np.linspace(*ends, len(frames))]
        if len(frames) != len(frame_steps):
            raise InvalidValueError(
                "Expected a step for each frame; "
                f"got {len(frames)} frames and {len(frame_steps)} steps."
            )
        _rising("frame_steps", frame_steps)
        files = [f if isinstance(f, bytes) else jpeg_bytes(as_picture(f)) for f in frames]
        with self.hold_sync():
            self.steps = [int(step) for step in steps]
            self.values = [float(value) for value in values]
            self.label = label
            self.frames = files
            self.frame_steps = [int(step) for step in frame_steps]
            self.at = max(0, (len(files) or len(self.steps)) - 1)

    @traitlets.validate("at")
    def _within(self, proposal: dict[str, int]) -> int:
        last = max(0, (len(self.frames) or len(self.steps)) - 1)
        return min(max(proposal["value"], 0), last)


def _rising(name: str, numbers: Sequence[int]) -> None:
    if any(b < a for a, b in itertools.pairwise(numbers)):
        raise InvalidValueError(f"{name} must rise; got {list(numbers)}.")
