"""LIME: a straight line through the answers to pictures with parts hidden (thesis 3.10)."""

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
from cnnvis_widgets.methods.masking import Patchwork, changed
from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.methods.sampling import DRAW, counted, draw, whole_round
from cnnvis_widgets.methods.superpixels import PIECES, SEGMENTATION, colours, means, superpixels
from cnnvis_widgets.methods.surrogate import NEARLY_ALL, RESAMPLES, Settling, Surrogate, fit

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
        """`samples` forward passes in batches, and regressions on what they say."""
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
        patchwork = Patchwork(question.input, hidden, segments)
        telling = changed(question.input, hidden, segments)
        pieces, way, count = (
            int(segments.max()) + 1,
            parameters["draw"],
            parameters["superpixels"],
        )
        one_round = whole_round(pieces, way)
        samples = counted(parameters["samples"], one_round)
        kept = draw(samples, pieces, question.seed, way)
        scores = np.empty(samples)
        settling = Settling(pieces, count, one_round)

        def so_far(done: int) -> Answer:
            surrogate = fit(kept[:done], scores[:done], count, one_round).only(telling)
            shown = np.isin(segments, surrogate.top)[..., None]
            return Answer(
                neuron.unit,
                value,
                Coverage({"all layers": "forward passes only"}),
                surrogate.weights.astype(np.float32)[segments][..., None],
                notes=(
                    *_unchanged(surrogate, telling),
                    *(
                        _notes(surrogate, parameters, done, samples)
                        if surrogate.weights.any()
                        else ()
                    ),
                    *_score_note(network),
                ),
                details={
                    **vars(surrogate),
                    "samples": done,
                    "segments": segments,
                    "shown": np.where(shown, picture, np.uint8(LEVELS["grey"])),
                },
                parameters={} if done == samples else {"samples": done},
            )

        question.progress(0, samples)
        for batch in steps(samples, one_round, question.input.shape):
            part, done = slice(batch.start, batch.stop), batch.stop
            scores[part] = _class_score(network, neuron, patchwork.copies(kept[part]))
            question.progress(done, samples)
            settling.add(kept[part], scores[part])
            if done < FEWEST or done != counted(done, one_round):
                continue  # no answer of its own
            if parameters["patience"] and done - settling.since() >= parameters["patience"]:
                return so_far(done)
            if done < samples:
                question.preview(partial(so_far, done))
        return so_far(samples)

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The weights themselves."""
        return attribution[..., 0]


def steps(samples: int, one_round: int, shape: tuple[int, ...]) -> Iterator[range]:
    """The samples' numbers in batches; one ends where a round does, so that fewer are the same."""
    ends = [*range(1 + one_round, samples, one_round), samples] if one_round else [samples]
    for start, end in pairwise([0, *ends]):
        for batch in batches(end - start, shape, FORWARD):
            yield range(start + batch.start, start + batch.stop)


def hidden_input(question: Question, segments: np.ndarray) -> np.ndarray:
    """The input of the picture with every superpixel hidden in the colour that was asked for."""
    colour = question.parameters["colour"]
    if colour == "mean":
        return means(question.input, segments)
    return question.network.plain(LEVELS[colour])


def _class_score(network: Network, neuron: Neuron, copies: np.ndarray) -> np.ndarray:
    """(copies,): the class's score; for a network that answers at many places, over these."""
    _, scores = network.outputs(copies)
    if isinstance(neuron, Target):
        return _weighed_score(scores, neuron, network.structure.output_kind == "linear")
    if scores.ndim == 2:
        return scores[:, neuron.unit]
    places = scores[..., neuron.unit]
    if neuron.position is not None:
        return np.array([place[neuron.position] for place in places])
    flat = places.reshape(len(copies), -1)
    if neuron.aggregate == "max":
        return flat.max(1)
    adds_up = neuron.aggregate == "sum" and network.structure.output_kind == "linear"
    return flat.sum(1) if adds_up else flat.mean(1)


def _weighed_score(scores: np.ndarray, target: Target, linear: bool) -> np.ndarray:
    """(copies,): the scores added up with a target's weights; shares of all places in the mean."""
    flat = scores.reshape(len(scores), -1, scores.shape[-1])
    shares = target.shares(scores.shape[1:])
    everywhere = len(shares) == 1 and target.aggregate == "sum" and not linear
    return (flat * shares).sum((1, 2)) / (flat.shape[1] if everywhere else 1)


def _unchanged(surrogate: Surrogate, telling: np.ndarray) -> tuple[str, ...]:
    """What is told of superpixels that hiding does not change, or of a score that it does not."""
    if not telling.any():
        return (UNCHANGED,)
    idle = len(telling) - int(telling.sum())
    told = (f"Hiding {idle} superpixels changes nothing: their weights are exactly 0.",)
    if not surrogate.weights.any():
        return ("Hiding superpixels does not change the score: there is nothing to rank.",)
    return told if idle else ()


def _notes(
    surrogate: Surrogate, parameters: dict[str, Any], done: int, samples: int
) -> tuple[str, ...]:
    largest = np.abs(surrogate.weights).argmax()
    count = min(parameters["superpixels"], len(surrogate.weights))
    doubt = ". That is a poor fit: the weights say little about the network"
    about = "less than" if parameters["draw"] == "balanced" else "about"
    told = f"The top {count} superpixels have not changed since sample {surrogate.stable_since} of "
    if done < samples:
        told += f"the {done} that were drawn; {parameters['samples']} were allowed."
    elif done < parameters["samples"]:
        told += f"{done}; of the {parameters['samples']}, the rest would not fill another round."
    else:
        told += f"{done}."
    return (
        f"Around this picture the linear model fits the network with R² = {surrogate.r2:.2f} "
        f"({len(surrogate.weights)} superpixels, {done} samples)"
        f"{doubt if surrogate.r2 < 0.5 else ''}.",
        told,
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
