"""Scoring by eye, blind to the method: the thesis' points of 0 and 1, kept in a file.

Erroz Arroyo 2019, section 4.3. Nothing there says that the judge was blind; here the runs
come in an order drawn from a seed, and nothing tells whose map it is. Where nobody can tell what
the neuron responds to on a picture, no method gets a point there: the thesis' own rule.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.study.store import file_name
from cnnvis_widgets.study.whole_files import locked, replace

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

FORMAT = 1
UNDECIDED = "undecided"
VERDICTS: tuple[int | str, ...] = (0, 1, UNDECIDED)
"""What a judge says of a map; see `by_the_rule` for what becomes of the third."""

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
        repeats: about which share of the maps comes a second time at the end, in another order
            and without being told, to see how far the judge's verdicts stay; 0 to 1. A file that
            was begun keeps its own.

    Attributes:
        path: the file.
        seed: of the order.
        repeats: the share.
        lines: the runs' lines, in the order in which they are judged, repeats last.
        points: 0, 1 or "undecided" by a run's key.
        again: the same, of the second time.

    Raises:
        FileError: the file is not one of these, or cannot be written.
        InvalidValueError: no run of the study has a map; a share outside of 0 to 1.
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
        # Each run's place is drawn from its own name, so that more runs do not shuffle all anew.
        first = sorted(lines, key=lambda line: self._lot(line["key"]))
        second = [line for line in first if self._lot(line["key"], 1) < self.repeats]
        second.sort(key=lambda line: self._lot(line["key"], 2))
        self.lines = [*first, *({**line, "again": True} for line in second)]

    def _lot(self, key: str, draw: int = 0) -> float:
        numbers = np.frombuffer(key.encode(), np.uint8).tolist()
        seeds = [self.seed, *numbers, draw] if draw else [self.seed, *numbers]
        return float(np.random.default_rng(seeds).random())

    def _read(self) -> None:
        try:
            stored = json.loads(self.path.read_text("utf-8"))
            known = stored["format"] == FORMAT
            seed, points = int(stored["seed"]), dict(stored["points"])
            again, repeats = dict(stored.get("again", {})), float(stored.get("repeats", 0))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FileError(f"{str(self.path)!r} could not be read as points: {error!r}") from error
        if not known or not all(v in VERDICTS for v in (*points.values(), *again.values())):
            raise FileError(f"{str(self.path)!r} holds no points of format {FORMAT}.")
        self.seed, self.points = seed, points
        self.again, self.repeats = again, repeats

    def value(self, place: int) -> int | str | None:
        """What was said of the map at a place; None where nothing was."""
        line = self.lines[place]
        return (self.again if line.get("again") else self.points).get(line["key"])

    @property
    def judged(self) -> int:
        """How many of the runs have a point or none, but a decision."""
        return sum(self.value(place) is not None for place in range(len(self.lines)))

    def first_open(self) -> int:
        """The place of the first run that is not judged; the number of runs where all are."""
        places = range(len(self.lines))
        return next((i for i in places if self.value(i) is None), len(self.lines))

    def judge(self, place: int, value: int | str) -> None:
        """Write a decision down.

        Args:
            place: in `lines`.
            value: 1 if the map is acceptable, else 0; "undecided" where nobody can tell what the
                neuron responds to on this picture.

        Raises:
            InvalidValueError: no such place, or another value.
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
                kept = {"format": FORMAT, "seed": self.seed, "points": points}
                if self.repeats:
                    kept |= {"repeats": self.repeats, "again": again}
                text = json.dumps(kept, indent=1) + "\n"
                replace(self.path, text.encode(), sync=True)
        except OSError as error:
            if isinstance(error, FileError):
                raise
            raise FileError(f"{str(self.path)!r} could not be written: {error}") from error
        self.points, self.again = points, again

    def table(self) -> dict[str, dict[str, tuple[int, int]]]:
        """Table 2: network → method → (points, how many were judged), by the thesis' rule."""
        table: dict[str, dict[str, tuple[int, int]]] = {}
        ruled = by_the_rule(self.lines, self.points)
        for line in self.lines:
            if line["key"] in ruled and not line.get("again"):
                row = table.setdefault(line["network"], {})
                points, count = row.get(line["method"], (0, 0))
                row[line["method"]] = points + ruled[line["key"]], count + 1
        return table


def rater_file(rater: str) -> str:
    """Where a rater's points are in a study's folder.

    Examples:
        >>> rater_file("ana")
        'raters/ana-2d111ea1.json'
    """
    return f"raters/{file_name(rater)}.json"


def by_the_rule(
    lines: Iterable[Mapping[str, Any]], verdicts: Mapping[str, int | str]
) -> dict[str, int]:
    """Verdicts as points: where one map was undecided, no method gets a point.

    "Undecided" is said of what the neuron responds to on a picture, and not of one method's map: so
    it counts for all maps of that network, picture and neuron.

    Args:
        lines: the runs' lines.
        verdicts: by a run's key.

    Returns:
        0 or 1 by the key of each run that was judged.
    """
    places = {
        line["key"]: tuple(line[n] for n in ("network", "picture", "neuron")) for line in lines
    }
    undecided = {places[k] for k, said in verdicts.items() if said == UNDECIDED and k in places}
    return {
        key: 0 if places[key] in undecided else int(said)
        for key, said in verdicts.items()
        if key in places
    }


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
