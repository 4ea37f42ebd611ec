"""Activation maximisation: a picture that maximises a neuron (thesis 3.2, 4.4)."""

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
"""The largest number of frames of a film."""


class ActivationMaximization(Method):
    """argmax over pictures x of pull · a(x) - mean |x|^α - TV_β(x), by gradient ascent.

    The two penalties, with their powers and the scales at which they cost 1, are those of Mahendran
    & Vedaldi. Fourier coefficients, decorrelated colours and random views are those of Olah,
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
        frame_steps = {round(at) for at in np.linspace(0, steps, min(FRAMES, steps + 1))}
        for step in range(steps):
            if step in frame_steps:
                run.film(step)
            run.ascent.step(run.share(step + 1))
            question.progress(step + 1, steps)
            if step + 1 < steps:
                question.preview(partial(run.answer, run.snapshot()))
        run.film(steps)
        return run.answer(run.snapshot())


class _Snapshot(NamedTuple):
    """The state of an ascent after some steps."""

    steps: int
    state: State
    values: tuple[float, ...]
    opened: int
    frames: tuple[np.ndarray, ...]
    frame_steps: tuple[int, ...]


class _Run:
    """One ascent, and the answer that is made of it."""

    def __init__(self, question: Question, neuron: Neuron) -> None:
        # Imported late: a menu of methods does not need TensorFlow.
        from cnnvis_widgets.backend.synthesis.ascent import Ascent, Form, StepSettings

        self.question, self.neuron = question, neuron
        network, parameters = question.network, question.parameters
        self.colours = find_colours(network.input_shape, network.preprocess, question.input)
        self.octaves = parameters["octaves"]
        start = None
        if parameters["start"] == "picture":
            start = self.colours.colours(question.input)
        form = Form(
            waves=parameters["parametrisation"] == "fourier",
            octaves=self.octaves > 1,
            layer=parameters["goal"] == "layer",
            alpha=parameters["norm_power"],
            beta=parameters["variation_power"],
        )
        self.form = form
        settings = StepSettings(
            rate=parameters["rate"],
            pull=parameters["pull"],
            alpha_weight=parameters["norm_weight"],
            tv_weight=parameters["variation_weight"],
            # A neuron at one position sees one region: zooming would blur it over that region.
            zoom=1.0 if neuron.position else parameters["zoom"],
            jitter=parameters["jitter"] * min(network.input_shape[:2]) / 224,
            noise=parameters["noise"],
        )
        plain = parameters["colours"] == "plain"
        self.ascent: Ascent = Ascent(
            network,
            neuron,
            self.colours,
            form,
            settings,
            decorrelated=not plain,
            fall=parameters["fall"],
            seed=question.seed,
            start=start,
        )
        self.first = self.picture(self.ascent.state, 0)
        self.before = self.activation(self.first)
        self.frames: list[np.ndarray] = []
        self.frame_steps: list[int] = []

    def share(self, step: int) -> float:
        """The largest frequency of a step (from 1), as a share of the finest one."""
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
        """Keep the current picture as a frame of the film."""
        self.frames.append(self.picture(self.ascent.state, step))
        self.frame_steps.append(step)

    def snapshot(self) -> _Snapshot:
        """The current state of the ascent."""
        ascent = self.ascent
        frames, steps = tuple(self.frames), tuple(self.frame_steps)
        return _Snapshot(
            len(ascent.values), ascent.state, tuple(ascent.values), ascent.opened, frames, steps
        )

    def answer(self, snapshot: _Snapshot) -> Answer:
        """The picture of a snapshot, and the network's prediction for it."""
        picture = self.picture(snapshot.state, snapshot.steps)
        value = self.activation(picture)
        verdict, figures = _verdict(self.question, self.neuron, picture)
        notes = [
            f"From the start to the finished 8-bit picture, in {snapshot.steps} steps, its "
            f"activation went from {self.before:.4g} to {value:.4g}.",
            *verdict,
            *self._remarks(snapshot, np.array_equal(picture, self.first)),
        ]
        return Answer(
            self.neuron.unit,
            value,
            self._coverage(snapshot.opened),
            image=picture,
            notes=tuple(notes),
            details={
                "before": self.before,
                "opened": snapshot.opened,
                "frames": np.stack(snapshot.frames) if snapshot.frames else picture[None][:0],
                "frame_steps": snapshot.frame_steps,
                **figures,
            },
            curve=self._curve(snapshot),
            parameters={"steps": snapshot.steps},
        )

    def _curve(self, snapshot: _Snapshot) -> Curve:
        label = "mean square of the layer" if self.form.layer else "activation"
        steps = tuple(range(1, snapshot.steps + 1))
        values = tuple(np.nan_to_num(snapshot.values).tolist())
        return Curve(steps, values, f"{label} on each step's view, before softmax")

    def _coverage(self, opened: int) -> Coverage:
        coverage = self.question.network.coverage(self.neuron)
        if not opened:
            return coverage
        passed = {"ReLUs that were shut": f"passed as if open (DeconvNet's rule) in {opened} steps"}
        return Coverage({**coverage.treated, **passed}, coverage.untreated)

    def _remarks(self, snapshot: _Snapshot, unchanged: bool) -> list[str]:
        """Remarks about this run."""
        remarks = []
        if self.form.layer:
            remarks.append(
                f"The goal was the whole layer {self.neuron.layer or 'of the output'}: the mean "
                "square of all its activations, not this unit's."
            )
        if unchanged:
            remarks.append("Nothing in the picture moves this neuron: it stayed as it began.")
        if snapshot.opened:
            remarks.append(
                f"In {snapshot.opened} steps every ReLU on the way was shut and the derivative "
                "zero: they were passed as if open."
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
    """The network's prediction for a picture, if the neuron is one of its classes."""
    network = question.network
    if not network.is_output(neuron) or not neuron.single:
        return [], {}
    predictions = network.predict(picture, network.units)
    rank = [prediction.unit for prediction in predictions].index(neuron.unit) + 1
    own, best = predictions[rank - 1], predictions[0]
    chance = "" if own.score is None else f" with a probability of {own.score:.3g}"
    first_note = "" if rank == 1 else f" The first is {best.label}."
    note = (
        f"Of that picture the network says {own.label}{chance}: rank {rank} of {network.units}."
        f"{first_note}"
    )
    return [note], {"rank": rank, "probability": own.score, "best": best.unit}
