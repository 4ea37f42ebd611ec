"""Training against the clock, with a clock of the test's own."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.zoo import timed_training
from cnnvis_widgets.zoo.timed_training import training


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock is 1/128 s later (an exact number), however fast the machine is."""
    looks = itertools.count()
    monkeypatch.setattr(timed_training, "monotonic", lambda: next(looks) / 128)


def test_the_loss_falls_and_the_clock_ends_it(clock: None) -> None:
    moments = list(training("mini_resnet", seconds=2.5, seed=4))
    drawing = [m for m in moments if m.step == 0]
    batches = [m for m in moments if m.step > 0]
    assert [m.step for m in batches] == list(range(1, len(batches) + 1))
    assert all(np.isnan(m.loss) for m in drawing)
    shares = [m.share for m in moments]
    assert shares == sorted(shares)
    assert shares[-1] <= 1 < shares[-1] + 0.03
    assert 50 < len(batches) < 90  # three looks a batch, after two fifths for drawing
    losses = np.array([m.loss for m in batches])
    assert losses[:8].mean() > 1.8  # near log 8, which is chance
    assert losses[-8:].mean() < 0.85 * losses[:8].mean()


def test_the_same_seed_and_clock_give_the_same_losses(clock: None) -> None:
    def first(seed: int) -> list[float]:
        losses = (m.loss for m in training("mini_vgg", seconds=2, seed=seed) if m.step)
        return list(itertools.islice(losses, 3))

    assert first(1) == pytest.approx(first(1), rel=1e-5)
    assert first(1) != pytest.approx(first(2), rel=1e-3)


def test_what_cannot_be_trained_is_refused_at_once() -> None:
    with pytest.raises(UnknownNameError, match="mini_vgg"):
        training("vgg16")
    with pytest.raises(InvalidValueError, match="seconds"):
        training("mini_vgg", seconds=0)
