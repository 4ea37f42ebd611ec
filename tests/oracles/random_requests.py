"""Random requests to random networks, each confirmed by an oracle, refused in words, or a fault.

Four requests go to each network. All that is drawn follows from the network's seed.
"""

from __future__ import annotations

import gc
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import keras
import numpy as np
from oracles import random_formulas
from oracles.random_case import Case
from oracles.random_networks import Made, Twin, drawn
from oracles.random_reference import FLOOR, RELATIVE, SHIFTS, DisagreementError, Reference

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.target import Target
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import CnnvisError
from cnnvis_widgets.methods import all_methods

EACH = 4
PROBABLE = ("saliency", "grad_cam", "integrated_gradients", "gradient_input", "guided_backprop")
FAULTS = ("wrong", "raw error", "obscure refusal")
CHEAP = {"samples": 24, "pieces": 4, "grid": 3, "designs": 2, "steps": 3, "octave_steps": 2}
# Options whose every value is as cheap.
FREE = ("sign", "baseline", "colour", "noise", "rule", "share", "of", "draw")


@dataclass(frozen=True)
class Outcome:
    """What came of one request.

    Attributes:
        seed: the network's.
        number: which of its requests.
        method: its name.
        asked: the neuron, picture and parameters, in words.
        network: precision, ending and wrapping, in words.
        verdict: "agreed", "kink", "told", "properties", "refused", or one of `FAULTS`.
        message: the reason, where there is one.
    """

    seed: int
    number: int
    method: str
    asked: str
    network: str
    verdict: str
    message: str = ""

    @property
    def fault(self) -> bool:
        return self.verdict in FAULTS


