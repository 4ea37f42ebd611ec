"""The scale of a heatmap: the mapping from raw values to positions on a colour bar.

A heatmap is never rescaled; its scale defines how it is shown. Zero always has a fixed position:
the middle of a diverging scale, the start of a sequential one. Several maps can share a scale, so
that equal colours mean equal values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.errors import InvalidValueError

Kind = Literal["diverging", "sequential"]

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def as_heatmap(heatmap: ArrayLike) -> NDArray[np.float32]:
    """The heatmap as float32 (rows, columns), its values untouched.

    Raises:
        InvalidValueError: not two-dimensional, empty, not real numbers, or not all finite.
    """
    array: NDArray[Any] = np.asarray(heatmap)
    if array.ndim != 2 or array.size == 0:
        raise InvalidValueError(
            f"A heatmap has the shape (rows, columns); this array has the shape {array.shape}."
        )
    if array.dtype.kind not in "fiub":
        raise InvalidValueError(f"A heatmap holds real numbers; this one has dtype {array.dtype}.")
    with np.errstate(over="ignore"):  # overflows become infinite and are reported below
        values = array.astype(np.float32, copy=False)
    bad = int(values.size - np.count_nonzero(np.isfinite(values)))
    if bad:
        raise InvalidValueError(
            f"A heatmap holds finite numbers; {bad} of these {values.size} are NaN or infinite."
        )
    return values


def format_value(value: float, digits: int = 3) -> str:
    """A raw value as short text: ``0.0134``, ``−2.5``, ``1.2×10⁻⁶``; trailing zeros left out.

    Args:
        value: any finite number.
        digits: significant digits kept.
    """
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{abs(value):.{digits - 1}e}".partition("e")
    power = int(exponent)
    sign = "−" if value < 0 else ""
    if -3 <= power < 5:
        text = f"{abs(value):.{max(digits - 1 - power, 0)}f}"
        return sign + (text.rstrip("0").rstrip(".") if "." in text else text)
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{sign}{mantissa}×10{str(power).translate(_SUPERSCRIPTS)}"


@dataclass(frozen=True)
class Scale:
    """The mapping from raw values to a colour bar.

    Attributes:
        low: raw value at the bar's lower end: ``-high`` (diverging) or 0 (sequential).
        high: raw value at the bar's upper end, at least 0; 0 is the scale of a map of zeros.
        kind: "diverging" (symmetric about zero) or "sequential" (starts at zero).
        percentile: the percentile of the absolute values at which the scale ends, in (0, 100].
        largest: the largest absolute value of the maps the scale was made for; beyond ``high`` when
            the scale clips. ``None`` stands for ``high``.

    Raises:
        InvalidValueError: ends that do not fit the kind.
    """

    low: float
    high: float
    kind: Kind
    percentile: float = 100.0
    largest: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InvalidValueError(
                f"A scale is 'diverging' or 'sequential'; this one is {self.kind!r}."
            )
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.high >= 0):
            raise InvalidValueError(
                f"A scale has finite ends, the upper one not below zero; this one goes from "
                f"{self.low} to {self.high}."
            )
        low = -self.high if self.kind == "diverging" else 0.0
        if self.low != low:
            rule = "symmetric about zero" if self.kind == "diverging" else "starts at zero"
            raise InvalidValueError(
                f"A {self.kind} scale is {rule}: from {low} to {self.high}, not from {self.low}."
            )
        _check_percentile(self.percentile)
        if self.largest is None:
            object.__setattr__(self, "largest", self.high)

    @classmethod
    def of(cls, *heatmaps: ArrayLike, percentile: float = 100.0, kind: Kind | None = None) -> Scale:
        """A common scale for all these maps.

        Args:
            heatmaps: one or more (rows, columns) maps, sizes may differ.
            percentile: where the scale ends, as a percentile of all absolute values, in (0, 100].
                Below 100 the outliers share the colour of the end, and ``note`` says so. Where that
                percentile is 0 (a map that is zero nearly everywhere), nothing is clipped.
            kind: None: diverging as soon as one value is negative, else sequential. "diverging"
                shows an unsigned map beside signed ones.

        Raises:
            InvalidValueError: no map, NaN or infinite values, a percentile out of range, or
                ``kind="sequential"`` for maps with negative values.
        """
        if not heatmaps:
            raise InvalidValueError("A scale is made for at least one heatmap; none was given.")
        _check_percentile(percentile)
        values = np.concatenate([as_heatmap(h).ravel() for h in heatmaps])
        signed = bool((values < 0).any())
        if kind == "sequential" and signed:
            raise InvalidValueError(
                f"A sequential scale starts at zero, but values go down to "
                f"{format_value(float(values.min()))}: take a diverging one."
            )
        kind = kind or ("diverging" if signed else "sequential")
        sizes = np.abs(values.astype(np.float64))
        largest = float(sizes.max())
        high = float(np.percentile(sizes, percentile))
        if high == 0:
            high, percentile = largest, 100.0
        low = 0.0 - high if kind == "diverging" else 0.0
        return cls(low, high, kind, percentile, largest)

    @property
    def is_zero(self) -> bool:
        """Whether this is the scale of maps of zeros."""
        return self.high == 0

    @property
    def clips(self) -> bool:
        """Whether some values exceed the ends and are shown in the colours of the ends."""
        return self.largest is not None and self.largest > self.high

    @property
    def note(self) -> str:
        """A note for the colour bar; empty if there is none."""
        if self.is_zero:
            return "all zeros"
        if not self.clips:
            return ""
        absolute = "absolute " if self.kind == "diverging" else ""
        biggest = f"largest {absolute}value {format_value(self.largest or 0)}"
        if self.percentile == 100:
            return f"clipped at {format_value(self.high)} ({biggest})"
        return f"clipped at the {_ordinal(self.percentile)} percentile ({biggest})"

    def normalise(self, heatmap: ArrayLike) -> NDArray[np.float32]:
        """Positions on the colour bar, float32 (rows, columns) in [0, 1], clipped.

        Zero is exactly 0.5 on a diverging scale and exactly 0 on a sequential one.

        Raises:
            InvalidValueError: a value below zero on a sequential scale, or any value other than
                zero on the scale of a map of zeros: both would be shown as zero.
        """
        values = as_heatmap(heatmap)
        if self.kind == "sequential" and float(values.min()) < 0:
            raise InvalidValueError(
                f"This scale is sequential and starts at zero, but the map goes down to "
                f"{format_value(float(values.min()))}. Scale.of(map, …) makes a diverging one."
            )
        zero = 0.5 if self.kind == "diverging" else 0.0
        if self.is_zero:
            if values.any():
                raise InvalidValueError(
                    f"This is the scale of a map of zeros, but the map has values up to "
                    f"{format_value(float(np.abs(values).max()))}. Scale.of(map, …) fits it."
                )
            return np.full(values.shape, zero, np.float32)
        positions = zero + values.astype(np.float64) * ((1 - zero) / self.high)
        return np.clip(positions, 0, 1).astype(np.float32)

    def ticks(self, count: int = 5) -> tuple[float, ...]:
        """Round values for a colour bar, ascending, including zero, within the ends.

        Args:
            count: the largest number, at least 3. A map of zeros has a single tick at 0.
        """
        if count < 3:
            raise InvalidValueError(f"A colour bar has at least 3 ticks; {count} were asked for.")
        if self.is_zero:
            return (0.0,)
        steps = (count - 1) // 2 if self.kind == "diverging" else count - 1
        step, decimals = _nice_step(self.high / steps)
        last = math.floor(self.high / step + 1e-6)
        first = -last if self.kind == "diverging" else 0
        return tuple(round(k * step, decimals) + 0.0 for k in range(first, last + 1))

    def tick_labels(self, count: int = 5) -> tuple[str, ...]:
        """The ticks as text, all with the same decimals and the same power of ten."""
        ticks = self.ticks(count)
        if len(ticks) == 1:
            return ("0",)
        decimals = _nice_step(ticks[1] - ticks[0])[1]
        power = math.floor(math.log10(ticks[-1]) + 1e-9)
        factor = ""
        if not -3 <= power < 5:
            decimals += power
            factor = f"×10{str(power).translate(_SUPERSCRIPTS)}"
        else:
            power = 0
        return tuple(
            f"{'−' * (t < 0)}{abs(t) / 10.0**power:.{max(decimals, 0)}f}{factor}" if t else "0"
            for t in ticks
        )

    def labelled_ticks(
        self, count: int = 5, clearance: float = 0.125
    ) -> tuple[tuple[float, str], ...]:
        """Ticks and labels, including the ends of the bar, ascending.

        Args:
            count: see ``ticks``, without the ends.
            clearance: a tick nearer to an end than this share of ``high`` is left out.
        """
        ends = () if self.is_zero else tuple(e for e in (self.low, self.high) if e)
        inner = [
            (tick, label)
            for tick, label in zip(self.ticks(count), self.tick_labels(count), strict=True)
            if all(abs(tick - end) > self.high * clearance for end in ends)
        ]
        return tuple(sorted(inner + [(end, format_value(end)) for end in ends]))


def _check_percentile(percentile: float) -> None:
    if not 0 < percentile <= 100:
        raise InvalidValueError(f"A percentile is above 0 and at most 100; got {percentile}.")


def _nice_step(minimum: float) -> tuple[float, int]:
    """The smallest of 1, 2, 2.5, 5 × a power of ten not below ``minimum``, and its decimals."""
    power = math.floor(math.log10(minimum))
    steps = [(m * 10.0**power, d) for m, d in ((1.0, 0), (2.0, 0), (2.5, 1), (5.0, 0), (10.0, -1))]
    step, decimals = next(s for s in steps if s[0] >= minimum * (1 - 1e-6))
    return step, decimals - power


def _ordinal(number: float) -> str:
    text = f"{number:g}"
    if "." in text or text[-2:] in ("11", "12", "13"):
        return f"{text}th"
    return text + {"1": "st", "2": "nd", "3": "rd"}.get(text[-1], "th")
