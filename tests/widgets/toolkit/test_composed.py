"""The life of a widget that asks the engine: answers under its lock, and none after its end."""

from __future__ import annotations

from typing import Any

import ipywidgets
import pytest
from engine_double import EngineDouble

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.composed import Composed, sentence


class Pair(Composed, ipywidgets.VBox):
    def __init__(self, engine: Any, good: bool = True) -> None:
        self._connect(engine)
        self.part, self.answers = ipywidgets.Label(), list[Any]()
        if not good:
            raise InvalidValueError("No.")
        self._own_networks.append("mine")
        super().__init__([self.part], "pair")

    def _parts(self) -> list[ipywidgets.Widget]:
        return [self.part]

    def ask(self, concern: str) -> None:
        def done(answer: Any) -> None:
            assert self._lock._is_owned()  # type: ignore[attr-defined]
            self.answers.append(answer)

        self._submit(concern, "request", done, done, progress=lambda *n: done(n), preview=done)


def test_answers_sentences_and_progress_arrive_under_the_lock() -> None:
    engine = EngineDouble()
    pair = Pair(engine)
    pair.ask("explain")
    asked = engine.waiting["explain"]
    assert asked.progress is not None and asked.preview is not None
    asked.progress(1, 2)
    asked.preview("half")
    asked.done("whole")
    asked.failed(InvalidValueError("Too much."))
    assert pair.answers == [(1, 2), "half", "whole", "Too much."]
    assert isinstance(pair, ipywidgets.VBox) and "pair" in pair._dom_classes


def test_nothing_is_taken_after_the_end() -> None:
    engine = EngineDouble()
    pair = Pair(engine)
    pair.ask("open")
    pair.ask("explain")
    waiting = list(engine.waiting.values())
    engine.library.add("mine", object())  # type: ignore[arg-type]
    pair.close()
    for asked in waiting:
        asked.done("late")
    assert pair.answers == []
    assert set(engine.cancelled) == {"open", "explain"} and "mine" not in engine.library._networks
    assert pair.part.comm is None and pair.comm is None


def test_closing_what_was_never_made_is_no_error() -> None:
    with pytest.raises(InvalidValueError):
        Pair(EngineDouble(), good=False)
    refused = Pair.__new__(Pair)
    refused.close()


def test_what_nobody_foresaw_is_told_with_its_kind() -> None:
    assert sentence(ZeroDivisionError("by zero")).endswith("(ZeroDivisionError: by zero).")
    assert sentence(InvalidValueError("Expected 3.")) == "Expected 3."
