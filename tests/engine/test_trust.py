"""The checks of a map: against formulas written out, on networks that must pass and must fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.variants.randomization import Cascade, seeded
from cnnvis_widgets.engine import trust
from cnnvis_widgets.engine.requests import Explain, Library
from cnnvis_widgets.engine.trust import RandomTopLayer, TrustChecks
from cnnvis_widgets.errors import Cancelled

PICTURE = np.random.default_rng(4).integers(0, 256, (14, 10, 3), dtype=np.uint8)
ROWS, COLUMNS = PICTURE.shape[:2]


def make(activation: str = "relu") -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((ROWS, COLUMNS, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(5, 3, activation=activation, padding="same", name="c1"),
            layers.Conv2D(4, 3, activation=activation, name="c2"),
            layers.GlobalAveragePooling2D(name="pool"),
            layers.Dense(6, name="head"),
        ]
    )


@pytest.fixture(scope="module")
def library() -> Library:
    made = Library()
    for name in ("relu", "elu"):
        model = seeded(lambda name=name: make(name), 3)  # type: ignore[misc]
        made.add(name, Network(model, name=name))
    return made


def asked(kind: Any, library: Library, method: str, network: str = "relu", **more: Any) -> Any:
    request = kind(network, PICTURE, method, **{"neuron": Neuron(None, 2), **more})
    return {check.name: check for check in request.perform(library, lambda done, total: None)}


def ranks(values: np.ndarray) -> np.ndarray:
    """Mean ranks, by counting."""
    flat = values.ravel()
    return np.array([(flat < v).sum() + ((flat == v).sum() + 1) / 2 for v in flat])


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


def test_a_relu_network_is_treated_and_one_of_other_activations_is_not(library: Library) -> None:
    assert asked(TrustChecks, library, "guided_backprop")["coverage"].verdict == "good"
    check = asked(TrustChecks, library, "guided_backprop", "elu")["coverage"]
    assert (check.verdict, check.value) == ("bad", 2.0)  # both convolutions, of six layers
    assert "c1" in check.sentence
    assert "sum" not in asked(TrustChecks, library, "guided_backprop")  # it promises nothing


def test_the_error_of_a_sum_is_that_of_the_explanation(library: Library) -> None:
    parameters = {"steps": 3}
    check = asked(TrustChecks, library, "integrated_gradients", parameters=parameters)["sum"]
    request = Explain("relu", PICTURE, "integrated_gradients", Neuron(None, 2), 0, parameters)
    explanation = request.explanation(library, lambda done, total: None)
    network = library.network("relu")
    black = np.zeros((1, ROWS, COLUMNS, 3), np.float32)
    change = explanation.value - float(network.values(black, Neuron(None, 2))[0])
    kept = float(explanation.attribution.astype(np.float64).sum())  # type: ignore[union-attr]
    assert check.value == pytest.approx(abs(kept / change - 1), rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(
    ("kept", "promised", "verdict"),
    [(104.9, 100, "good"), (80, 100, "doubtful"), (-126, -100, "bad"), (3, 0, "open")],
)
def test_the_verdict_on_a_sum(kept: float, promised: float, verdict: str) -> None:
    class Method:
        def promised(self, explanation: Any) -> float:
            return promised

    class FakeExplanation:
        method = Method()
        attribution = np.full((4, 5, 1), kept / 20)

    check = trust.sum_check(FakeExplanation())  # type: ignore[arg-type]
    assert check is not None
    assert check.verdict == verdict


def test_deep_taylor_keeps_what_it_shares_out(library: Library) -> None:
    network = library.network("relu")
    pixels = network.prepare(PICTURE).input
    values = [float(network.values(pixels[None], Neuron(None, u))[0]) for u in range(6)]
    best, worst = int(np.argmax(values)), int(np.argmin(values))
    assert values[worst] < 0 < values[best]
    check = asked(TrustChecks, library, "deep_taylor", neuron=Neuron(None, best))["sum"]
    assert check.verdict == "good"
    assert check.value < 1e-4
    silent = asked(TrustChecks, library, "deep_taylor", neuron=Neuron(None, worst))["sum"]
    assert silent.verdict == "open"
    rule = {"rule": "epsilon", "value": 0.5}
    assert "sum" not in asked(TrustChecks, library, "deep_taylor", parameters=rule)


def test_likeness_to_edges_is_a_rank_correlation_with_the_slope(library: Library) -> None:
    check = asked(TrustChecks, library, "saliency")["edges"]
    grey = PICTURE.astype(float).mean(-1)
    padded = np.pad(grey, 1, mode="reflect", reflect_type="odd")  # one-sided at the border
    down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    right = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    explanation = Explain("relu", PICTURE, "saliency", Neuron(None, 2)).explanation(
        library, lambda done, total: None
    )
    sizes = np.abs(explanation.attribution.astype(float)).sum(-1)  # type: ignore[union-attr]
    expected = correlation(sizes, np.sqrt(down**2 + right**2))
    assert check.value == pytest.approx(expected, abs=1e-6)


def test_an_edge_detector_is_found_out(library: Library) -> None:
    class FakeExplanation:
        picture = PICTURE
        attribution = trust.edges(PICTURE)[..., None]

    check = trust.edges_check(FakeExplanation())  # type: ignore[arg-type]
    assert check is not None
    assert (check.verdict, round(check.value or 0, 6)) == ("bad", 1)


def test_a_coarse_map_is_compared_with_the_mean_of_each_cell() -> None:
    values = np.arange(8 * 6, dtype=float).reshape(8, 6)
    cells = values.reshape(4, 2, 2, 3).mean((1, 3))
    assert trust.shrunk(values, (4, 2)) == pytest.approx(cells, rel=1e-6)


def test_the_top_layer_forgets_and_the_network_does_not(library: Library) -> None:
    network = library.network("relu")
    before = [w.copy() for w in network.model.get_weights()]
    check = asked(RandomTopLayer, library, "gradient_input")["random_top"]
    assert all((w == b).all() for w, b in zip(network.model.get_weights(), before, strict=True))

    likenesses = []
    fresh = seeded(make, 0).get_layer("head").get_weights()
    original = Explain("relu", PICTURE, "gradient_input", Neuron(None, 2)).explanation(
        library, lambda done, total: None
    )
    for sign in (1, -1):
        model = seeded(make, 3)
        model.get_layer("head").set_weights([sign * fresh[0], fresh[1]])
        twin = Library()
        twin.add("twin", Network(model))
        other = Explain("twin", PICTURE, "gradient_input", Neuron(None, 2)).explanation(
            twin, lambda done, total: None
        )
        sizes = [np.abs(e.attribution.astype(float)).sum(-1) for e in (original, other)]  # type: ignore[union-attr]
        likenesses.append(correlation(*sizes))
    assert check.value == pytest.approx(np.mean(likenesses), abs=1e-4)
    assert "head" in check.sentence


def test_below_the_top_the_neurons_own_layer_forgets(library: Library) -> None:
    neuron = Neuron("c1", 3)
    check = asked(RandomTopLayer, library, "saliency", neuron=neuron)["random_top"]
    assert "in c1" in check.sentence
    assert check.value is not None
    assert check.value < 0.99


def test_the_fewest_layers_that_reach_the_neuron_are_made_random(library: Library) -> None:
    network = library.network("relu")
    copy = Cascade(network)
    pixels = network.prepare(PICTURE).input

    class FakeExplanation:
        neuron = Neuron("c2", 1)

    assert copy.layers == ("head", "c2", "c1")
    assert trust.reaching(copy, pixels, FakeExplanation()) == 2  # type: ignore[arg-type]
    copy.randomise(0)
    FakeExplanation.neuron = Neuron(None, 1)
    assert trust.reaching(copy, pixels, FakeExplanation()) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("likenesses", "verdict", "value"),
    [([0.2, 0.6], "good", 0.4), ([0.7, None], "doubtful", 0.7), ([0.99, 0.95], "bad", 0.97),
     ([None, None], "open", None)],
)  # fmt: skip
def test_the_verdict_on_a_random_top(
    likenesses: list[float | None], verdict: str, value: float | None
) -> None:
    check = trust.random_top_check(likenesses, "block/head")
    assert check.verdict == verdict
    assert check.value == (None if value is None else pytest.approx(value))


def test_the_copy_is_made_once_and_again_when_the_network_has_learned(library: Library) -> None:
    asked(RandomTopLayer, library, "saliency")
    first = library._last_made[1]
    asked(RandomTopLayer, library, "gradient_input")
    assert library._last_made[1] is first
    model = library.network("relu").model
    weights = model.get_weights()
    try:
        model.set_weights([w + 0.01 for w in weights])
        asked(RandomTopLayer, library, "saliency")
        assert library._last_made[1] is not first
    finally:
        model.set_weights(weights)


def test_a_check_of_a_map_that_was_just_made_makes_it_no_second_time(library: Library) -> None:
    request = Explain("relu", PICTURE, "saliency", Neuron(None, 5))
    explanation = request.explanation(library, lambda done, total: None)
    twin = Explain("relu", PICTURE.copy(), "saliency", Neuron(None, 5))
    assert library.cached_explanation(twin) is explanation
    assert library.cached_explanation(Explain("relu", PICTURE, "saliency", Neuron(None, 4))) is None
    assert (
        library.cached_explanation(Explain("relu", PICTURE[::-1], "saliency", Neuron(None, 5)))
        is None
    )


def test_it_stops_between_its_steps(library: Library) -> None:
    def step(done: int, total: int) -> None:
        if done == 2:
            raise Cancelled("no more")

    request = RandomTopLayer("relu", PICTURE, "saliency", Neuron(None, 2))
    with pytest.raises(Cancelled):
        request.perform(library, step)
    copy = library._last_made[1]
    trained = library.network("relu").model.get_weights()
    assert copy.randomised == 0
    for mine, theirs in zip(copy.network.model.get_weights(), trained, strict=True):
        assert (mine == theirs).all()


def test_a_network_that_is_too_large_is_not_copied(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "LARGEST_COPY", 100)
    check = asked(RandomTopLayer, library, "saliency")["random_top"]
    assert (check.verdict, check.value) == ("open", None)


def test_the_page_that_justifies_the_limits_is_the_script_s_and_the_data_keep_them() -> None:
    from scripts import make_trust_page

    docs = Path(__file__).parents[2] / "docs"
    text = (docs / "trust.md").read_text("utf-8")
    assert text == make_trust_page.page()
    assert "| none | some | a quarter of" in text
    assert trust.MOST_UNTREATED == 0.25
    for limit in (trust.ENOUGH, trust.TOO_FAR):
        assert f"up to {limit:.0%} |" in text
    for low, high in ((trust.FORGETS, trust.REMEMBERS), (trust.UNLIKE, trust.ALIKE)):
        assert f"below {low} | below {high} | {high} or more |" in text
    limits = {
        "sum": (trust.ENOUGH, trust.TOO_FAR),
        "edges": (trust.UNLIKE, trust.ALIKE),
        "random_top": (trust.FORGETS, trust.REMEMBERS),
    }
    rows = json.loads((docs / "trust.json").read_text("utf-8"))
    assert len(rows) > 600
    for *_, check, verdict, value in rows:
        if check in limits and value is not None:
            low, high = limits[check]
            expected = "good" if value <= low else "doubtful" if value <= high else "bad"
            assert verdict == expected
