"""What every metric promises. A new one is tested here the day its file appears."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from toys import Fixed, linear

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError, UnsuitableError
from cnnvis_widgets.study import all_metrics, metric
from cnnvis_widgets.study.contract import NEEDS, READINGS, Case, Companion, Metric, Other

NAMES = list(all_metrics())
RNG = np.random.default_rng(1)
PICTURE = RNG.integers(0, 256, (12, 9, 3), dtype=np.uint8)
MASK, OTHER, SHORTCUT = np.zeros((3, 12, 9), np.bool_)
MASK[2:6, 1:5], OTHER[7:11, 3:8], SHORTCUT[0] = True, True, True


@pytest.fixture(scope="module")
def network() -> Any:
    return linear(RNG.uniform(0.01, 0.05, (12, 9, 3, 2)), softmax=True)


class Tiled(Fixed):
    """The same map, repeated where a larger picture is asked about."""

    def __call__(self, network: Any, image: Any, neuron: Any, seed: int, layer: Any = None) -> Any:
        maps = super().__call__(network, image, neuron, seed)
        times = [a // b for a, b in zip(image.shape[:2], self.heatmap.shape, strict=True)]
        heatmap = np.tile(maps.heatmap, times)
        return maps._replace(heatmap=heatmap, attribution=heatmap[..., None])


def whole(heatmap: np.ndarray, network: Any) -> Case:
    """A case with everything that a metric can need."""
    return Case(
        heatmap, MASK, (Other(1, OTHER),), SHORTCUT, heatmap[..., None], network, PICTURE,
        Neuron(None, 0), Tiled(heatmap), tuple(Companion(PICTURE, k % 2) for k in range(9)),
    )  # fmt: skip


def suits(name: str) -> bool:
    """Whether a linear network will do: a grid needs maps."""
    return name != "disconnected_grid"


@pytest.mark.parametrize("name", NAMES)
def test_facts_are_complete(name: str) -> None:
    declared = metric(name)
    facts = declared.facts()
    assert facts["name"] == name == type(declared).__module__.rsplit(".", 1)[-1]
    assert json.loads(json.dumps(facts))["name"] == name  # plain data, for a page
    for key in ("title", "summary", "paper", "perfect", "chance", "sensitive"):
        assert isinstance(facts[key], str)
        assert facts[key].strip() == facts[key] != "", key
    assert any(str(year) in facts["paper"] for year in range(2009, 2026))
    assert facts["better"] in ("higher", "lower", "neither")
    assert facts["reads"] in READINGS
    assert set(facts["needs"]) <= set(NEEDS)
    assert facts["range"][0] < facts["range"][1]
    assert facts["of_zeros"] is None or facts["range"][0] <= facts["of_zeros"] <= facts["range"][1]
    assert type(declared).__doc__
    names = [p["name"] for p in facts["parameters"]]
    assert len(set(names)) == len(names)
    for p in declared.parameters:
        assert p.check(p.default) == p.default


def test_names_and_orders_are_their_own() -> None:
    orders = [m.order for m in all_metrics().values()]
    assert orders == sorted(set(orders))
    wanted = {
        "pointing_game", "relevance_mass", "relevance_rank", "best_iou", "discriminative",
        "deletion", "insertion", "focus", "randomisation", "disconnected_grid", "stability",
        "complexity",
    }  # fmt: skip
    assert wanted <= set(NAMES)
    with pytest.raises(UnknownNameError, match="Did you mean 'pointing_game'"):
        metric("pointing")


MAPS = {
    "noise": RNG.normal(size=(12, 9)),
    "negative": -RNG.random((12, 9)),
    "zeros": np.zeros((12, 9)),
    "flat": np.full((12, 9), 0.25),
    "one pixel": np.eye(12, 9) * (np.arange(12) == 4)[:, None],
    "huge": RNG.random((12, 9)) * 1e30,
    "tiny": RNG.random((12, 9)) * 1e-30,
}


@pytest.mark.parametrize("name", [n for n in NAMES if suits(n)])
def test_every_map_gets_a_finite_figure_in_range_or_a_reason(name: str, network: Any) -> None:
    chosen, kept = metric(name), dict[Any, Any]()
    for what, heatmap in MAPS.items():
        case = whole(heatmap, network)
        object.__setattr__(case, "cache", kept)
        score = chosen.measure(case)
        if score.value is None:
            assert score.note, what
        else:
            assert isinstance(score.value, float), what
            low, high = chosen.range
            assert low - 1e-9 <= score.value <= high + 1e-9, (what, score)
            assert math.isfinite(score.value)
        json.dumps(score.details, allow_nan=False)  # plain, to be kept in a line


@pytest.mark.parametrize("name", [n for n in NAMES if suits(n)])
def test_the_scale_of_a_map_does_not_matter(name: str, network: Any) -> None:
    chosen, kept, values = metric(name), dict[Any, Any](), []
    for scale in (1, 1e-3, 4096):
        case = whole(MAPS["noise"] * scale, network)
        object.__setattr__(case, "cache", kept)
        values.append(chosen.measure(case).value)
    assert values == pytest.approx([values[0]] * 3, rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_cases_are_told(name: str, network: Any) -> None:
    chosen, heatmap = metric(name), MAPS["noise"]
    bare = Case(heatmap)
    if chosen.needs:
        assert chosen.lacks(bare) == list(chosen.needs)
        with pytest.raises(UnsuitableError, match=f"{chosen.title[:8]}.* needs"):
            chosen.measure(bare)
    broken = whole(heatmap.copy(), network)
    broken.heatmap[3, 3] = np.nan
    with pytest.raises(InvalidValueError, match="finite"):
        chosen.measure(broken)
    for mask in (MASK.T, MASK.astype(float), MASK[:-1]):
        with pytest.raises(InvalidValueError, match=r"mask as bool \(12, 9\)"):
            chosen.measure(Case(heatmap, mask, **rest(heatmap, network)))
    for mask in (np.ones_like(MASK), np.zeros_like(MASK)):
        with pytest.raises(InvalidValueError, match="nothing, or everything"):
            chosen.measure(Case(heatmap, mask, **rest(heatmap, network)))
    with pytest.raises(UnknownNameError, match="parameter"):
        chosen.measure(whole(heatmap, network), colour=3)


def rest(heatmap: np.ndarray, network: Any) -> dict[str, Any]:
    made = whole(heatmap, network)
    names = ("others", "shortcut", "network", "image", "neuron", "explain", "companions")
    return {name: getattr(made, name) for name in names}


def test_a_metric_whose_file_is_gone_is_gone() -> None:
    """The registry lists the room: every class in it is a metric with a file of its own."""
    import cnnvis_widgets.study.metrics as room

    files = {p.stem for p in __import__("pathlib").Path(room.__path__[0]).glob("[a-z]*.py")}
    assert files == set(NAMES)
    assert all(isinstance(m, Metric) for m in all_metrics().values())
