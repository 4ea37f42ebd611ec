"""Spoilt pictures, models and messages: a short run of `python -m scripts.fuzz`."""

from __future__ import annotations

import random
import time

import pytest

from cnnvis_widgets.errors import InvalidValueError
from scripts import fuzz
from scripts.fuzz import OutOfBoundsError, run, spoilt

COUNTS = {"pictures": 400, "models": 30, "messages": 300, "frames": 2000}


@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_every_input_ends_in_a_result_or_in_an_error_of_ours(kind: str) -> None:
    longest, largest = run(kind, COUNTS[kind], seed=1)
    assert longest <= fuzz.BOUNDS[kind].seconds
    assert largest <= fuzz.BOUNDS[kind].megabytes


def test_the_inputs_follow_from_the_seed_and_differ_from_ours() -> None:
    whole = fuzz.whole_pictures()
    assert len({data[:4] for data in whole}) >= 7  # so many formats
    drawn = [[spoilt(data, random.Random(seed)) for data in whole] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert sum(a != b for a, b in zip(drawn[0], whole, strict=True)) > len(whole) * 0.8


def test_what_is_out_of_bounds_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow() -> None:
        time.sleep(0.2)

    def wrong() -> None:
        raise KeyError("x")

    def ours() -> None:
        raise InvalidValueError("not caught where it should have been")

    monkeypatch.setitem(fuzz.BOUNDS, "frames", fuzz.Bounds(0.1, 100))
    for attempt, message in ((slow, r"\d\.\d\d s"), (wrong, "KeyError"), (ours, "InvalidValue")):
        monkeypatch.setitem(fuzz.KINDS, "frames", lambda _draw, a=attempt: iter([a, a, a]))
        with pytest.raises(OutOfBoundsError, match=message):
            run("frames", 3)
    monkeypatch.setitem(fuzz.BOUNDS, "frames", fuzz.Bounds(10, 100))
    peaks = iter([50.0, 50.0, 50.0, 500.0])
    monkeypatch.setattr(fuzz, "_peak", lambda: next(peaks))
    monkeypatch.setitem(fuzz.KINDS, "frames", lambda _draw: iter([lambda: None] * 2))
    with pytest.raises(OutOfBoundsError, match="450 MB"):
        run("frames", 2)
