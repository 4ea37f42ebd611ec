"""Scoring by eye, blind to the method: the thesis' points of 0 and 1, kept in a file.

Erroz Arroyo 2019, section 4.3. Nothing there says that the judge was blind; here the runs
come in an order drawn from a seed, and nothing tells whose map it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.errors import FileError, InvalidValueError

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

FORMAT = 1

THESIS_TABLE_2: dict[str, dict[str, int]] = {
    network: dict(
        zip(
            ("deconvnet", "saliency", "guided_backprop", "grad_cam", "guided_grad_cam",
             "deep_taylor", "lime"),
            points,
            strict=True,
        )
    )
    for network, points in {
        "VGG-16": (4, 6, 3, 12, 13, 5, 7),
        "Inception V3": (0, 4, 7, 9, 11, 4, 8),
        "Xception": (0, 3, 6, 9, 10, 6, 7),
        "ResNet-50": (0, 2, 6, 13, 12, 4, 7),
        "MobileNet V2": (0, 2, 0, 7, 3, 6, 7),
    }.items()
}  # fmt: skip
"""The thesis' own points, by network and method: ten pictures, three neurons of each."""

THESIS_OUTPUTS_ONLY = ("deep_taylor", "lime")
"""Methods that the thesis asked about outputs alone: 10 maps of a network, and 30 of the others."""

EVIDENCE = ("pointing_game", "relevance_mass")
OUTPUTS = ("output", "label")


class EyeScores:
    """Points for a study's runs, in an order that a seed decides.

    Args:
        study: its runs that have a map are judged; those that are computed later are not.
        path: the file, JSON; read if it is there, and written whole after each point.
        seed: of the order. A file that was begun keeps its own.

    Attributes:
        path: the file.
        seed: of the order.
        lines: the runs' lines, in the order in which they are judged.
        points: 0 or 1 by a run's key.

    Raises:
        FileError: the file is not one of these, or cannot be written.
        InvalidValueError: no run of the study has a map.
    """

    def __init__(self, study: Study, path: str | Path, seed: int = 0) -> None:
        self.path = Path(path)
        self.seed, self.points = seed, dict[str, int]()
        if self.path.exists():
            self._read()
        lines = [line for line in study.runs() if "file" in line]
        if not lines:
            raise InvalidValueError("There is nothing to judge: no run of the study has a map yet.")
        # Each run's place is drawn from its own name, so that more runs do not shuffle all anew.
        self.lines = sorted(lines, key=lambda line: self._lot(line["key"]))

    def _lot(self, key: str) -> float:
        numbers = np.frombuffer(key.encode(), np.uint8).tolist()
        return float(np.random.default_rng([self.seed, *numbers]).random())

    def _read(self) -> None:
        try:
            found = json.loads(self.path.read_text("utf-8"))
            known = found["format"] == FORMAT
            seed, points = int(found["seed"]), dict(found["points"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FileError(f"{str(self.path)!r} could not be read as points: {error!r}") from error
        if not known or not all(value in (0, 1) for value in points.values()):
            raise FileError(f"{str(self.path)!r} holds no points of format {FORMAT}.")
        self.seed, self.points = seed, points

    @property
    def judged(self) -> int:
        """How many of the runs have a point or none, but a decision."""
        return sum(line["key"] in self.points for line in self.lines)

    def first_open(self) -> int:
        """The place of the first run that is not judged; the number of runs where all are."""
        places = enumerate(self.lines)
        return next((i for i, line in places if line["key"] not in self.points), len(self.lines))

    def judge(self, place: int, value: int) -> None:
        """Write a decision down.

        Args:
            place: in `lines`.
            value: 1 if the map is acceptable, else 0.

        Raises:
            InvalidValueError: no such place, or another value.
        """
        if isinstance(value, bool) or value not in (0, 1):
            raise InvalidValueError(f"A point is 0 or 1; got {value!r}.")
        if not 0 <= place < len(self.lines):
            raise InvalidValueError(f"There are {len(self.lines)} maps to judge; got {place}.")
        points = {**self.points, self.lines[place]["key"]: int(value)}
        text = json.dumps({"format": FORMAT, "seed": self.seed, "points": points}, indent=1)
        part = self.path.with_name(self.path.name + ".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(text + "\n", "utf-8")
            part.replace(self.path)
        except OSError as error:
            raise FileError(f"{str(self.path)!r} could not be written: {error}") from error
        self.points = points

    def table(self) -> dict[str, dict[str, tuple[int, int]]]:
        """Table 2: network → method → (points, how many were judged)."""
        found: dict[str, dict[str, tuple[int, int]]] = {}
        for line in self.lines:
            if line["key"] in self.points:
                row = found.setdefault(line["network"], {})
                points, count = row.get(line["method"], (0, 0))
                row[line["method"]] = points + self.points[line["key"]], count + 1
        return found


@dataclass(frozen=True)
class Evidence:
    """What the metrics of evidence say of a study's output neurons, for the engine.

    Attributes:
        study: the study; nothing is said where no mask is known.
    """

    study: Study

    def perform(
        self,
        library: Any,
        step: Callable[[int, int], None],
        tell: Callable[[Callable[[], Any]], None] | None = None,
    ) -> dict[str, dict[str, float]]:
        """Metric → method → the mean over all networks and pictures that have a mask."""
        rows = self.study.table(
            list(EVIDENCE), by=("method", "neuron"), baselines=("centre",), progress=step
        )
        found: dict[str, dict[str, float]] = {}
        for row in rows:
            if row["neuron"] in OUTPUTS and row["value"] is not None:
                found.setdefault(row["metric"], {}).setdefault(row["method"], row["value"])
        return found
