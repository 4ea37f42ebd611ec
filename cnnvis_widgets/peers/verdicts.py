"""Verdicts on a library's map compared with ours, and reasons for differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cnnvis_widgets.peers.agreement import (
    Agreement,
    close,
    explains,
    measure,
    percent,
    within,
)
from cnnvis_widgets.peers.contract import Counterpart
from cnnvis_widgets.peers.differences import KNOWN, Difference

AGREES = ("same", "scale", "chance", "rounding")
ROUNDING = (
    0.05  # the largest difference that is put down to it, and only in the same order of pixels
)
CHANCE_MARGIN = 0.02  # of a rank correlation between two maps with different seeds


@dataclass(frozen=True)
class Verdict:
    """The verdict on one method of one library.

    Attributes:
        kind: same, scale (another scale), chance (as near as two seeds), rounding (as near as ours
            to itself on a picture moved by next to nothing), definition (it differs as its
            definition does), plain (the plain derivative), rule (its rule missed ReLUs), order (the
            same order of pixels), differs, raised, ours (we refuse) or absent (not asked).
        words: the verdict in words.
        why: the reason, a sentence, or "".
        source: of the reason; "" if it was found numerically.
    """

    kind: str
    words: str
    why: str = ""
    source: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the maps are the same up to scale, chance and rounding."""
        return self.kind in AGREES


@dataclass(frozen=True)
class Evidence:
    """Further maps to explain a difference, computed on demand.

    Attributes:
        definition: a known difference → the library's map by its definition, with our engine.
        other_seed: our map with another seed, in the form that is compared.
        moved: how far our map moves when the picture moves by about as much as rounding does, as a
            share of its largest value.
        plain: the plain derivative in that form.
        relus: layer → how many ReLUs it has, of ours that follow the rule.
    """

    definition: Callable[[Difference], np.ndarray]
    other_seed: Callable[[], np.ndarray]
    moved: Callable[[], float]
    plain: Callable[[], np.ndarray]
    relus: Callable[[], Mapping[str, int]]


def judge(
    theirs: np.ndarray,
    ours: np.ndarray,
    counterpart: Counterpart,
    reached: tuple[str, ...] | None,
    evidence: Evidence,
) -> tuple[Agreement, Verdict]:
    """Compare a library's map with ours and find the reason for a difference.

    Args:
        theirs: finite, of the shape of `ours`.
        ours: in the form that the counterpart names.
        counterpart: the library's method.
        reached: the layers with its rule; None without a rule.
        evidence: further maps.
    """
    agreement = measure(theirs, ours)
    if agreement.same:
        return agreement, Verdict("same", f"the same to {within(agreement.difference)}")
    if counterpart.chance:
        return agreement, _by_chance(agreement, measure(evidence.other_seed(), ours))
    if verdict := _by_definition(theirs, agreement, counterpart, evidence):
        return agreement, verdict
    if agreement.same_but_for_scale:
        words = f"the same map, other scale (× {agreement.factor:.3g})"
        return agreement, Verdict("scale", words)
    if verdict := _by_rounding(agreement, evidence):
        return agreement, verdict
    if reached is not None:
        return agreement, _by_rule(theirs, agreement, reached, evidence)
    if agreement.same_order:
        words = f"same order of pixels, values differ by {percent(agreement.difference)}"
        return agreement, Verdict("order", words)
    return agreement, Verdict("differs", _differs(agreement), "No known reason.")


def _differs(agreement: Agreement) -> str:
    """The difference in words; after the best scaling, if that is much smaller."""
    if agreement.factor > 0 and agreement.scaled < agreement.difference / 2:
        scaled = f"differs by {percent(agreement.scaled)} when scaled by {agreement.factor:.3g}"
    else:
        scaled = f"differs by {percent(agreement.difference)}"
    if agreement.correlation is None:
        return scaled
    return f"{scaled}, rank correlation {agreement.correlation:.3f}"


def _by_chance(agreement: Agreement, between_seeds: Agreement) -> Verdict:
    """Random maps agree if they are about as similar as two of ours with different seeds."""
    to_theirs, to_ours = (a.correlation or 0.0 for a in (agreement, between_seeds))
    correlations = f"rank correlation {to_theirs:.3f}; {to_ours:.3f} between two seeds of ours"
    if 1 - to_theirs <= 1.5 * (1 - to_ours) + CHANCE_MARGIN:
        return Verdict("chance", f"agrees as far as chance allows ({correlations})")
    return Verdict("differs", f"differs by more than chance ({correlations})", "No known reason.")


def _by_definition(
    theirs: np.ndarray, agreement: Agreement, counterpart: Counterpart, evidence: Evidence
) -> Verdict | None:
    """The verdict of the first known difference that turns ours into theirs, or None."""
    for name in counterpart.differences:
        difference = KNOWN[name]
        recomputed = measure(theirs, evidence.definition(difference))
        if not (explains(recomputed, agreement) or recomputed.same_but_for_scale):
            continue
        scale = (
            ""
            if explains(recomputed, agreement)
            else f", but for scale (× {recomputed.factor:.3g})"
        )
        near = close(recomputed.scaled if scale else recomputed.difference)
        if difference.chance:
            return Verdict("chance", f"{near} with the same random numbers{scale}")
        sentence = difference.says[0].upper() + difference.says[1:]
        reason = f"{sentence}. Computed so, ours is {near}{scale}."
        words = f"{difference.shortly} ({_differs(agreement)})"
        return Verdict("definition", words, reason, difference.source)
    return None


def _by_rounding(agreement: Agreement, evidence: Evidence) -> Verdict | None:
    """The verdict "rounding" if ours changes as much when the picture is perturbed slightly.

    Derivatives jump where a value is at a ReLU's kink, and a library's order of summation decides
    the side.
    """
    if not agreement.same_order or agreement.difference > ROUNDING:
        return None
    moved = evidence.moved()
    if agreement.difference > moved:
        return None
    reason = (
        f"Ours differs from itself by {percent(moved)} when the picture moves by a ten-thousandth "
        "of its range: values lie on the bend of a ReLU or of a maximum, where the order of sums "
        "decides."
    )
    return Verdict("rounding", f"the same up to rounding ({_differs(agreement)})", reason)


def _by_rule(
    theirs: np.ndarray, agreement: Agreement, reached: tuple[str, ...], evidence: Evidence
) -> Verdict:
    """The verdict of a rule for ReLUs, by the ReLUs that it reached."""
    relus = evidence.relus()
    missed = [name for name in relus if name not in reached]
    plain = measure(theirs, evidence.plain())
    total, without = sum(relus.values()), sum(relus[name] for name in missed)
    if explains(plain, agreement):
        reason = (
            f"Its rule was found at {total - without} of the {total} ReLUs and changed nothing: "
            f"the plain derivative is {close(plain.difference)}."
        )
        return Verdict("plain", f"the plain derivative ({_differs(agreement)})", reason)
    if missed:
        examples = ", ".join(missed[:4]) + (
            f" and {len(missed) - 4} more" if len(missed) > 4 else ""
        )
        reason = f"Its rule was found at {total - without} of the {total} ReLUs; not at {examples}."
        return Verdict("rule", _differs(agreement), reason)
    reason = f"Its rule was found at all {total} ReLUs. No known reason."
    return Verdict("differs", _differs(agreement), reason)