def requests(seed: int, number: int) -> Iterator[Outcome]:
    """So many requests, to the networks of this seed and those that follow.

    Args:
        seed: of the first network.
        number: how many requests.
    """
    for offset in range(-(-number // EACH)):
        asked = _Requests(seed + offset)
        for which in range(min(EACH, number - offset * EACH)):
            yield asked.outcome(which)
        if offset % 25 == 24:
            keras.backend.clear_session()
            gc.collect()


def table(outcomes: list[Outcome]) -> str:
    """Methods by verdicts, in Markdown."""
    kinds = [*("agreed", "kink", "told", "properties", "refused"), *FAULTS]
    counts = Counter((o.method, o.verdict) for o in outcomes)
    rows = [f"| method | {' | '.join(kinds)} |", "| - |" + " -: |" * len(kinds)]
    for name in (*sorted({o.method for o in outcomes}), "all"):
        mine = [
            sum(n for (m, v), n in counts.items() if v == kind and name in (m, "all"))
            for kind in kinds
        ]
        rows.append(f"| {name} | {' | '.join(map(str, mine))} |")
    return "\n".join(rows)


def reasons(outcomes: list[Outcome]) -> dict[str, int]:
    """How often each reason for a refusal was given, names and numbers left out."""
    counts: Counter[str] = Counter()
    for one in outcomes:
        if one.verdict == "refused":
            message = re.sub(r"'[^']*'|\b\w*_\w+(/\w+)*\b|\d[\d.,e+-]*", "…", one.message)
            counts[message[:140]] += 1
    return dict(counts.most_common())


def record(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    """All of them as plain data."""
    return [asdict(one) for one in outcomes]


class _Requests:
    """A network, and what is asked of it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = np.random.default_rng((seed, 7))
        self.made, self.twin = drawn(seed)
        self.words = f"{self.made.policy}, {self.made.ending}, {self.made.wrapping}"
        self.network: Any = None
        self.why = ""
        given = self.one(None, None, "-1..1", "0..1")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.network = Network(self.made.model, preprocess=given, inputs=self.made.inputs)
                self.names = names_in_twin(self.network, self.twin)
        except CnnvisError as error:
            self.network, self.why = None, str(error)

    def one(self, *things: Any) -> Any:
        return things[self.rng.integers(len(things))]

    def outcome(self, number: int) -> Outcome:
        """One request, and what came of it."""
        method = self.one(*all_methods(), *PROBABLE)
        self.asked = ""
        verdict, message = "refused", self.why
        if self.network is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    verdict, message = self._asked(method)
                except DisagreementError as error:
                    verdict, message = "wrong", str(error)
                except Exception as error:
                    verdict, message = "raw error", f"{type(error).__name__}: {error}"[:600]
        if verdict == "refused" and not clear(message):
            verdict = "obscure refusal"
        return Outcome(self.seed, number, method, self.asked, self.words, verdict, message)

    def _asked(self, method: str) -> tuple[str, str]:
        wanted, x = self.neuron(), self.picture()
        options = self.options(method)
        self.asked = f"{wanted}, {self.kind} picture, {options}"
        seed, prepared = int(self.rng.integers(9)), self.network.prepare(x).input.astype(np.float64)
        try:
            answer = explain(self.network, x, method, wanted, seed=seed, **options)
        except CnnvisError as error:
            if "NaN or infinite" in str(error) and not self._overflows(prepared):
                raise DisagreementError(f"nothing overflows here: {error}") from error
            return "refused", str(error)
        return check(answer, self.network, self.made, self.twin, self.names, prepared, wanted)

    def _overflows(self, x: np.ndarray) -> bool:
        """Whether anything in the twin goes beyond what float32 can square, or is no number."""
        self.twin.run(np.stack([x, *(self.network.plain(level) for level in (0, 128, 255))]))
        largest = [np.abs(n.seen).max() for n in self.twin.nudges.values() if n.seen is not None]
        return not max(largest) < 1e18  # NaN is not

    def picture(self) -> np.ndarray:
        shape, rng = self.network.input_shape, self.rng
        self.kind = self.one(
            "noise", "noise", "noise", "noise", "flat", "extreme", "bytes", "blobs"
        )
        if self.kind == "flat":
            return np.full(shape, self.one(0.0, 0.5, -1.0, 1.0), np.float32)
        if self.kind == "bytes":
            return rng.integers(0, 256, (*shape[:2], 3), dtype=np.uint8)
        if self.kind == "blobs":
            x = np.zeros(shape, np.float32)
            x[1:4, 2:5] = rng.uniform(-1, 1, shape[2])
            return x
        scale = 30 if self.kind == "extreme" else 1
        return rng.uniform(-scale, scale, shape).astype(np.float32)

    def neuron(self) -> Any:
        unit, kind = int(self.rng.integers(self.made.units)), self.rng.integers(8)
        weights = {unit: 1.0, (unit + 1) % max(self.made.units, 2): -0.5}
        if self.made.several and kind < 6:
            return Target(unit if kind else weights, output=0)
        if kind < 2:
            return None
        if kind < 4:
            return unit
        if kind == 4 and self.made.units > 1:
            return Target(weights)
        layers = [i for i in self.network.layers if i.name in self.names]
        if not layers:
            return unit
        layer = self.one(*layers)
        shape = layer.output_shape
        places = [n or 1 for n in shape[:-1]]
        unit = int(self.rng.integers(shape[-1]))
        position = tuple(int(self.rng.integers(n)) for n in places)
        how = self.one("sum", "mean", "max", "position", "pair")
        if how == "pair":
            return layer.name, unit
        if how == "position" and places:
            return Neuron(layer.name, unit, position=position)
        return Neuron(layer.name, unit, "sum" if how == "position" else how)

    def options(self, method: str) -> dict[str, Any]:
        options: dict[str, Any] = {}
        for p in all_methods()[method].parameters:
            if p.name in CHEAP and p.kind == "integer":
                least = p.minimum or 0
                many = 3 if p.name == "samples" and least < 10 else CHEAP[p.name]
                options[p.name] = int(max(many, least))
            elif p.name in FREE and self.rng.random() < 0.6:
                options[p.name] = self._value(p)
            elif p.name == "segmentation":  # quickshift enlarges small pictures: a second
                options[p.name] = self.one("slic", "slic", "felzenszwalb", "slic", "quickshift")
            elif p.name in ("patch", "stride"):
                options[p.name] = {"patch": self.one(0, 2, 3), "stride": self.one(0, 1, 2)}[p.name]
            elif p.name == "layer" and self.names and self.rng.random() < 0.35:
                options[p.name] = self.one(*self.names)
        if options.get("rule") == "alpha_beta" or method == "deep_taylor":
            options["value"] = float(self.one(1.0, 1.5, 2.0))
        return options

    def _value(self, p: Any) -> Any:
        if p.kind == "choice":
            return self.one(*p.choices)
        return float(self.one(p.default, 0.25, 0.5))


def names_in_twin(network: Any, twin: Twin) -> dict[str, str]:
    """The product's name of a layer → the twin's, for those that both know."""
    names = {}
    for layer in network.layers:
        mine = [n for n in twin.nudges if f"/{layer.name}".endswith(f"/{n}")]
        if mine:
            names[layer.name] = max(mine, key=len)
    same = Counter(names.values())
    return {theirs: mine for theirs, mine in names.items() if same[mine] == 1}


def few(method: Any) -> dict[str, int]:
    """The options of a method that make it cheap: few samples and steps."""
    return {
        p.name: int(max(CHEAP[p.name], p.minimum or 0))
        for p in method.parameters
        if p.name in CHEAP and p.kind == "integer"
    }


def clear(message: str) -> bool:
    """Whether a refusal is a sentence of ours."""
    inside = ("could not be run", "could not be computed", "Traceback", "Exception encountered")
    return (
        len(message) > 20 and "\n" not in message.strip() and not any(i in message for i in inside)
    )


def check(
    answer: Any, network: Any, made: Made, twin: Twin, names: dict[str, str], x: Any, wanted: Any
) -> tuple[str, str]:
    """The verdict on one explanation, and what is to be said of it.

    Raises:
        DisagreementError: the oracle contradicts it.
    """
    well_formed(answer, network)
    neuron = answer.neuron
    if neuron.layer is not None and neuron.layer.startswith("output:"):
        layer: str | None = None
    elif neuron.layer is not None:
        if neuron.layer not in names:
            return "properties", "a neuron that the oracle does not know"
        layer = names[neuron.layer]
    else:
        layer = None
    weights = getattr(neuron, "weights", None) or ((neuron.unit, 1.0),)
    reference = Reference(twin, layer, tuple(weights), neuron.aggregate, neuron.position)
    if answer.image is not None:
        return _of_a_picture(answer, network, reference, x)
    reference = _as_told(answer, reference, x)
    if wanted is None:
        _most_probable(reference, x)
    place = names.get(answer.layer) if answer.layer else None
    size = max(1.0, abs(answer.value))
    score = {"none": "logits", "log_softmax": "exp"}.get(made.ending, "output")
    plain = lambda level: network.plain(level).astype(np.float64)  # noqa: E731
    case = Case(answer, reference, x, plain, place, size, score)
    try:
        verdict = random_formulas.check(case)
    except DisagreementError:
        notes = " ".join(answer.notes)
        if not answer.method.gradient_based and not hasattr(answer.method, "rule"):
            raise
        if answer.coverage.complete and "could not" not in notes:
            raise
        return "told", answer.coverage.warning or notes
    known = ("agreed", "kink", "properties")
    return (verdict, "") if verdict in known else ("properties", verdict)


def well_formed(answer: Any, network: Any) -> None:
    """Whether an explanation is finite and of the right kind, whatever its values.

    Raises:
        DisagreementError: it is not.
    """
    if answer.image is not None:
        if answer.image.dtype != np.uint8 or answer.image.ndim != 3:
            raise DisagreementError(f"a picture of {answer.image.dtype} {answer.image.shape}")
        return
    raw, heatmap = answer.attribution, answer.heatmap()
    finite = np.isfinite(raw).all() and np.isfinite(heatmap).all() and np.isfinite(answer.value)
    if raw.dtype != np.float32 or raw.ndim != 3 or not finite:
        raise DisagreementError(f"a map of {raw.dtype} {raw.shape}, finite: {finite}")
    if heatmap.shape != network.input_shape[:2]:
        raise DisagreementError(f"a heatmap of {heatmap.shape}")
    two_sided = answer.method.signed or answer.parameters.get("sign") == "both"
    two_sided |= answer.parameters.get("rule") in ("epsilon", "alpha_beta")
    two_sided |= bool(answer.coverage.untreated)  # it says that it is not as published
    if not two_sided and heatmap.min() < 0:
        raise DisagreementError(f"{heatmap.min():.3g} in a heatmap without sign")


def _of_a_picture(
    answer: Any, network: Any, reference: Reference, x: np.ndarray
) -> tuple[str, str]:
    """A picture that was made: only the neuron's value on it can be known."""
    made = network.prepare(answer.image).input.astype(np.float64)
    value = answer.details.get("value_on_the_image", answer.value)
    _as_told(replace(answer, value=value), reference, made)
    if "value_on_the_image" in answer.details:
        _as_told(answer, reference, x)
    return "properties", "a picture; the neuron's value on it agrees"


def _as_told(answer: Any, reference: Reference, x: np.ndarray) -> Reference:
    """The reference that the product's value is of: the logits, or the output where it says so."""

    def away(one: Reference) -> float:
        right = one.values(x[None])[0]
        rng, reach = np.random.default_rng(0), max(1.0, np.abs(x).max())
        moved = [one.values((x + s * reach * rng.normal(size=x.shape))[None])[0] for s in SHIFTS]
        unsure = max(abs(m - right) for m in moved)
        return abs(right - answer.value) - 5 * unsure - (RELATIVE * abs(right) + FLOOR)

    if away(reference) <= 0:
        return reference
    message = " ".join(answer.notes)
    if reference.layer is None:
        others = [reference.of_outputs()]
        told = "probabilit" in message or "softmax" in message
    else:
        befores = [name for name in reference.twin.nudges if name.endswith(" before")]
        others = [replace(reference, layer=layer) for layer in (None, *befores)]
        told = "value before softmax or sigmoid" in message
    for other in others:
        if other.fits and away(other) <= 0:
            if told:
                return other
            raise DisagreementError("a value before or after softmax, without a word")
    right = reference.values(x[None])[0]
    raise DisagreementError(f"a value of {answer.value:.6g} instead of {right:.6g}")


def _most_probable(reference: Reference, x: np.ndarray) -> None:
    logits = np.asarray(reference.twin.run(x[None])[0])[0]
    logits = logits.reshape(-1, logits.shape[-1]).sum(0)
    unit = reference.weights[0][0]
    if logits[unit] < logits.max() - 1e-3 * max(1, np.abs(logits).max()):
        raise DisagreementError(f"unit {unit} taken for the most probable of {logits}")
