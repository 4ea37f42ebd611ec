"""LIME: a linear model of the class score over hidden superpixels (thesis 3.10)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.target import Target
from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.methods.batches import FORWARD, batches
from cnnvis_widgets.methods.contract import Answer, Method, Question
from cnnvis_widgets.methods.covering import UNCHANGED
from cnnvis_widgets.methods.masking import MaskedCopies, changed
from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.methods.sampling import DRAW, balanced_count, draw, whole_round
from cnnvis_widgets.methods.superpixels import PIECES, SEGMENTATION, colours, means, superpixels
from cnnvis_widgets.methods.surrogate import NEARLY_ALL, RESAMPLES, StabilityMonitor, Surrogate, fit

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.neuron import Neuron

FEWEST = 10
LEVELS = {"grey": 128, "black": 0}
SAMPLES = Parameter(
    "samples",
    "Samples",
    "integer",
    1000,
    "how many pictures with hidden superpixels at most; ten for each superpixel are the least. A "
    "balanced draw of more than 256 (of up to 16 superpixels) takes whole rounds of 256",
    FEWEST,
    10000,
    10,
    unit="samples",
)
SUPERPIXELS = Parameter(
    "superpixels",
    "Shown superpixels",
    "integer",
    5,
    "how many of the superpixels with the largest weights are called the explanation",
    1,
    50,
    1,
    unit="superpixels",
)
PATIENCE = Parameter(
    "patience",
    "Patience",
    "integer",
    0,
    "good enough: stop when the shown superpixels have not changed for so many samples; 0: go on "
    "to the end",
    0,
    10000,
    10,
    unit="samples",
)
COLOUR = Parameter(
    "colour",
    "Hide colour",
    "choice",
    "grey",
    "what replaces a hidden superpixel; mean: the superpixel's own mean colour",
    choices=("grey", "mean", "black"),
)


class Lime(Method):
    """The weight of each superpixel in a linear model of the class's probability.

    `samples` copies of the picture have a random half of their superpixels hidden. A ridge
    regression of the probability on what was kept, in which copies close to the picture count more,
    gives each superpixel a weight: how much it adds when it is there. Distances and regression are
    the `lime` package's; so are the superpixels with `pieces=0` and the copies with
    `draw="random"`, and then the same seed gives the same weights, where both hide superpixels
    alike: here with grey 128 by default, there with each superpixel's mean. By default superpixels
    are fewer and copies drawn more evenly: the weights move less from seed to seed. As in the
    package, closeness is the cosine of what was kept, and the regression is ridge; the paper has
    the L2 distance of pictures and chooses superpixels by K-LASSO.
    """

    name = "lime"
    title = "LIME"
    summary = "the parts of the picture that raise or lower the class's probability"
    paper = (
        "Ribeiro, Singh & Guestrin, “Why Should I Trust You?”: Explaining the Predictions of Any "
        "Classifier, KDD 2016, arXiv:1602.04938"
    )
    section = "3.10"
    order = 60
    neurons = "output"
    gradient_based = False
    resolution = "low"
    needs_training = True
    weaknesses = (
        "Another segmentation or another seed can give another answer, in sign as well as in rank; "
        "pictures with grey holes are unlike any that the network has seen. Slow."
    )
    signed = True
    unit = "weight (change of the score)"
    random = True
    parameters = (SAMPLES, SUPERPIXELS, PATIENCE, SEGMENTATION, PIECES, COLOUR, DRAW)

    def answer(self, question: Question) -> Answer:
        """`samples` forward passes in batches, and regressions on the scores."""
        network, parameters = question.network, question.parameters
        if not network.is_output(question.neuron):
            raise UnsuitableError(
                "LIME explains output units only: its linear model is one of a class's "
                "probability. occlusion explains any neuron."
            )
        neuron, value = network.resolved(question.input, question.neuron)
        picture = question.picture
        if picture is None:
            picture = colours(question.input, *network.bounds)
        segments = superpixels(picture, parameters["segmentation"], parameters["pieces"])
        hidden = hidden_input(question, segments)
        masked_copies = MaskedCopies(question.input, hidden, segments)
        has_effect = changed(question.input, hidden, segments)
        superpixel_count, count = int(segments.max()) + 1, parameters["superpixels"]
        sampling = parameters["draw"]
        one_round = whole_round(superpixel_count, sampling)
        samples = balanced_count(parameters["samples"], one_round)
        masks = draw(samples, superpixel_count, question.seed, sampling)
        scores = np.empty(samples)
        monitor = StabilityMonitor(superpixel_count, count, one_round)

        def so_far(completed: int) -> Answer:
            surrogate = fit(masks[:completed], scores[:completed], count, one_round)
            surrogate = surrogate.only(has_effect)
            in_top = np.isin(segments, surrogate.top)[..., None]
            return Answer(
                neuron.unit,
                value,
                Coverage({"all layers": "forward passes only"}),
                surrogate.weights.astype(np.float32)[segments][..., None],
                notes=(
                    *_unchanged(surrogate, has_effect),
                    *(
                        _notes(surrogate, parameters, completed, samples)
                        if surrogate.weights.any()
                        else ()
                    ),
                    *_score_note(network),
                ),
                details={
                    **vars(surrogate),
                    "samples": completed,
                    "segments": segments,
                    "shown": np.where(in_top, picture, np.uint8(LEVELS["grey"])),
                },
                parameters={} if completed == samples else {"samples": completed},
            )

        question.progress(0, samples)
        for batch in steps(samples, one_round, question.input.shape):
            rows, completed = slice(batch.start, batch.stop), batch.stop
            scores[rows] = _class_score(network, neuron, masked_copies.copies(masks[rows]))
            question.progress(completed, samples)
            monitor.add(masks[rows], scores[rows])
            if completed < FEWEST or completed != balanced_count(completed, one_round):
                continue  # no answer before the first round ends
            if parameters["patience"] and completed - monitor.since() >= parameters["patience"]:
                return so_far(completed)
            if completed < samples:
                question.preview(partial(so_far, completed))
        return so_far(samples)

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The weights themselves."""
        return attribution[..., 0]


