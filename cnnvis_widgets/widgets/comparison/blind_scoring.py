"""The page on which invited raters score a study, each with their own link."""

from __future__ import annotations

import os
from pathlib import Path

import ipywidgets

from cnnvis_widgets import policy
from cnnvis_widgets.engine import Engine
from cnnvis_widgets.errors import CnnvisError
from cnnvis_widgets.study.human_scores import rater_file
from cnnvis_widgets.study.raters import STUDY_VARIABLE, Rater, rater_of
from cnnvis_widgets.study.study import Study
from cnnvis_widgets.widgets.comparison.rater_key import RaterKey
from cnnvis_widgets.widgets.comparison.scoreboard import Scoreboard
from cnnvis_widgets.widgets.toolkit.composed import Composed

NOT_SERVED = (
    "No study is scored here. `cnnvis study raters PATH --names Ana Ben` invites raters, and "
    "`cnnvis app rating --study PATH` serves this page for them."
)
PUBLIC = (
    "A public page keeps no points. Serve it without --public, for the people who have a link, or "
    "behind a login of your own."
)


class BlindScoring(Composed, ipywidgets.VBox):
    """A scoreboard for a rater with a key: their own order, methods hidden, some maps twice.

    The page sends the key of its URL (`?rater=KEY`). It must be one that `cnnvis study raters`
    issued; with any other, nothing is shown or written. A page that is opened again continues where
    its rater stopped.

    Args:
        study: the study's folder; None for that of `cnnvis app rating --study PATH`.
        engine: see `Scoreboard`.

    Attributes:
        key: asks the page for its key.
        board: the rater's `Scoreboard`; None until a key is accepted.

    Examples:
        >>> page = cnnvis.BlindScoring("my_study")
        >>> page.board is None
        True
        >>> page.close()
    """

    def __init__(self, study: str | Path | None = None, engine: Engine | None = None) -> None:
        self._connect(engine)
        self._folder = study or os.environ.get(STUDY_VARIABLE, "")
        why = PUBLIC if policy.current().public else "" if self._folder else NOT_SERVED
        self.board: Scoreboard | None = None
        self.key = RaterKey(label="Your link", why=why)
        self.key.on_key(self._open)
        super().__init__([self.key], "cnnvis-blind-scoring")

    def _open(self, key: object) -> None:
        with self._lock:
            self.key.error = ""
            try:
                rater = rater_of(self._folder, key)
                if rater is None:
                    self.key.error = "This key is nobody's. Ask for your link again."
                elif self.board is None:
                    self._show(rater)
                elif rater.name != self.key.rater:
                    self.key.error = "This page is another rater's. Open your link in a new tab."
            except CnnvisError as error:
                self.key.error = str(error)

    def _show(self, rater: Rater) -> None:
        study = Study.open(self._folder)
        file = study.store.path / rater_file(rater.name)
        self.board = Scoreboard(
            study, file, rater.seed, repeats=rater.repeats, blind=True, engine=self.engine
        )
        self.key.rater = rater.name
        self.children = [self.key, self.board]
