"""Scoring by people, blind to the method: the thesis' points of 0 and 1, saved in a file.

Erroz Arroyo 2019, section 4.3. The thesis does not say that the judge was blind; here the runs come
in random order, without the method's name. As in the thesis, no method gets a point for a picture
and neuron if the judge cannot tell what the neuron responds to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.study.atomic_files import locked, replace
from cnnvis_widgets.study.store import file_name

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

FORMAT = 1
UNDECIDED = "undecided"
VERDICTS: tuple[int | str, ...] = (0, 1, UNDECIDED)
"""A judge's verdicts on a map; `by_the_rule` treats the third."""

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
"""The thesis' points by network and method: ten pictures, three neurons on each."""

THESIS_OUTPUTS_ONLY = ("deep_taylor", "lime")
"""Methods that the thesis applied to outputs only: 10 maps of a network instead of 30."""

EVIDENCE = ("pointing_game", "relevance_mass")
OUTPUTS = ("output", "label")


class EyeScores:
    """A judge's points for a study's runs, in random order.

    Args:
        study: its runs with a map are judged, except those that are computed later.
        path: a JSON file; read if it exists, and written after each point.
        seed: of the order; an existing file's seed takes precedence.
        repeats: the approximate share of maps, 0 to 1, that are repeated at the end in another
            order, to measure the judge's consistency; an existing file's takes precedence.

    Attributes:
        path: the file.
        seed: of the order.
        repeats: the share.
        lines: the runs' lines in the order of judging, repeats last.
        points: a run's key → 0, 1 or "undecided".
        again: the same for repeats.

    Raises:
        FileError: the file is invalid, or cannot be written.
        InvalidValueError: no run of the study has a map; repeats out of range.
    """

    def __init__(self, study: Study, path: str | Path, seed: int = 0, repeats: float = 0.0) -> None:
        self.path = Path(path)
        if not 0 <= repeats <= 1:
            raise InvalidValueError(f"repeats is a share of the maps, 0 to 1; got {repeats!r}.")
        self.seed, self.repeats = seed, float(repeats)
        self.points, self.again = dict[str, int | str](), dict[str, int | str]()
        if self.path.exists():
            self._read()
        lines = [line for line in study.runs() if "file" in line]
        if not lines:
            raise InvalidValueError("There is nothing to judge: no run of the study has a map yet.")
        # The order depends on each run's key, so that new runs do not change it for the others
        once = sorted(lines, key=lambda line: self._random_order(line["key"]))
        repeated = [line for line in once if self._random_order(line["key"], 1) < self.repeats]
        repeated.sort(key=lambda line: self._random_order(line["key"], 2))
        self.lines = [*once, *({**line, "again": True} for line in repeated)]

    def _random_order(self, key: str, draw: int = 0) -> float:
        numbers = np.frombuffer(key.encode(), np.uint8).tolist()
        seeds = [self.seed, *numbers, draw] if draw else [self.seed, *numbers]
        return float(np.random.default_rng(seeds).random())

    def _read(self) -> None:
        try:
            stored = json.loads(self.path.read_text("utf-8"))
            is_known = stored["format"] == FORMAT
            seed, points = int(stored["seed"]), dict(stored["points"])
            again, repeats = dict(stored.get("again", {})), float(stored.get("repeats", 0))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FileError(f"{str(self.path)!r} could not be read as points: {error!r}") from error
        if not is_known or not all(v in VERDICTS for v in (*points.values(), *again.values())):
            raise FileError(f"{str(self.path)!r} holds no points of format {FORMAT}.")
        self.seed, self.points = seed, points
        self.again, self.repeats = again, repeats

    def value(self, place: int) -> int | str | None:
        """The verdict on the map at an index of `lines`, or None."""
        line = self.lines[place]
        return (self.again if line.get("again") else self.points).get(line["key"])

    @property
    def judged(self) -> int:
        """How many lines have a verdict."""
        return sum(self.value(place) is not None for place in range(len(self.lines)))

    def first_open(self) -> int:
        """The index of the first line without a verdict; the number of lines if all have one."""
        places = range(len(self.lines))
        return next((i for i in places if self.value(i) is None), len(self.lines))

    def judge(self, place: int, value: int | str) -> None:
        """Save a verdict.

        Args:
            place: an index of `lines`.
            value: 1 if the map is acceptable, else 0; "undecided" if it is impossible to tell what
                the neuron responds to on this picture.

        Raises:
            InvalidValueError: an index or a value out of range.
        """
        if isinstance(value, bool) or value not in VERDICTS:
            raise InvalidValueError(f'A point is 0 or 1, or "{UNDECIDED}"; got {value!r}.')
        if not 0 <= place < len(self.lines):
            raise InvalidValueError(f"There are {len(self.lines)} maps to judge; got {place}.")
        line = self.lines[place]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self.path.parent):
                if self.path.exists():  # the same rater may have another page open
                    self._read()
                points, again = dict(self.points), dict(self.again)
                (again if line.get("again") else points)[line["key"]] = value
                content = {"format": FORMAT, "seed": self.seed, "points": points}
                if self.repeats:
                    content |= {"repeats": self.repeats, "again": again}
                text = json.dumps(content, indent=1) + "\n"
                replace(self.path, text.encode(), sync=True)
        except OSError as error:
            if isinstance(error, FileError):
                raise
            raise FileError(f"{str(self.path)!r} could not be written: {error}") from error
        self.points, self.again = points, again

    def table(self) -> dict[str, dict[str, tuple[int, int]]]:
        """Table 2: network → method → (points, judged maps), by the thesis' rule."""
        table: dict[str, dict[str, tuple[int, int]]] = {}
        ruled = by_the_rule(self.lines, self.points)
        for line in self.lines:
            if line["key"] in ruled and not line.get("again"):
                row = table.setdefault(line["network"], {})
                points, count = row.get(line["method"], (0, 0))
                row[line["method"]] = points + ruled[line["key"]], count + 1
        return table


