"""What several raters say of a study together: their points, their agreement, and the metrics.

A map has a point where more than half of those who judged it gave one, after the thesis' rule (see
`human_scores.by_the_rule`) was applied to each rater.
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
    """A value with the ends of its interval; None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None


class People:
    """The raters of a study.

    Args:
        study: the study.
        files: their files; None for eyes.json and all in `raters` in the study's folder.

    Attributes:
        raters: name → `EyeScores`.
        lines: the study's lines that have a map.
        points: 0 or 1 by the key of each run that was judged, of all raters together.

    Raises:
        FileError: no file, or one that holds no points.

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
        invited = {Path(rater_file(one.name)).name: one.name for one in raters(study.store.path)}
        self.raters = {
            invited.get(path.name) or _rater_name(path, paths): EyeScores(study, path)
            for path in paths
        }
        self.lines = [line for line in study.runs() if "file" in line]
        self._known = {line["key"]: line for line in self.lines}
        ruled = [by_the_rule(self.lines, one.points) for one in self.raters.values()]
        votes: dict[str, list[int]] = {}
        for one in ruled:
            for key, point in one.items():
                votes.setdefault(key, []).append(point)
        self.points = {key: int(2 * sum(some) > len(some)) for key, some in votes.items()}

    def agreement(self, level: float = 0.95, seed: int = 0) -> dict[str, Agreement]:
        """Cohen's kappa of each pair of raters, and Fleiss' of all if there are three or more.

        What counts are verdicts (1, 0, undecided), of the maps that all of those compared judged.
        """
        agreements = {}
        for one, other in combinations(self.raters, 2):
            if (both := self._verdicts([one, other])) is not None:
                answers, groups = both
                first, second = zip(*answers, strict=True)
                agreements[f"{one}, {other}"] = cohen(first, second, groups, level, seed)
        if len(self.raters) > 2 and (every := self._verdicts(list(self.raters))) is not None:
            agreements["all"] = fleiss(*every, level, seed)
        return agreements

    def self_agreement(self, level: float = 0.95, seed: int = 0) -> dict[str, Agreement]:
        """Cohen's kappa of each rater's first and second verdicts, on the maps that came twice."""
        agreements = {}
        for name, one in self.raters.items():
            keys = [key for key in one.again if key in one.points and key in self._known]
            if keys:
                groups = [self._known[key]["picture"] for key in keys]
                first, second = [one.points[k] for k in keys], [one.again[k] for k in keys]
                agreements[name] = cohen(first, second, groups, level, seed)
        return agreements

    def _verdicts(self, names: Iterable[str]) -> tuple[list[tuple[Any, ...]], list[str]] | None:
        some = [self.raters[name].points for name in names]
        keys = [line["key"] for line in self.lines if all(line["key"] in one for one in some)]
        if not keys:
            return None
        answers = [tuple(one[key] for one in some) for key in keys]
        return answers, [self._known[key]["picture"] for key in keys]

    def cells(self) -> dict[str, dict[str, tuple[int, int, Interval]]]:
        """Table 2: network → method → (points, maps judged, share with its interval)."""
        cells: dict[str, dict[str, tuple[int, int, Interval]]] = {}
        for network in self.study.networks:
            for method in self.study.methods:
                own = {"network": network, "method": method}
                keys = self._keys(**own)
                if keys:
                    points = sum(self.points[key] for key in keys)
                    cell = points, len(keys), self._share(keys)
                    cells.setdefault(network, {})[method] = cell
        return cells

    def share_of(self, method: str) -> Interval:
        """The share of a method's maps that have a point, with a bootstrap over pictures."""
        return self._share(self._keys(method=method))

    def _keys(self, **wanted: str) -> list[str]:
        return [
            line["key"]
            for line in self.lines
            if line["key"] in self.points and all(line[k] == v for k, v in wanted.items())
        ]

    def _share(self, keys: Sequence[str]) -> Interval:
        groups: dict[str, list[float]] = {}
        for key in keys:
            groups.setdefault(self._known[key]["picture"], []).append(self.points[key])
        if not groups:
            return Interval(None, None, None)
        low, high = bootstrap(list(groups.values()), seed=self.study.seed)
        return Interval(sum(self.points[key] for key in keys) / len(keys), low, high)

    def difference(self, level: float = 0.95) -> tuple[tuple[str, str], Interval] | None:
        """How much larger the share of points is on the first group of pictures than on the second.

        The groups are those of `cnnvis study run thesis` (ImageNet, other); None where there are
        none. The interval draws pictures within each group.
        """
        gap = self.groups(level)
        if gap is None:
            return None
        return (gap.first, gap.second), Interval(gap.value, gap.low, gap.high)

    def groups(self, level: float = 0.95) -> Difference | None:
        """The same with a permutation test; see `group_difference`."""
        groups = self.study.store.settings.get("groups", {})
        return group_difference(self._by_picture(), groups, level, self.study.seed)

    def _by_picture(self) -> dict[str, tuple[float, float]]:
        sums: dict[str, tuple[float, float]] = {}
        for key, point in self.points.items():
            points, count = sums.get(self._known[key]["picture"], (0.0, 0.0))
            sums[self._known[key]["picture"]] = points + point, count + 1
        return sums

    def follows(
        self, scores: Iterable[Scored], lower_is_better: bool = False, level: float = 0.95
    ) -> Interval:
        """Whether people's order of the methods is a metric's: Spearman's rank correlation.

        Both are means over the runs that were judged and have a score, so that they speak of the
        same maps. 1: the metric puts the methods in the same order as people do.

        Args:
            scores: of one metric.
            lower_is_better: whether less of it is better; then its order is turned round.
            level: of confidence; the interval draws pictures.

        Returns:
            All None where fewer than three methods have both, or where one of the two puts all
            methods level.
        """
        sign = -1.0 if lower_is_better else 1.0
        by_run = {
            tuple(score.run[n] for n in ("network", "picture", "method", "neuron")): score.value
            for score in scores
        }
        pictures, methods = list(self.study.pictures), list(self.study.methods)
        sums = np.zeros((len(pictures), len(methods), 3))  # points, values, how many
        for key, point in self.points.items():
            line = self._known[key]
            value = by_run.get(tuple(line[n] for n in ("network", "picture", "method", "neuron")))
            if value is not None:
                place = pictures.index(line["picture"]), methods.index(line["method"])
                sums[place] += [point, sign * value, 1]
        sums = sums[sums.any(axis=(1, 2))]
        sums = sums[:, sums[..., 2].any(axis=0)]
        if not sums.size or sums.shape[1] < 3:
            return Interval(None, None, None)
        return _rank_correlation(sums, level, self.study.seed)


def _rank_correlation(sums: np.ndarray, level: float, seed: int) -> Interval:
    """Spearman's correlation of two means over methods; its bootstrap draws pictures.

    Args:
        sums: (pictures, methods, 3): sums of the one, sums of the other, and how many.
        level: of confidence.
        seed: of the draws.
    """
    from scipy.stats import rankdata

    rng = np.random.default_rng(seed)
    count = len(sums)
    weights = rng.multinomial(count, np.full(count, 1 / count), size=DRAWS)
    drawn = np.tensordot(np.vstack([np.ones(count), weights]), sums, axes=1)
    whole = (drawn[..., 2] > 0).all(axis=1)  # a draw without a method has no order of all
    means = drawn[whole][..., :2] / drawn[whole][..., 2:]
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
    """The file's name, without the digits that make it a file of its own."""
    name = path.stem.rsplit("-", 1)[0] if path.parent.name == "raters" else path.stem
    return name if sum(p.stem.startswith(name) for p in paths) == 1 else path.stem
