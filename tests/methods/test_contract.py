"""What every method promises. A new one is tested here the day its file appears."""

from __future__ import annotations

import importlib
import importlib.util
import json
import math
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import Cancelled, CnnvisError, InvalidValueError, UnknownNameError
from cnnvis_widgets.methods import all_methods, method
from cnnvis_widgets.methods.contract import Method

SHAPE = (26, 20, 3)
NAMES = list(all_methods())
PUBLISHED = (
    "saliency", "deconvnet", "guided_backprop", "deep_taylor", "cam", "grad_cam",
    "guided_grad_cam", "lime", "occlusion", "visual_backprop", "integrated_gradients",
    "smoothgrad", "activation_maximization", "network_inversion", "upconvnet",
)  # fmt: skip
RNG = np.random.default_rng(6)
PICTURE = RNG.integers(0, 256, (40, 33, 3), dtype=np.uint8)
LABELS = ["one", "two", "three", "none"]
DEAD = 3  # an output unit that nothing reaches


def small(name: str) -> dict[str, Any]:
    """Parameters that make a method quick: few samples, few steps."""
    parameters = {}
    for p in method(name).parameters:
        if p.kind == "integer" and p.default > 12:
            parameters[p.name] = max(12, int(p.minimum or 0))
    return parameters


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The network that each method is asked about: the same for all but those that need their own.

    What a method needs beside it (a trained decoder), or instead of it (attention), its own test
    file gives: `equip(network, folder)`, `suited(shape)`.
    """
    from cnnvis_widgets.backend.network import Network

    by_name = {}
    common = Network(plain(), centred, LABELS)
    for name in NAMES:
        wrapped = common
        if importlib.util.find_spec(f"test_{name}"):
            its_tests = importlib.import_module(f"test_{name}")
            if hasattr(its_tests, "suited"):
                wrapped = Network(its_tests.suited(SHAPE), centred, LABELS)
            if hasattr(its_tests, "equip"):
                its_tests.equip(wrapped, tmp_path_factory.mktemp(name))
        by_name[name] = wrapped
    return by_name


@pytest.fixture
def network(networks: dict[str, Any], name: str) -> Any:
    """The network of the method that the test is about."""
    return networks[name]


def centred(pixels: np.ndarray) -> np.ndarray:
    return (pixels - 127) / 128


def plain() -> Any:
    """ReLUs, then average pooling and one dense layer: what the most demanding methods need."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(5, 3, padding="same", activation="relu", name="c1"),
            layers.MaxPooling2D(name="p1"),
            layers.Conv2D(6, 3, padding="same", activation="relu", name="c2"),
            layers.GlobalAveragePooling2D(name="gap"),
            layers.Dense(4, name="head"),
        ],
        name="small",
    )
    rng = np.random.default_rng(1)
    weights = [rng.normal(0, 0.4, w.shape) for w in model.get_weights()]
    weights[-2][:, DEAD], weights[-1][DEAD] = 0, 0
    weights[-2] = np.abs(weights[-2])  # so that the other units are above zero
    weights[-1] = np.abs(weights[-1])
    model.set_weights(weights)
    return model


def ask(network: Any, name: str, neuron: Any = 1, image: Any = PICTURE, **options: Any) -> Any:
    from cnnvis_widgets.engine.explain import explain

    return explain(network, image, method=name, neuron=neuron, **{**small(name), **options})


@pytest.fixture(scope="module")
def answers(networks: dict[str, Any]) -> dict[str, Any]:
    return {name: ask(networks[name], name) for name in NAMES}


def test_published_names_are_spelled_as_published() -> None:
    plain = {name.replace("_", ""): name for name in PUBLISHED}
    for name in NAMES:  # one that is not listed is welcome: a new method touches no other file
        assert plain.get(name.replace("_", ""), name) == name
    orders = [m.order for m in all_methods().values()]
    assert orders == sorted(orders)
    assert len(set(orders)) == len(orders)
    with pytest.raises(UnknownNameError, match=r"'gradcam'.*Did you mean 'grad_cam'"):
        method("gradcam")


@pytest.mark.parametrize("name", NAMES)
def test_facts_are_complete(name: str) -> None:
    declared = method(name)
    facts = declared.facts()
    assert facts["name"] == name == type(declared).__module__.rsplit(".", 1)[-1]
    assert json.loads(json.dumps(facts))["name"] == name  # plain data, for a page
    for key in ("title", "summary", "paper", "section", "networks", "weaknesses", "unit"):
        assert isinstance(facts[key], str)
        assert facts[key].strip() == facts[key] != "", key
    assert "\n" not in facts["summary"]
    assert facts["perspective"] in ("image", "neuron")
    assert facts["resolution"] in ("high", "low")
    assert facts["neurons"] in (
        "output", "intermediate", "output and intermediate", "the last convolutional layer",
    )  # fmt: skip
    for key in ("gradient_based", "needs_training", "model_dependent", "signed"):
        assert isinstance(facts[key], bool), key
    assert any(year in facts["paper"] for year in map(str, range(2009, 2026)))
    assert type(declared).__doc__
    names = [p["name"] for p in facts["parameters"]]
    assert len(set(names)) == len(names)
    reserved = {"network", "image", "method", "neuron", "seed", "progress", "preview"}
    assert not set(names) & reserved
    for p in declared.parameters:
        assert p.check(p.default) == p.default
        assert p.help
        assert p.title