def steps(samples: int, one_round: int, shape: tuple[int, ...]) -> Iterator[range]:
    """The samples' indices in batches that end with each round: a prefix is a smaller run."""
    ends = [*range(1 + one_round, samples, one_round), samples] if one_round else [samples]
    for start, end in pairwise([0, *ends]):
        for batch in batches(end - start, shape, FORWARD):
            yield range(start + batch.start, start + batch.stop)


def hidden_input(question: Question, segments: np.ndarray) -> np.ndarray:
    """The input with every superpixel hidden in the chosen colour."""
    colour = question.parameters["colour"]
    if colour == "mean":
        return means(question.input, segments)
    return question.network.plain(LEVELS[colour])


def _class_score(network: Network, neuron: Neuron, copies: np.ndarray) -> np.ndarray:
    """(copies,): the class's score; for a network with a map of outputs, aggregated."""
    _, scores = network.outputs(copies)
    if isinstance(neuron, Target):
        return _weighed_score(scores, neuron, network.structure.output_kind == "linear")
    if scores.ndim == 2:
        return scores[:, neuron.unit]
    scores_at = scores[..., neuron.unit]
    if neuron.position is not None:
        return np.array([map_[neuron.position] for map_ in scores_at])
    flat = scores_at.reshape(len(copies), -1)
    if neuron.aggregate == "max":
        return flat.max(1)
    adds_up = neuron.aggregate == "sum" and network.structure.output_kind == "linear"
    return flat.sum(1) if adds_up else flat.mean(1)


def _weighed_score(scores: np.ndarray, target: Target, linear: bool) -> np.ndarray:
    """(copies,): the weighted sum of a target's scores; probabilities of a map are averaged."""
    flat = scores.reshape(len(scores), -1, scores.shape[-1])
    shares = target.shares(scores.shape[1:])
    over_positions = len(shares) == 1 and target.aggregate == "sum" and not linear
    return (flat * shares).sum((1, 2)) / (flat.shape[1] if over_positions else 1)


def _unchanged(surrogate: Surrogate, has_effect: np.ndarray) -> tuple[str, ...]:
    """Notes about superpixels that hiding does not change, or a score that never changes."""
    if not has_effect.any():
        return (UNCHANGED,)
    ineffective = len(has_effect) - int(has_effect.sum())
    note = (f"Hiding {ineffective} superpixels changes nothing: their weights are exactly 0.",)
    if not surrogate.weights.any():
        return ("Hiding superpixels does not change the score: there is nothing to rank.",)
    return note if ineffective else ()


def _notes(
    surrogate: Surrogate, parameters: dict[str, Any], samples_used: int, samples: int
) -> tuple[str, ...]:
    largest = np.abs(surrogate.weights).argmax()
    count = min(parameters["superpixels"], len(surrogate.weights))
    doubt = ". That is a poor fit: the weights say little about the network"
    about = "less than" if parameters["draw"] == "balanced" else "about"
    stability = (
        f"The top {count} superpixels have not changed since sample {surrogate.stable_since} of "
    )
    if samples_used < samples:
        stability += f"the {samples_used} that were drawn; {parameters['samples']} were allowed."
    elif samples_used < parameters["samples"]:
        stability += f"{samples_used}; of the {parameters['samples']}, "
        stability += "the rest would not fill another round."
    else:
        stability += f"{samples_used}."
    return (
        f"Around this picture the linear model fits the network with R² = {surrogate.r2:.2f} "
        f"({len(surrogate.weights)} superpixels, {samples_used} samples)"
        f"{doubt if surrogate.r2 < 0.5 else ''}.",
        stability,
        f"With another seed a weight would move by {about} {np.median(surrogate.spread):.2g} (the "
        f"largest is {surrogate.weights[largest]:.2g}); {len(surrogate.steady)} of the top {count} "
        f"stay there in at least {NEARLY_ALL} of {RESAMPLES} resamples.",
    )


def _score_note(network: Network) -> tuple[str, ...]:
    kind = network.structure.output_kind
    if kind == "linear":
        return ("The network ends without softmax: the weights are changes of its plain output.",)
    if kind == "sigmoid":
        return ("The network ends in a sigmoid: the weights are changes of that probability.",)
    return ()
