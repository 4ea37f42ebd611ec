"""The scoreboard: maps are judged one by one without their method, and counted as in Table 2."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import traitlets

from cnnvis_widgets import policy
from cnnvis_widgets.engine import Engine, listings
from cnnvis_widgets.errors import CnnvisError, InvalidValueError
from cnnvis_widgets.rendering import describe, png_bytes
from cnnvis_widgets.study.grid_requests import cell, seen_picture
from cnnvis_widgets.study.human_scores import (
    THESIS_OUTPUTS_ONLY,
    THESIS_TABLE_2,
    Evidence,
    EyeScores,
    rater_file,
)
from cnnvis_widgets.study.study import Study
from cnnvis_widgets.widgets.explorer.explorer_records import fact
from cnnvis_widgets.widgets.toolkit.composed import Asking
from cnnvis_widgets.widgets.toolkit.control import Control

FILE = "eyes.json"


class Scoreboard(Control, Asking, from_page="tabled"):
    """Shows maps one after another to be given a point or none, and the table of points.

    The order is random with a seed, and the method's name is not sent to the page. Points are
    written to a file at once; opening that file again continues it.

    Args:
        study: a `Study` whose runs are computed, a `Comparer`, or the folder of a study.
        path: the file of the points; None for eyes.json in the study's folder, or
            raters/NAME.json in it if the rater has a name.
        seed: of the order; an existing file keeps its own.
        rater: the rater's name. Each rater has their own file and order; `cnnvis study people`
            reports their agreement.
        repeats: the approximate share of maps that are shown twice; see `EyeScores`.
        blind: whether the page never shows the table, which would reveal the methods' points.
        engine: computes the metrics; by default the engine that all widgets share.
        kwargs: the attributes.

    Attributes:
        scores: the `EyeScores`.
        at: the index of the map that is shown; the number of maps once all are judged.
        count: the number of maps.
        judged: the number of judged maps.
        tabled: whether the table is shown.
        blind: see above.

    Raises:
        FileError: not a study, or not a file of points.
        InvalidValueError: none of its runs has a map.

    Examples:
        >>> scoreboard = cnnvis.Scoreboard(study, "points.json")
        >>> scoreboard.count, scoreboard.judged
        (4, 0)
        >>> scoreboard.judge(1)
        >>> scoreboard.judged
        1
        >>> scoreboard.close()
    """

    label = traitlets.Unicode("Does the map show what the neuron responds to?").tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    judged = traitlets.Int(0).tag(sync=True)
    tabled = traitlets.Bool(False).tag(sync=True)
    blind = traitlets.Bool(False).tag(sync=True)
    _card = traitlets.Dict().tag(sync=True)
    _table = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        study: Any,
        path: str | Path | None = None,
        seed: int = 0,
        *,
        rater: str = "",
        repeats: float = 0.0,
        engine: Engine | None = None,
        **kwargs: Any,
    ) -> None:
        self._connect(engine)
        study = getattr(study, "study", study)
        self.study = Study.open(study) if isinstance(study, str | Path) else study
        if not isinstance(self.study, Study):
            raise InvalidValueError(
                f"Expected a Study, a Comparer or a folder; got {type(study).__name__}."
            )
        file = path or self.study.store.path / (rater_file(rater) if rater else FILE)
        rater_offset = zlib.crc32(rater.encode()) if rater else 0  # each rater has another order
        self.scores = EyeScores(self.study, file, seed + rater_offset, repeats)
        self._evidence: dict[str, dict[str, float]] = {}
        super().__init__(**kwargs)
        self.count = len(self.scores.lines)
        self.on_msg(self._receive)
        self._show(self.scores.first_open())
        self.observe(lambda _: self._ask(), "tabled")

    def judge(self, value: int | str) -> None:
        """Give the current map a point (1) or none (0), and go to the next that is not judged.

        "undecided" means that one cannot tell what the neuron responds to; no method gets a point.

        Raises:
            InvalidValueError: an invalid value, or all maps are judged.
        """
        with self._lock:
            self.scores.judge(self.at, value)
            later = range(self.at + 1, self.count)
            open_maps = (i for i in later if self.scores.value(i) is None)
            self._show(next(open_maps, self.scores.first_open()))

    def back(self) -> None:
        """Show the previous map, whose score can be changed."""
        with self._lock:
            self._show(max(0, self.at - 1))

    def table(self) -> list[dict[str, Any]]:
        """Table 2 so far: records of network, method, points, judged; then those of the thesis."""
        ours = [
            {"network": network, "method": method, "points": points, "judged": judged}
            for network, row in self.scores.table().items()
            for method, (points, judged) in row.items()
        ]
        thesis = [
            {
                "network": f"thesis: {network}",
                "method": method,
                "points": points,
                "judged": 10 if method in THESIS_OUTPUTS_ONLY else 30,
            }
            for network, row in THESIS_TABLE_2.items()
            for method, points in row.items()
        ]
        return ours + thesis

    def close(self) -> None:
        """Cancel all requests."""
        if hasattr(self, "scores"):
            self._end()
        super().close()

    def _show(self, index: int) -> None:
        card: dict[str, Any] = {}
        if index < self.count:
            line = self.scores.lines[index]
            map_cell, heatmap = cell(self.study, line), self.study.heatmap(line)
            assert heatmap is not None
            picture = seen_picture(self.study, line["picture"], heatmap.shape)
            card = {
                "picture": png_bytes(picture),
                "map": map_cell.image,
                "alt": f"A map of {map_cell.label}. {describe(heatmap)}",
                "words": f"{map_cell.label} ({line['neuron']}), {_named(line)}",
                "inner": line["neuron"] not in ("output", "label"),
                "value": self.scores.value(index),
            }
        with self.hold_sync():
            self.at, self._card, self.judged = index, card, self.scores.judged
        if self.tabled:
            self._update_table()

    def _ask(self) -> None:
        """Handle that the table was opened: request the metrics once."""
        if self.blind:
            self.tabled = False
        if not self.tabled:
            return
        self._update_table()

        def done(evidence: dict[str, dict[str, float]]) -> None:
            self.busy, self._evidence = False, evidence
            self._update_table()

        def failed(message: str) -> None:
            self.busy, self.error = False, message

        if not self._evidence and any(s.mask is not None for s in self.study.pictures.values()):
            self.busy = True
            self._submit("evidence", Evidence(self.study), done, failed)

    def _update_table(self) -> None:
        methods = list(self.study.methods)
        ours, thesis = self.scores.table(), THESIS_TABLE_2
        cells = [[network, *(_ratio(row.get(m)) for m in methods)] for network, row in ours.items()]
        sums = [[sum(n) for n in zip(*(r[m] for r in ours.values() if m in r), strict=True)]
                for m in methods]  # fmt: skip
        cells.append(["all", *(_ratio(tuple(n) if n else None) for n in sums)])
        thesis_cells = [
            [name, *(str(row.get(m, "–")) for m in methods)] for name, row in thesis.items()
        ]
        totals = {m: sum(row[m] for row in thesis.values()) for m in next(iter(thesis.values()))}
        thesis_cells.append(["all", *(str(totals.get(m, "–")) for m in methods)])
        evidence = [
            [name.replace("_", " "), *(f"{row[m]:.2f}" if m in row else "–" for m in methods)]
            for name, row in self._evidence.items()
        ]
        centre = ", ".join(
            f"{name.replace('_', ' ')} {row['centre']:.2f}"
            for name, row in self._evidence.items()
            if "centre" in row
        )
        self._table = {
            "methods": [fact(listings.methods(), m) for m in methods],
            "parts": [
                {"title": "Your points, of maps judged", "rows": cells},
                {
                    "title": "The thesis' points (Table 2), of 30 maps; Deep Taylor and LIME of 10",
                    "rows": thesis_cells,
                },
                {
                    "title": "What the evidence says of the outputs' maps, 0 to 1"
                    + (f" (a dot in the middle: {centre})" if centre else ""),
                    "rows": evidence,
                },
            ],
        }

    def _receive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        self.error = ""
        try:
            if content.get("kind") == "judge" and content.get("at") == self.at:
                self.judge(content.get("value"))  # type: ignore[arg-type]
            elif content.get("kind") == "back":
                self.back()
        except CnnvisError as error:
            self.error = str(error)


def _named(line: dict[str, Any]) -> str:
    """A run's network and picture; on a served page without the folders of their files."""
    names = [line["network"], line["picture"]]
    if policy.current().served:
        names = [Path(name).name if Path(name).is_absolute() else name for name in names]
    return ", ".join(names)


def _ratio(counts: tuple[int, ...] | None) -> str:
    return "–" if counts is None else f"{counts[0]} of {counts[1]}"
