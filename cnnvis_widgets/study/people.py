"""Several raters of a study: their common points, their agreement, and correlations with metrics.

A map has a point if more than half of its raters gave one, after the thesis' rule was applied to
each rater (see `human_scores.by_the_rule`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.study.agreement import Agreement, cohen, fleiss
from cnnvis_widgets.study.groups import Difference, group_difference
from cnnvis_widgets.study.human_scores import EyeScores, by_the_rule, rater_file
from cnnvis_widgets.study.intervals import DRAWS, bootstrap
from cnnvis_widgets.study.raters import raters

if TYPE_CHECKING:
    from cnnvis_widgets.study.contract import Scored
    from cnnvis_widgets.study.study import Study

EYES = "eyes.json"


class Interval(NamedTuple):
    """A value with its confidence interval; None if undefined."""

    value: float | None
    low: float | None
    high: float | None


class People:
    """The raters of a study.

    Args:
        study: the study.
        files: the raters' files; None for eyes.json and all in `raters` in the study's folder.

    Attributes:
        raters: name → `EyeScores`.
        lines: the study's lines with a map.
        points: key of each judged run → 0 or 1, the raters' majority.

    Raises:
        FileError: no file, or an invalid one.

    Examples:
        >>> people = People(study)
        >>> people.share_of("grad_cam").value
        0.5
    """

    def __init__(self, study: Study, files: Sequence[str | Path] | None = None) -> None:
        self.study = study
        paths = [Path(file) for file in files] if files else files_of(study)
        if missing := [str(path) for path in paths if not path.is_file()]:
            raise FileError(f"There is no file {', '.join(missing)}.")
        if not paths:
            raise FileError(
                f"Nobody has judged the study in {str(study.store.path)!r} yet: expected {EYES} or "
                'files in raters. cnnvis.Scoreboard(study, rater="name") writes one.'
            )
        invited = {
            Path(rater_file(rater.name)).name: rater.name for rater in raters(study.store.path)
        }
        self.raters = {
            invited.get(path.name) or _rater_name(path, paths): EyeScores(study, path)
            for path in paths
        }
        self.lines = [line for line in study.runs() if "file" in line]
        self._line_of = {line["key"]: line for line in self.lines}
        by_rule = [by_the_rule(self.lines, rater.points) for rater in self.raters.values()]
        votes: dict[str, list[int]] = {}
        for points_by_key in by_rule:
            for key, point in points_by_key.items():
                votes.setdefault(key, []).append(point)
        self.points = {key: int(2 * sum(points) > len(points)) for key, points in votes.items()}

    def agreement(self, level: float = 0.95, seed: int = 0) -> dict[str, Agreement]:
        """Cohen's kappa of each pair of raters, and Fleiss' kappa of three or more.

        Computed on verdicts (1, 0, undecided) about maps that all compared raters judged.
        """
        agreements = {}
        for name, other_name in combinations(self.raters, 2):
            if (pair := self._verdicts([name, other_name])) is not None:
                answers, groups = pair
                first, second = zip(*answers, strict=True)
                agreements[f"{name}, {other_name}"] = cohen(first, second, groups, level, seed)
        if len(self.raters) > 2 and (everyone := self._verdicts(list(self.raters))) is not None:
            agreements["all"] = fleiss(*everyone, level, seed)
        return agreements

    def self_agreement(self, level: float = 0.95, seed: int = 0) -> dict[str, Agreement]:
        """Cohen's kappa of each rater's first and second verdicts on repeated maps."""
        agreements = {}
        for name, rater in self.raters.items():
            keys = [key for key in rater.again if key in rater.points and key in self._line_of]
            if keys:
                groups = [self._line_of[key]["picture"] for key in keys]
                first, second = [rater.points[k] for k in keys], [rater.again[k] for k in keys]
                agreements[name] = cohen(first, second, groups, level, seed)
        return agreements

    def _verdicts(self, names: Iterable[str]) -> tuple[list[tuple[Any, ...]], list[str]] | None:
        all_points = [self.raters[name].points for name in names]
        keys = [
            line["key"]
            for line in self.lines
            if all(line["key"] in points for points in all_points)
        ]
        if not keys:
            return None
        answers = [tuple(points[key] for points in all_points) for key in keys]
        return answers, [self._line_of[key]["picture"] for key in keys]

    def cells(self) -> dict[str, dict[str, tuple[int, int, Interval]]]:
        """Table 2: network → method → (points, maps judged, share with its interval)."""
        cells: dict[str, dict[str, tuple[int, int, Interval]]] = {}
        for network in self.study.networks:
            for method in self.study.methods:
                selection = {"network": network, "method": method}
                keys = self._keys(**selection)
                if keys:
                    points = sum(self.points[key] for key in keys)
                    cell = points, len(keys), self._share(keys)
                    cells.setdefault(network, {})[method] = cell
        return cells

    def share_of(self, method: str) -> Interval:
        """The share of a method's maps with a point; its bootstrap draws pictures."""
        return self._share(self._keys(method=method))

    def _keys(self, **selection: str) -> list[str]:
        return [
            line["key"]
            for line in self.lines
            if line["key"] in self.points and all(line[k] == v for k, v in selection.items())
        ]

    def _share(self, keys: Sequence[str]) -> Interval:
        groups: dict[str, list[float]] = {}
        for key in keys:
            groups.setdefault(self._line_of[key]["picture"], []).append(self.points[key])
        if not groups:
            return Interval(None, None, None)
        low, high = bootstrap(list(groups.values()), seed=self.study.seed)
        return Interval(sum(self.points[key] for key in keys) / len(keys), low, high)

    def difference(self, level: float = 0.95) -> tuple[tuple[str, str], Interval] | None:
        """The share of points on the first group of pictures minus that on the second.

        The groups are those of `cnnvis study run thesis` (ImageNet, other); None without groups.
        The bootstrap draws pictures within each group.
        """
        gap = self.groups(level)
        if gap is None:
            return None
        return (gap.first, gap.second), Interval(gap.value, gap.low, gap.high)

    def groups(self, level: float = 0.95) -> Difference | None:
        """As `difference`, with a permutation test; see `group_difference`."""
        groups = self.study.store.settings.get("groups", {})
        return group_difference(self._by_picture(), groups, level, self.study.seed)

    def _by_picture(self) -> dict[str, tuple[float, float]]:
        sums: dict[str, tuple[float, float]] = {}
        for key, point in self.points.items():
            points, count = sums.get(self._line_of[key]["picture"], (0.0, 0.0))
            sums[self._line_of[key]["picture"]] = points + point, count + 1
        return sums

    def follows(
        self, scores: Iterable[Scored], lower_is_better: bool = False, level: float = 0.95
    ) -> Interval:
        """Spearman's rank correlation of people's and a metric's mean scores of the methods.

        Both means are over the runs that were judged and have a score. 1: the metric orders the
        methods as people do.

        Args:
            scores: of one metric.
            lower_is_better: whether to reverse the metric's order.
            level: of confidence; the bootstrap draws pictures.

        Returns:
            All None with fewer than three methods, or if people or metric rate all methods equal.
        """
        sign = -1.0 if lower_is_better else 1.0
        by_run = {
            tuple(score.run[n] for n in ("network", "picture", "method", "neuron")): score.value
            for score in scores
        }
        pictures, methods = list(self.study.pictures), list(self.study.methods)
        sums = np.zeros((len(pictures), len(methods), 3))  # points, values, how many
        for key, point in self.points.items():
            line = self._line_of[key]
            value = by_run.get(tuple(line[n] for n in ("network", "picture", "method", "neuron")))
            if value is not None:
                index = pictures.index(line["picture"]), methods.index(line["method"])
                sums[index] += [point, sign * value, 1]
        sums = sums[sums.any(axis=(1, 2))]
        sums = sums[:, sums[..., 2].any(axis=0)]
        if not sums.size or sums.shape[1] < 3:
            return Interval(None, None, None)
        return _rank_correlation(sums, level, self.study.seed)