def rater_file(rater: str) -> str:
    """The file of a rater's points, relative to the study's folder.

    Examples:
        >>> rater_file("ana")
        'raters/ana-2d111ea1.json'
    """
    return f"raters/{file_name(rater)}.json"


def by_the_rule(
    lines: Iterable[Mapping[str, Any]], verdicts: Mapping[str, int | str]
) -> dict[str, int]:
    """Convert verdicts to points: "undecided" on one map means no point for any method.

    "Undecided" is about the neuron on the picture and not about one method's map, so it applies to
    all maps of that network, picture and neuron.

    Args:
        lines: the runs' lines.
        verdicts: by a run's key.

    Returns:
        The key of each judged run → 0 or 1.
    """
    cells = {
        line["key"]: tuple(line[n] for n in ("network", "picture", "neuron")) for line in lines
    }
    undecided = {cells[k] for k, verdict in verdicts.items() if verdict == UNDECIDED and k in cells}
    return {
        key: 0 if cells[key] in undecided else int(verdict)
        for key, verdict in verdicts.items()
        if key in cells
    }


@dataclass(frozen=True)
class Evidence:
    """A request for the mean scores of a study's output neurons by metrics that use masks.

    Attributes:
        study: the study.
    """

    study: Study

    def perform(
        self,
        library: Any,
        step: Callable[[int, int], None],
        preview: Callable[[Callable[[], Any]], None] | None = None,
    ) -> dict[str, dict[str, float]]:
        """Metric → method → the mean over all networks and pictures that have a mask."""
        rows = self.study.table(
            list(EVIDENCE), by=("method", "neuron"), baselines=("centre",), progress=step
        )
        means: dict[str, dict[str, float]] = {}
        for row in rows:
            if row["neuron"] in OUTPUTS and row["value"] is not None:
                means.setdefault(row["metric"], {}).setdefault(row["method"], row["value"])
        return means