@pytest.mark.parametrize("name", NAMES)
def test_answer_is_a_finite_raw_array_or_a_picture(answers: dict[str, Any], name: str) -> None:
    explanation = answers[name]
    assert explanation.method is method(name)
    assert explanation.neuron == Neuron(None, 1)
    assert explanation.label == "two"
    assert explanation.network == "small"
    assert math.isfinite(explanation.value)
    assert explanation.title.count(" · ") == 2
    assert explanation.seed == 0
    assert set(explanation.parameters) == {p.name for p in explanation.method.parameters}
    if explanation.image is not None:
        assert explanation.attribution is None
        assert explanation.image.dtype == np.uint8
        assert explanation.image.ndim == 3 == explanation.image.shape[2]
        return
    raw = explanation.attribution
    assert raw.dtype == np.float32
    assert raw.ndim == 3
    assert np.isfinite(raw).all()
    assert raw.any()
    if explanation.method.resolution == "high":
        assert raw.shape[:2] == SHAPE[:2]
    heatmap = explanation.heatmap()
    assert heatmap.shape == SHAPE[:2]
    assert heatmap.dtype == np.float32
    assert np.isfinite(heatmap).all()
    if not explanation.method.signed:
        assert heatmap.min() >= 0
    if raw.shape[:2] == SHAPE[:2]:  # the reduction alone, not rescaled
        np.testing.assert_array_equal(heatmap, explanation.method.reduce(raw))
    assert explanation.picture.shape == SHAPE
    assert explanation.picture.dtype == np.uint8
    assert str(explanation.coverage)


