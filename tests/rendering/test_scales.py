from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.rendering.scales import Scale, format_value

# 5 rows × 4 columns; the largest absolute value is 8
SIGNED = np.array(
    [[0, 1, 2, 3], [-1, -2, -4, -8], [4, 0, 0, 0], [6, 2, 0, -6], [0, 0, 0, 1]], np.float32
)
UNSIGNED = np.abs(SIGNED)


def test_a_signed_map_gets_a_scale_symmetric_about_zero() -> None:
    scale = Scale.of(SIGNED)
    assert (scale.low, scale.high, scale.kind) == (-8, 8, "diverging")


def test_an_unsigned_map_gets_a_scale_from_zero() -> None:
    scale = Scale.of(UNSIGNED + 1)
    assert (scale.low, scale.high, scale.kind) == (0, 9, "sequential")


def test_one_negative_value_among_several_maps_makes_the_shared_scale_diverging() -> None:
    scale = Scale.of(UNSIGNED, np.full((2, 3), 20.0), np.array([[-0.5]]))
    assert (scale.low, scale.high, scale.kind) == (-20, 20, "diverging")


def test_an_unsigned_map_can_be_shown_on_a_diverging_scale() -> None:
    assert Scale.of(UNSIGNED, kind="diverging").low == -8
    with pytest.raises(InvalidValueError, match="down to −8"):
        Scale.of(SIGNED, kind="sequential")


def test_normalise_by_hand_diverging() -> None:
    expected = [
        [0.5, 0.5625, 0.625, 0.6875],
        [0.4375, 0.375, 0.25, 0.0],
        [0.75, 0.5, 0.5, 0.5],
        [0.875, 0.625, 0.5, 0.125],
        [0.5, 0.5, 0.5, 0.5625],
    ]
    result = Scale.of(SIGNED).normalise(SIGNED)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, np.array(expected, np.float32))


def test_normalise_by_hand_sequential_and_beyond_the_end() -> None:
    result = Scale(0, 4, "sequential").normalise(UNSIGNED[:2])
    np.testing.assert_array_equal(result, [[0, 0.25, 0.5, 0.75], [0.25, 0.5, 1, 1]])


def test_normalising_leaves_the_heatmap_alone() -> None:
    before = SIGNED.copy()
    Scale.of(SIGNED).normalise(SIGNED)
    np.testing.assert_array_equal(SIGNED, before)


def test_negative_values_are_not_shown_as_zero() -> None:
    with pytest.raises(InvalidValueError, match="starts at zero"):
        Scale.of(UNSIGNED).normalise(SIGNED)


def test_a_percentile_clips_and_says_so() -> None:
    values = np.arange(101, dtype=np.float32).reshape(1, 101)
    scale = Scale.of(values, percentile=99)
    assert scale.high == pytest.approx(99)
    assert scale.clips
    assert scale.largest == 100
    assert scale.note == "clipped at the 99th percentile (largest value 100)"
    assert scale.normalise(values)[0, 100] == 1
    assert Scale.of(-values, percentile=92).note == (
        "clipped at the 92nd percentile (largest absolute value 100)"
    )


def test_a_percentile_that_cuts_nothing_off_claims_nothing() -> None:
    assert Scale.of(np.full((3, 4), 2.0), percentile=90).note == ""


def test_a_percentile_never_turns_a_sparse_map_into_zeros() -> None:
    sparse = np.zeros((20, 30))
    sparse[3, 4] = 0.5
    scale = Scale.of(sparse, percentile=99)
    assert (scale.high, scale.percentile, scale.is_zero) == (0.5, 100, False)


