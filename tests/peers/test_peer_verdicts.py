"""What is said of two maps, on maps and reasons made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.peers import differences
from cnnvis_widgets.peers.comparison import judge_on_score, usable
from cnnvis_widgets.peers.contract import Counterpart, Outcome
from cnnvis_widgets.peers.differences import Difference
from cnnvis_widgets.peers.verdicts import Evidence, Verdict, judge

OURS = np.random.default_rng(3).normal(size=(6, 5, 3)).astype(np.float32)
OTHER = np.random.default_rng(4).normal(size=(6, 5, 3)).astype(np.float32)


def not_asked(*_: Any) -> Any:
    raise AssertionError("nobody should ask")


def evidence(**known: Any) -> Evidence:
    unknown = dict.fromkeys(("definition", "other_seed", "plain", "relus"), not_asked)
    return Evidence(**{**unknown, "moved": lambda: 0.0, **known})


def message(
    theirs: np.ndarray,
    known: Evidence,
    reached: tuple[str, ...] | None = None,
    **facts: Any,
) -> Verdict:
    counterpart = Counterpart("saliency", "theirs()", not_asked, "channels", **facts)
    return judge(theirs, OURS, counterpart, reached, known)[1]


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch) -> str:
    known = Difference("it halves the map", "half the map", "theirs.py", not_asked)
    monkeypatch.setitem(differences.KNOWN, "halves", known)
    return "halves"


def test_nothing_is_asked_where_the_maps_are_the_same() -> None:
    verdict = message(OURS * np.float32(1 + 5e-6), evidence(), reached=(), chance=True)
    assert (verdict.kind, verdict.words, verdict.agrees) == ("same", "the same to 1e-5", True)


def test_another_scale() -> None:
    verdict = message(OURS / 3, evidence())
    assert verdict.words == "the same map, other scale (× 0.333)"
    assert verdict.agrees


def test_a_known_difference_is_believed_if_it_makes_ours_theirs(rule: str) -> None:
    theirs = OURS + 0.1 * OTHER
    verdict = message(theirs, evidence(definition=lambda known: theirs), differences=(rule,))
    assert verdict.kind == "definition"
    assert verdict.words.startswith("half the map (differs by ")
    assert verdict.why == "It halves the map. Computed so, ours is the same to 1e-6."
    assert verdict.source == "theirs.py"
    assert not verdict.agrees
    scaled = evidence(definition=lambda known: theirs / 4)
    why = message(theirs, scaled, differences=(rule,)).why
    assert why.endswith("ours is the same to 1e-6, but for scale (× 4).")


def test_a_known_difference_that_explains_nothing_is_not_told(rule: str) -> None:
    theirs = OURS + 0.5 * OTHER
    verdict = message(theirs, evidence(definition=lambda known: OURS), differences=(rule,))
    assert (verdict.kind, verdict.why) == ("differs", "No known reason.")
    share = 0.5 * np.abs(OTHER).max() / np.abs(OURS).max()
    assert verdict.words.startswith(f"differs by {share:.0%}".replace("%", " %"))


def test_a_known_difference_may_leave_what_rounding_makes(rule: str) -> None:
    theirs = OURS + 0.5 * OTHER
    nearly = evidence(definition=lambda known: theirs + 0.05 * OTHER)
    verdict = message(theirs, nearly, differences=(rule,))
    left = 0.05 * np.abs(OTHER).max() / np.abs(theirs + 0.05 * OTHER).max()
    assert verdict.why == f"It halves the map. Computed so, ours is within {100 * left:.2g} %."


@pytest.mark.parametrize(
    ("share", "moved", "kind"),
    [(0.02, 0.03, "rounding"), (0.02, 0.01, "order"), (0.06, 0.3, "order"), (1.9, 9, "differs")],
)
def test_maps_that_differ_as_ours_does_from_itself(share: float, moved: float, kind: str) -> None:
    theirs, largest = OURS.copy(), np.abs(OURS).max()
    # at the largest place, where the order of pixels hardly changes; the last one turns its sign
    place = np.unravel_index(np.argmax(OURS), OURS.shape)
    theirs[place] += np.float32(share * largest) * (1 if share < 1 else -1)
    verdict = message(theirs, evidence(moved=lambda: moved))
    assert verdict.kind == kind
    assert verdict.agrees == (kind == "rounding")


def test_other_random_numbers_are_no_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Difference("it draws other noise", "other noise", "theirs.py", not_asked, chance=True)
    monkeypatch.setitem(differences.KNOWN, "noise", known)
    told = evidence(definition=lambda known: OTHER)
    verdict = message(OTHER, told, differences=("noise",))
    assert (verdict.kind, verdict.agrees) == ("chance", True)
    assert verdict.words == "the same to 1e-6 with the same random numbers"


@pytest.mark.parametrize(("share", "kind"), [(0.3, "chance"), (3.0, "differs")])
def test_random_maps_are_measured_by_our_own_chance(share: float, kind: str) -> None:
    noise = np.random.default_rng(5).normal(size=OURS.shape)
    theirs = (OURS + share * OTHER).astype(np.float32)
    own = evidence(other_seed=lambda: OURS + 0.3 * noise)
    verdict = message(theirs, own, chance=True)
    assert verdict.kind == kind
    assert "between two seeds of ours" in verdict.words


RELUS = {"conv1": 1, "conv2": 2, "inner/conv3": 1}


def ruled(
    theirs: np.ndarray, reached: tuple[str, ...], plain: np.ndarray, relus: Mapping[str, int]
) -> Verdict:
    return message(theirs, evidence(plain=lambda: plain, relus=lambda: relus), reached)


def test_a_rule_that_reached_nothing_gives_the_plain_derivative() -> None:
    verdict = ruled(OTHER, (), OTHER, RELUS)
    assert verdict.kind == "plain"
    assert verdict.why == (
        "Its rule was found at 0 of the 4 ReLUs and changed nothing: the plain derivative is the "
        "same to 1e-6."
    )
    far = np.abs(OTHER).max()
    near = OTHER + np.float32(0.02 * far) * (np.arange(3) == 1)
    assert ruled(OTHER, (), near, RELUS).why.endswith("the plain derivative is within 2 %.")


def test_a_rule_that_missed_some() -> None:
    verdict = ruled(OTHER, ("conv1", "inner"), OURS, RELUS)
    assert verdict.why == "Its rule was found at 1 of the 4 ReLUs; not at conv2, inner/conv3."
    many = {f"relu{n}": 1 for n in range(9)}
    assert ruled(OTHER, ("relu0",), OURS, many).why.endswith(
        "at 1 of the 9 ReLUs; not at relu1, relu2, relu3, relu4 and 4 more."
    )


def test_a_rule_that_reached_all_and_differs_has_no_known_reason() -> None:
    verdict = ruled(OTHER, tuple(RELUS), OURS, RELUS)
    assert verdict.kind == "differs"
    assert "at all 4 ReLUs" in verdict.why


def test_the_model_as_it_is() -> None:
    score = 0.01 * OTHER
    told = judge_on_score(score, OURS, score)
    assert told.proven
    far = np.abs(score - OURS).max() / np.abs(OURS).max()
    assert told.words.startswith(f"differs by {far:.0%}".replace("%", " %"))
    assert judge_on_score(OURS, OURS, score).words == "is the same"
    assert judge_on_score(OURS / 8, OURS, OURS / 8).words == "has the same pattern, × 0.125"
    assert not judge_on_score(OTHER, OURS, score).proven


def test_what_cannot_be_compared_is_told() -> None:
    assert usable(Outcome(error="ValueError: no layer"), OURS)[1] == "raised ValueError: no layer"
    assert "(5, 6, 3); ours has (6, 5, 3)" in usable(Outcome(OURS.transpose(1, 0, 2)), OURS)[1]
    broken = OURS.copy()
    broken[2, 1, 0] = np.nan
    assert usable(Outcome(broken), OURS) == (None, "gave values that are NaN or infinite")
    assert usable(Outcome(OURS), OURS)[0] is OURS
    late = "not asked: the time of 3 s was used up"
    assert usable(Outcome(error=late), OURS) == (None, late)
