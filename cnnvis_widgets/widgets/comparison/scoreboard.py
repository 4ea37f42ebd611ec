"""The scoreboard: maps are judged one by one, blind to the method, and counted as in Table 2."""

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
    """One map after another, a point or none, and the table of what they add up to.

    The order is drawn from a seed, and the method's name is not sent to the page. Points are
    written to a file at once; the same file goes on where it stopped.

    Args:
        study: a `Study` whose runs are computed, a `Comparer`, or the folder of a study.
        path: the file of the points; None for eyes.json in the study's folder, or for
            raters/NAME.json in it where the rater has a name.
        seed: of the order; a file that was begun keeps its own.
        rater: who judges. Each of several raters has a file and an order of their own;
            `cnnvis study people` says how far they agree.
        repeats: about which share of the maps comes a second time; see `EyeScores`.
        blind: the page never shows the table, which would say what each method has so far.
        engine: what computes the metrics; the one that all widgets share by default.
        kwargs: the attributes.

    Attributes:
        scores: the `EyeScores`.
        at: which map is shown, from 0; the number of maps once all are judged.
        count: how many there are.
        judged: how many have been judged.
        tabled: the table is shown.
        blind: see above.

    Raises:
        FileError: no study there, or a file that holds no points.
        InvalidValueError: no run of it has a map.

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
        own = zlib.crc32(rater.encode()) if rater else 0  # raters see the maps in other orders
        self.scores = EyeScores(self.study, file, seed + own, repeats)
        self._evidence: dict[str, dict[str, float]] = {}
        super().__init__(**kwargs)
        self.count = len(self.scores.lines)
        self.on_msg(self._receive)
        self._show(self.scores.first_open())
        self.observe(lambda _: self._ask(), "tabled")

    def judge(self, value: int | str) -> None:
        """Give the map that is shown a point (1) or none (0), and go to the next that has none.

        "undecided": nobody can tell what the neuron responds to here; no method gets a point.

        Raises:
            InvalidValueError: another value, or nothing left to judge.
        """
        with self._lock:
            self.scores.judge(self.at, value)
            later = range(self.at + 1, self.count)
            still = (i for i in later if self.scores.value(i) is None)
            self._show(next(still, self.scores.first_open()))

    def back(self) -> None:
        """Show the map before; its decision can be changed."""
        with self._lock:
            self._show(max(0, self.at - 1))

    def table(self) -> list[dict[str, Any]]:
        """Table 2 so far: network, method, points, judged; then the same with "thesis" for ours."""
        own = [
            {"network": network, "method": method, "points": points, "judged": judged}
            for network, row in self.scores.table().items()
            for method, (points, judged) in row.items()
        ]
        known = [
            {
                "network": f"thesis: {network}",
                "method": method,
                "points": points,
                "judged": 10 if method in THESIS_OUTPUTS_ONLY else 30,
            }
            for network, row in THESIS_TABLE_2.items()
            for method, points in row.items()
        ]
        return own + known

    def close(self) -> None:
        """Stop what is under way."""
        if hasattr(self, "scores"):
            self._end()
        super().close()

    def _show(self, place: int) -> None:
        card: dict[str, Any] = {}
        if place < self.count:
            line = self.scores.lines[place]
            shown, heatmap = cell(self.study, line), self.study.heatmap(line)
            assert heatmap is not None
            picture = seen_picture(self.study, line["picture"], heatmap.shape)
            card = {
                "picture": png_bytes(picture),
                "map": shown.image,
                "alt": f"A map of {shown.label}. {describe(heatmap)}",
                "words": f"{shown.label} ({line['neuron']}), {_named(line)}",
                "inner": line["neuron"] not in ("output", "label"),
                "value": self.scores.value(place),
            }
        with self.hold_sync():
            self.at, self._card, self.judged = place, card, self.scores.judged
        if self.tabled:
            self._tell()

    def _ask(self) -> None:
        """The table was opened: the metrics are asked for once, off the page's thread."""
        if self.blind:
            self.tabled = False
        if not self.tabled:
            return
        self._tell()

        def done(evidence: dict[str, dict[str, float]]) -> None:
            self.busy, self._evidence = False, evidence
            self._tell()

        def failed(said: str) -> None:
            self.busy, self.error = False, said

        if not self._evidence and any(s.mask is not None for s in self.study.pictures.values()):
            self.busy = True
            self._submit("evidence", Evidence(self.study), done, failed)

    def _tell(self) -> None:
        methods = list(self.study.methods)
        ours, thesis = self.scores.table(), THESIS_TABLE_2
        cells = [[network, *(_ratio(row.get(m)) for m in methods)] for network, row in ours.items()]
        sums = [[sum(n) for n in zip(*(r[m] for r in ours.values() if m in r), strict=True)]
                for m in methods]  # fmt: skip
        cells.append(["all", *(_ratio(tuple(n) if n else None) for n in sums)])
        old = [[name, *(str(row.get(m, "–")) for m in methods)] for name, row in thesis.items()]
        totals = {m: sum(row[m] for row in thesis.values()) for m in next(iter(thesis.values()))}
        old.append(["all", *(str(totals.get(m, "–")) for m in methods)])
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
                    "rows": old,
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
    """A run's network and picture; on a served page without the paths of their files."""
    names = [line["network"], line["picture"]]
    if policy.current().served:
        names = [Path(name).name if Path(name).is_absolute() else name for name in names]
    return ", ".join(names)


def _ratio(counts: tuple[int, ...] | None) -> str:
    return "–" if counts is None else f"{counts[0]} of {counts[1]}"
