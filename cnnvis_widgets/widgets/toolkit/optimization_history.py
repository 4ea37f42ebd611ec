"""The history of an optimization: a curve over its steps, and intermediate pictures to scrub."""

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
    """A curve of values over the steps of a method, and its intermediate pictures.

    The slider goes from picture to picture, or without pictures from value to value; a button plays
    them. Fill it with `show`, from any thread.

    Attributes:
        steps: the steps of the values, ascending.
        values: one finite number for each step.
        label: what the values are.
        frames: PNG or JPEG files; may be empty.
        frame_steps: the step of each frame, ascending.
        at: the index of the frame (or value) that is shown.
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
        """Show a curve and intermediate pictures, in one message.

        Args:
            steps: ascending integers.
            values: one for each step.
            label: what the values are, with their unit.
            frames: uint8 (rows, columns, 3) each, or the bytes of picture files.
            frame_steps: one for each frame, ascending; by default evenly over the steps.

        Raises:
            InvalidValueError: lengths that differ, steps that do not ascend, or values that are
                not finite.
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