@pytest.mark.parametrize("name", NAMES)
def test_value_is_the_neuron_s_activation(network: Any, answers: dict[str, Any], name: str) -> None:
    if answers[name].image is not None:  # on the picture that it made
        return
    logits = network.outputs(network.prepare(PICTURE).input[None])[0][0]
    assert answers[name].value == pytest.approx(float(logits[1]), rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_array(
    network: Any, answers: dict[str, Any], name: str
) -> None:
    def result(explanation: Any) -> np.ndarray:
        return explanation.attribution if explanation.image is None else explanation.image

    state = np.random.get_state()[1].copy()  # type: ignore[index]
    np.testing.assert_array_equal(result(ask(network, name)), result(answers[name]))
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # type: ignore[index]
    np.random.seed(99)  # whatever the caller does with it must not matter
    np.testing.assert_array_equal(result(ask(network, name)), result(answers[name]))
    one, other, another = (result(ask(network, name, seed=seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, other)
    assert np.array_equal(one, another) is not all_methods()[name].random


@pytest.mark.parametrize("name", NAMES)
def test_forms_of_a_neuron_agree(network: Any, answers: dict[str, Any], name: str) -> None:
    forms: list[Any] = [Neuron(None, 1), np.int64(1), Neuron("head", 1), ("head", 1)]
    best = int(network.outputs(network.prepare(PICTURE).input[None])[0][0].argmax())
    pairs = [(answers[name], ask(network, name, form)) for form in forms]
    pairs.append((ask(network, name, best), ask(network, name, None)))
    for wanted, explanation in pairs:
        if wanted.image is None:
            np.testing.assert_array_equal(explanation.attribution, wanted.attribution)
        else:
            np.testing.assert_array_equal(explanation.image, wanted.image)
        assert explanation.value == pytest.approx(wanted.value, rel=1e-5)
        assert explanation.neuron.unit == wanted.neuron.unit


@pytest.mark.parametrize("name", NAMES)
def test_hidden_neurons_are_explained_or_refused_in_words(network: Any, name: str) -> None:
    neurons = [Neuron("c2", 2, "mean"), Neuron("c2", 2, position=(4, 3)), Neuron("c1", 1, "max")]
    for neuron in neurons:
        try:
            explanation = ask(network, name, neuron)
        except CnnvisError as error:
            assert method(name).neurons == "output", error
            assert any(other in str(error) for other in NAMES if other != name)
            continue
        assert explanation.neuron == neuron
        assert neuron.layer in explanation.label
        if explanation.image is not None:
            continue
        maps = network.activations(PICTURE, neuron.layer)[..., neuron.unit]
        wanted = maps[neuron.position] if neuron.position else getattr(maps, neuron.aggregate)()
        assert explanation.value == pytest.approx(float(wanted), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_neuron_that_nothing_reaches_gives_zeros_and_says_so(network: Any, name: str) -> None:
    if method(name).acts_on != "one neuron" or method(name).perspective == "neuron":
        assert "neuron" not in method(name).unit  # it is not about this neuron at all
        return
    explanation = ask(network, name, DEAD)
    assert explanation.value == 0
    np.testing.assert_array_equal(explanation.attribution, 0)
    np.testing.assert_array_equal(explanation.heatmap(), 0)
    assert any("zero" in note.lower() for note in explanation.notes), explanation.notes


@pytest.mark.parametrize("name", NAMES)
def test_a_float_input_is_taken_as_it_is(network: Any, answers: dict[str, Any], name: str) -> None:
    given = network.prepare(PICTURE).input
    explanation = ask(network, name, image=given.copy())
    assert explanation.picture is None
    if explanation.image is None and name != "lime":  # LIME cuts the picture into superpixels
        np.testing.assert_array_equal(explanation.attribution, answers[name].attribution)
    assert explanation.value == pytest.approx(answers[name].value, rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_checked(network: Any, name: str) -> None:
    with pytest.raises(UnknownNameError, match=f"parameter of {name}.*smaples"):
        ask(network, name, smaples=3)
    for p in method(name).parameters:
        wrong: list[Any] = [object(), None]
        if p.minimum is not None:
            wrong.append(p.minimum - 1)
        if p.maximum is not None:
            wrong.append(p.maximum + 1)
        if p.kind == "integer":
            wrong += [1.5, True]
        if p.kind == "choice":
            wrong.append("none of these")
        for value in wrong:
            with pytest.raises((InvalidValueError, UnknownNameError), match=p.name):
                ask(network, name, **{p.name: value})


@pytest.mark.parametrize("name", NAMES)
def test_work_can_be_stopped_between_steps(network: Any, name: str) -> None:
    from cnnvis_widgets.engine.explain import explain

    seen: list[tuple[int, int]] = []

    def count(done: int, total: int) -> None:
        seen.append((done, total))

    explain(network, PICTURE, method=name, neuron=1, progress=count, **small(name))
    for done, total in seen:
        assert 0 <= done <= total
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len({total for _, total in seen}) <= 1
    if not seen:
        return  # one compiled call: there is no step between

    def stop(done: int, total: int) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        explain(network, PICTURE, method=name, neuron=1, progress=stop, **small(name))


@pytest.mark.parametrize("name", NAMES)
def test_many_pictures_are_answered_as_single_ones(network: Any, name: str) -> None:
    from cnnvis_widgets.engine.explain_batch import explain_batch

    pictures = [PICTURE, PICTURE[:31, 4:], RNG.integers(0, 256, (15, 60, 3), dtype=np.uint8)]
    neurons = [1, None, 2]
    together = explain_batch(network, pictures, name, neurons, seed=3, **small(name))
    for picture, neuron, explanation in zip(pictures, neurons, together, strict=True):
        alone = ask(network, name, neuron, picture, seed=3)
        assert (explanation.neuron, explanation.layer, explanation.label) == (
            alone.neuron,
            alone.layer,
            alone.label,
        )
        assert explanation.value == pytest.approx(alone.value, rel=1e-5)
        for one, other in (
            (explanation.attribution, alone.attribution),
            (explanation.image, alone.image),
        ):
            if other is None:
                assert one is None
            else:
                largest = np.abs(other.astype(np.float64)).max()
                np.testing.assert_allclose(one, other, rtol=0, atol=1e-5 * largest)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_improves_is_shown_as_it_would_be_asked_for(
    network: Any, answers: dict[str, Any], name: str
) -> None:
    seen: list[Any] = []
    ask(network, name, preview=lambda make: seen.append(make()))
    ask(network, name, preview=lambda make: None)  # nobody looks
    for explanation in seen[:: max(1, len(seen) // 3)]:
        again = ask(network, name, **explanation.parameters)
        assert explanation.neuron == answers[name].neuron
        for one, other in (
            (explanation.attribution, again.attribution),
            (explanation.image, again.image),
        ):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", NAMES)
def test_the_caller_s_arrays_are_left_alone(network: Any, name: str) -> None:
    given = network.prepare(PICTURE).input
    picture, kept = PICTURE.copy(), given.copy()
    ask(network, name, image=picture)
    ask(network, name, image=given)
    np.testing.assert_array_equal(picture, PICTURE)
    np.testing.assert_array_equal(given, kept)


def test_who_answers_in_a_way_of_its_own_is_asked_one_by_one() -> None:
    """A parent's way for many pictures is not that of a subclass that changes the answer."""
    parent = type(method("saliency"))

    class Changed(parent):  # type: ignore[valid-type,misc]
        def answer(self, question: Any) -> Any:
            return question

    class Renamed(parent):  # type: ignore[valid-type,misc]
        title = "another"

    assert Renamed().together
    assert not Changed().together
    assert Changed().answers(["one", "two"]) == ["one", "two"]


def test_a_method_must_declare_itself() -> None:
    class Nameless(Method):
        pass

    with pytest.raises(TypeError, match="answer"):
        Nameless()  # type: ignore[abstract]