def _rank_correlation(sums: np.ndarray, level: float, seed: int) -> Interval:
    """Spearman's correlation of two means by method; its bootstrap draws pictures.

    Args:
        sums: (pictures, methods, 3): sums of the first values, of the second, and their number.
        level: of confidence.
        seed: of the bootstrap.
    """
    from scipy.stats import rankdata

    rng = np.random.default_rng(seed)
    count = len(sums)
    weights = rng.multinomial(count, np.full(count, 1 / count), size=DRAWS)
    resampled = np.tensordot(np.vstack([np.ones(count), weights]), sums, axes=1)
    complete = (resampled[..., 2] > 0).all(axis=1)  # leave out draws without one of the methods
    means = resampled[complete][..., :2] / resampled[complete][..., 2:]
    ranks = rankdata(means, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    spread = np.sqrt((ranks**2).sum(axis=1))
    level_ones = spread.min(axis=1) == 0
    products = (ranks[..., 0] * ranks[..., 1]).sum(axis=1)
    correlations = products[~level_ones] / spread[~level_ones].prod(axis=1)
    if level_ones[0]:
        return Interval(None, None, None)
    if count < 2 or len(correlations) < 2:
        return Interval(float(correlations[0]), None, None)
    low, high = np.quantile(correlations[1:], [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(correlations[0]), float(low), float(high))


def files_of(study: Study) -> list[Path]:
    """The raters' files in a study's folder."""
    folder = study.store.path
    eyes = [folder / EYES] if (folder / EYES).is_file() else []
    return [*eyes, *sorted((folder / "raters").glob("*.json"))]


def _rater_name(path: Path, paths: Sequence[Path]) -> str:
    """The file's name without the digits that make it unique."""
    name = path.stem.rsplit("-", 1)[0] if path.parent.name == "raters" else path.stem
    return name if sum(p.stem.startswith(name) for p in paths) == 1 else path.stem