def test_zeros_are_zeros() -> None:
    scale = Scale.of(np.zeros((5, 4)))
    assert scale.is_zero
    assert scale.note == "all zeros"
    assert scale.ticks() == (0,)
    assert scale.tick_labels() == ("0",)
    np.testing.assert_array_equal(scale.normalise(np.zeros((5, 4))), np.zeros((5, 4)))
    both = Scale.of(np.zeros((5, 4)), kind="diverging")
    np.testing.assert_array_equal(both.normalise(np.zeros((2, 3))), np.full((2, 3), 0.5))
    with pytest.raises(InvalidValueError, match="map of zeros"):
        scale.normalise(np.ones((5, 4)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_what_is_not_finite_is_refused(bad: float) -> None:
    heatmap = np.zeros((5, 4))
    heatmap[2, 1] = bad
    with pytest.raises(InvalidValueError, match="1 of these 20"):
        Scale.of(heatmap)
    with pytest.raises(InvalidValueError, match="1 of these 20"):
        Scale(0, 1, "sequential").normalise(heatmap)


@pytest.mark.parametrize("bad", [np.zeros((5, 4, 3)), np.zeros(4), np.zeros((0, 4)), [["a"]]])
def test_what_is_no_heatmap_is_refused(bad: Any) -> None:
    with pytest.raises(InvalidValueError):
        Scale.of(bad)


@pytest.mark.parametrize(
    "arguments",
    [
        (-1.0, 2.0, "diverging"),
        (0.5, 2.0, "sequential"),
        (0.0, -2.0, "sequential"),
        (0.0, np.nan, "sequential"),
        (0.0, 1.0, "linear"),
        (0.0, 1.0, "sequential", 0.0),
        (0.0, 1.0, "sequential", 101.0),
    ],
)
def test_ends_that_do_not_fit_the_kind_are_refused(arguments: Any) -> None:
    with pytest.raises(InvalidValueError):
        Scale(*arguments)


def test_a_scale_needs_a_map_and_a_percentile_in_range() -> None:
    with pytest.raises(InvalidValueError, match="none was given"):
        Scale.of()
    with pytest.raises(InvalidValueError, match="percentile"):
        Scale.of(SIGNED, percentile=0)


@pytest.mark.parametrize(
    ("high", "kind", "ticks", "labels"),
    [
        (1, "sequential", (0, 0.25, 0.5, 0.75, 1), ("0", "0.25", "0.50", "0.75", "1.00")),
        (7, "sequential", (0, 2, 4, 6), ("0", "2", "4", "6")),
        (1, "diverging", (-1, -0.5, 0, 0.5, 1), ("−1.0", "−0.5", "0", "0.5", "1.0")),
        (0.0134, "diverging", (-0.01, 0, 0.01), ("−0.01", "0", "0.01")),
        (3e-7, "sequential", (0, 1e-7, 2e-7, 3e-7), ("0", "1×10⁻⁷", "2×10⁻⁷", "3×10⁻⁷")),
        (120000, "sequential", (0, 50000, 100000), ("0", "0.5×10⁵", "1.0×10⁵")),
    ],
)
def test_ticks(high: float, kind: Any, ticks: tuple[float, ...], labels: tuple[str, ...]) -> None:
    scale = Scale(-high if kind == "diverging" else 0, high, kind)
    assert scale.ticks() == pytest.approx(ticks, rel=1e-12)
    assert scale.tick_labels() == labels


@pytest.mark.parametrize("count", [3, 5, 8])
def test_ticks_of_any_scale_are_few_round_and_inside(count: int) -> None:
    rng = np.random.default_rng(7)
    kinds: tuple[Any, ...] = ("sequential", "diverging")
    for high in 10.0 ** rng.uniform(-12, 9, 200):
        for kind in kinds:
            scale = Scale(-high if kind == "diverging" else 0, high, kind)
            ticks = np.array(scale.ticks(count))
            assert 0 in ticks
            assert 1 <= len(ticks) <= count
            assert scale.low * (1 + 1e-6) <= ticks[0]
            assert ticks[-1] <= high * (1 + 1e-6)
            assert (np.diff(ticks) > 0).all()
            numbers = [float(t.split("×")[0].replace("−", "-")) for t in scale.tick_labels(count)]
            if len(ticks) > 1:  # labels keep the ticks' proportions: no digit lost in rounding
                np.testing.assert_allclose(
                    np.array(numbers) / numbers[-1], ticks / ticks[-1], atol=1e-9
                )


def test_labelled_ticks_state_the_ends_and_keep_clear_of_them() -> None:
    assert Scale(0, 0.0134, "sequential").labelled_ticks() == (
        (0, "0"), (0.005, "0.005"), (0.01, "0.010"), (0.0134, "0.0134"),
    )  # fmt: skip
    near = Scale(-1.05, 1.05, "diverging")
    assert near.ticks() == (-1, 0, 1)
    assert near.labelled_ticks() == ((-1.05, "−1.05"), (0, "0"), (1.05, "1.05"))
    assert Scale(0, 0, "sequential").labelled_ticks() == ((0, "0"),)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (-0.0, "0"), (0.013423, "0.0134"), (-2.5, "−2.5"), (123, "123"), (1234, "1234"),
        (9.999e-4, "0.001"), (1.2e-6, "1.2×10⁻⁶"), (-3e12, "−3×10¹²"), (100, "100"),
        (0.02, "0.02"), (99999, "1×10⁵"),
    ],
)  # fmt: skip
def test_format_value(value: float, text: str) -> None:
    assert format_value(value) == text
