"""Activation maximisation: the picture that a neuron would like best (thesis 3.2, 4.4)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnvis_widgets.backend.colours import as_picture, find_colours
from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.methods.contract import Answer, Curve, Method, Question
from cnnvis_widgets.methods.maximization_parameters import PARAMETERS

if TYPE_CHECKING:
    from cnnvis_widgets.backend.neuron import Neuron
    from cnnvis_widgets.backend.synthesis.ascent import Ascent, State

FRAMES = 24
"""At most so many pictures of a film."""


class ActivationMaximization(Method):
    """argmax over pictures x of pull · a(x) - mean |x|^α - TV_β(x), by gradient ascent.

    The two penalties, with their powers and the scales at which they cost 1, are those of Mahendran
    & Vedaldi. Waves and decorrelated colours as what is changed, and random views, are of Olah,
    Mordvintsev & Schubert (Feature Visualization, Distill 2017); the paper's own form is
    parametrisation "pixels", colours "plain", zoom 1, noise 0, norm_weight 1, jitter a quarter of
    the layer's stride. Two things differ even then: steps are Adam's, on a gradient of fixed
    length, where the authors divide by the largest activation on photographs.
    The picture stays within black and white: it is a picture, and can be given to the network.
    """

    name = "activation_maximization"
    title = "Activation maximisation"
    summary = "a picture made from noise that the neuron likes best"
    paper = (
        "Mahendran & Vedaldi, Visualizing Deep Convolutional Neural Networks Using Natural "
        "Pre-images, IJCV 2016, arXiv:1512.02017; after Erhan et al. 2009"
    )
    section = "3.2, 4.4"
    order = 110
    perspective = "neuron"
    gradient_based = True
    resolution = "high"
    needs_training = True
    weaknesses = (
        "One picture of many that excite the neuron as much, another with every seed. What it "
        "looks like is the regularisation's doing as well as the network's; a high probability is "
        "no sign that a human would recognise it."
    )
    unit = "colour (0 to 255)"
    random = True
    parameters = PARAMETERS

    def answer(self, question: Question) -> Answer:
        """`steps` forward and backward passes of one picture each."""
        steps = question.parameters["steps"]
        question.progress(0, steps)
        neuron, _ = question.network.resolved(question.input, question.neuron)
        question = replace(question, neuron=neuron)
        run = _Run(question, neuron)
        filmed = {round(at) for at in np.linspace(0, steps, min(FRAMES, steps + 1))}
        for done in range(steps):
            if done in filmed:
                run.film(done)
            run.ascent.step(run.share(done + 1))
            question.progress(done + 1, steps)
            if done + 1 < steps:
                question.preview(partial(run.answer, run.taken()))
        run.film(steps)
        return run.answer(run.taken())


class _Taken(NamedTuple):
    """Where an ascent was after some steps."""

    steps: int
    state: State
    values: tuple[float, ...]
    opened: int
    frames: tuple[np.ndarray, ...]
    frame_steps: tuple[int, ...]


class _Run:
    """One ascent, and what is told of it."""

    def __init__(self, question: Question, neuron: Neuron) -> None:
        # The backend's modules that compile are imported late: a menu of methods needs none.
        from cnnvis_widgets.backend.synthesis.ascent import Ascent, Form, StepSettings

        self.question, self.neuron = question, neuron
        network, chosen = question.network, question.parameters
        self.colours = find_colours(network.input_shape, network.preprocess, question.input)
        self.octaves = chosen["octaves"]
        start = None
        if chosen["start"] == "picture":
            start = self.colours.colours(question.input)
        form = Form(
            waves=chosen["parametrisation"] == "fourier",
            octaves=self.octaves > 1,
            layer=chosen["goal"] == "layer",
            alpha=chosen["norm_power"],
            beta=chosen["variation_power"],
        )
        self.form = form
        numbers = StepSettings(
            rate=chosen["rate"],
            pull=chosen["pull"],
            alpha_weight=chosen["norm_weight"],
            tv_weight=chosen["variation_weight"],
            # A neuron at one place sees one place: it would be blurred over all that it could see.
            zoom=1.0 if neuron.position else chosen["zoom"],
            jitter=chosen["jitter"] * min(network.input_shape[:2]) / 224,
            noise=chosen["noise"],
        )
        plain = chosen["colours"] == "plain"
        self.ascent: Ascent = Ascent(
            network,
            neuron,
            self.colours,
            form,
            numbers,
            decorrelated=not plain,
            fall=chosen["fall"],
            seed=question.seed,
            start=start,
        )
        self.first = self.picture(self.ascent.state, 0)
        self.before = self.activation(self.first)
        self.frames: list[np.ndarray] = []
        self.frame_steps: list[int] = []

    def share(self, step: int) -> float:
        """Of the finest frequency, what is there in a step, counted from 1."""
        octave = (max(step, 1) - 1) // self.question.parameters["octave_steps"]
        return 2.0 ** -max(0, self.octaves - 1 - octave)

    def picture(self, state: State, step: int) -> np.ndarray:
        """The picture after a step: uint8 (rows, columns, 3)."""
        return as_picture(self.ascent.picture(state, self.share(step)))

    def activation(self, picture: np.ndarray) -> float:
        """The neuron's activation on a picture."""
        network = self.question.network
        value = float(network.values(network.prepare(picture).input[None], self.neuron)[0])
        if not np.isfinite(value):
            raise InvalidValueError(
                f"An activation of {network.name} on a picture is {value}; expected a finite one."
            )
        return value

    def film(self, step: int) -> None:
        """Keep the picture for the film."""
        self.frames.append(self.picture(self.ascent.state, step))
        self.frame_steps.append(step)

    def taken(self) -> _Taken:
        """Where the ascent is now."""
        ascent = self.ascent
        frames, steps = tuple(self.frames), tuple(self.frame_steps)
        return _Taken(
            len(ascent.values), ascent.state, tuple(ascent.values), ascent.opened, frames, steps
        )

    def answer(self, taken: _Taken) -> Answer:
        """The picture as it was, and what the network says of it."""
        picture = self.picture(taken.state, taken.steps)
        value = self.activation(picture)
        said, figures = _verdict(self.question, self.neuron, picture)
        notes = [
            f"From the start to the finished 8-bit picture, in {taken.steps} steps, its activation "
            f"went from {self.before:.4g} to {value:.4g}.",
            *said,
            *self._remarks(taken, np.array_equal(picture, self.first)),
        ]
        return Answer(
            self.neuron.unit,
            value,
            self._coverage(taken.opened),
            image=picture,
            notes=tuple(notes),
            details={
                "before": self.before,
                "opened": taken.opened,
                "frames": np.stack(taken.frames) if taken.frames else picture[None][:0],
                "frame_steps": taken.frame_steps,
                **figures,
            },
            curve=self._curve(taken),
            parameters={"steps": taken.steps},
        )

    def _curve(self, taken: _Taken) -> Curve:
        what = "mean square of the layer" if self.form.layer else "activation"
        steps = tuple(range(1, taken.steps + 1))
        values = tuple(np.nan_to_num(taken.values).tolist())
        return Curve(steps, values, f"{what} on each step's view, before softmax")

    def _coverage(self, opened: int) -> Coverage:
        made = self.question.network.coverage(self.neuron)
        if not opened:
            return made
        passed = {"ReLUs that were shut": f"passed as if open (DeconvNet's rule) in {opened} steps"}
        return Coverage({**made.treated, **passed}, made.untreated)

    def _remarks(self, taken: _Taken, unmoved: bool) -> list[str]:
        """What is unusual about this one."""
        remarks = []
        if self.form.layer:
            remarks.append(
                f"The goal was the whole layer {self.neuron.layer or 'of the output'}: the mean "
                "square of all its activations, not this unit's."
            )
        if unmoved:
            remarks.append("Nothing in the picture moves this neuron: it stayed as it began.")
        if taken.opened:
            remarks.append(
                f"In {taken.opened} steps every ReLU on the way was shut and the derivative zero: "
                "they were passed as if open."
            )
        if self.neuron.position and self.question.parameters["zoom"] > 1:
            remarks.append("Not enlarged: a neuron at one position sees one place of the picture.")
        if not self.colours.exact:
            remarks.append(
                "The network's preprocessing is no plain change of colours: the ascent went over "
                "its input's range instead, and the 8-bit picture gives the network another input."
            )
        return remarks


def _verdict(
    question: Question, neuron: Neuron, picture: np.ndarray
) -> tuple[list[str], dict[str, Any]]:
    """What the network says of a picture, where the neuron is one of its classes."""
    network = question.network
    if not network.is_output(neuron) or not neuron.single:
        return [], {}
    said = network.predict(picture, network.units)
    rank = [one.unit for one in said].index(neuron.unit) + 1
    own, best = said[rank - 1], said[0]
    chance = "" if own.score is None else f" with a probability of {own.score:.3g}"
    first = "" if rank == 1 else f" The first is {best.label}."
    note = (
        f"Of that picture the network says {own.label}{chance}: rank {rank} of {network.units}."
        f"{first}"
    )
    return [note], {"rank": rank, "probability": own.score, "best": best.unit}
