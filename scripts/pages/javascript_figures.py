"""tests/javascript/figures.json: what Python finds, for the tests of the widgets' JavaScript."""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
from skimage.measure import find_contours

from cnnvis_widgets.course.models.loss_surfaces import FAR, SURFACES, descend
from cnnvis_widgets.course.models.optimizers import RULES, Optimizer
from cnnvis_widgets.course.models.small_network import ACTIVATIONS, SmallNetwork
from cnnvis_widgets.widgets import Convolution, FitPlot, Lime2D, Threshold
from cnnvis_widgets.widgets.explorer.page_data import packed

TARGET = Path(__file__).parents[2] / "tests" / "javascript" / "figures.json"
SEED = 7


def networks(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Small networks of unequal sizes: their loss and slopes at a few points, and after steps."""
    made = []
    for name in ACTIVATIONS:
        network = SmallNetwork((2, 4, 3, 1), name, seed=3)
        points = np.column_stack([rng.uniform(-1, 1, (7, 2)), np.arange(7) % 2])
        first, x, classes = network.parameters, points[:, :2], points[:, 2].astype(int)
        weights, biases = network.gradients(x, classes)
        slopes = [np.concatenate([w.ravel(), b]) for w, b in zip(weights, biases, strict=True)]
        loss = network.loss(x, classes)
        network.train(x, classes, 20, 0.3)
        made.append(
            {
                "sizes": [2, 4, 3, 1],
                "activation": name,
                "parameters": first.tolist(),
                "points": points.tolist(),
                "loss": loss,
                "gradient": np.concatenate(slopes).tolist(),
                "after": network.parameters.tolist(),
            }
        )
    return made


def races(rng: np.random.Generator) -> list[dict[str, Any]]:
    """The ways of all optimizers down all surfaces, with noise and a rate that decays."""
    errors = rng.normal(0, 0.4, (30, 2))
    return [
        {
            "surface": surface,
            "rule": rule,
            "start": [-0.7, 1.1],
            "rate": rate,
            "errors": errors.tolist(),
            "path": descend(
                surface, Optimizer(rule, rate, 0.8), (-0.7, 1.1), 30, 0.05, errors
            ).tolist(),
        }
        for surface in SURFACES
        for rule in RULES
        for rate in (0.03, 9.0)
    ]


def fits(rng: np.random.Generator) -> dict[str, Any]:
    """Polynomials, logistic regression and LIME's line as the widgets' Python side finds them."""
    cloud = np.column_stack([rng.uniform(-2, 5, 24), rng.normal(1, 2, 24), np.arange(24) % 3])
    polynomials = []
    for degree in (0, 1, 4, 11):
        plot = FitPlot(cloud, model="polynomial", degree=degree, x=(-2.5, 5.5))
        at = np.linspace(-2.5, 5.5, 5)
        polynomials.append(
            {
                "wanted": degree,
                "degree": plot.fitted_degree,
                "x": at.tolist(),
                "y": np.polynomial.Polynomial(plot.coefficients)(at).tolist(),
                "errors": [plot.errors[role] for role in ("train", "validation", "test")],
            }
        )
    classes = np.column_stack([cloud[:, :2], cloud[:, 0] + cloud[:, 1] > 2])
    lime = Lime2D(point=(0.4, -0.9), width=1.3, samples=60, bend=1.2)
    line = lime.line()
    return {
        "points": cloud.tolist(),
        "range": [-2.5, 5.5],
        "polynomials": polynomials,
        "classes": classes.tolist(),
        "strength": 0.3,
        "logistic": FitPlot(classes, model="logistic", strength=0.3).coefficients.tolist(),
        "lime": {
            "places": lime.drawn.tolist(),
            "scores": lime.probability(lime.drawn).tolist(),
            "point": lime.point,
            "width": lime.width,
            "penalty": lime.penalty,
            "height": line[0],
            "weights": line[1].tolist(),
            "r2": line[2],
            "worth": line[3],
        },
    }


def contours(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Lines of a level on grids of unequal sides, with saddles, as scikit-image finds them."""
    made = []
    for shape in ((5, 4), (6, 9)):
        values = rng.normal(0, 1, shape)
        pieces = [
            [*sorted([start.tolist(), end.tolist()])]
            for line in find_contours(values, 0.2)
            for start, end in itertools.pairwise(line)
        ]
        made.append({"shape": shape, "values": values.ravel().tolist(), "pieces": sorted(pieces)})
    return made


def others(rng: np.random.Generator) -> dict[str, Any]:
    """A convolution with padding and stride, and what follows from a threshold."""
    values, kernel = rng.normal(0, 1, (5, 7, 2)), rng.normal(0, 1, (3, 2, 2))
    scores, labels = rng.uniform(0, 1, 15), rng.integers(0, 2, 15)
    convolution = Convolution(values, kernel, stride=2, padding=1, bias=0.5)
    confusion = Threshold(scores, labels, threshold=0.4).confusion
    return {
        "convolution": {
            "values": values.tolist(),
            "kernel": kernel.tolist(),
            "result": convolution.result.tolist(),
        },
        "threshold": {
            "scores": scores.tolist(),
            "labels": labels.tolist(),
            "counts": list(confusion),
            "measures": [
                confusion.accuracy,
                confusion.precision,
                confusion.recall,
                confusion.f_score,
            ],
        },
    }


def packs(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Values of unequal sizes as a saved page holds them, and their bits as whole numbers."""
    smooth = np.add.outer(np.linspace(-1, 1, 5), np.linspace(0, 0.3, 9))
    extreme = [[-0.0, 1e-45, 3.4e38], [-3.4e38, np.pi, -1e-30]]
    cases = (rng.normal(0, 1, (7, 4)), smooth, np.full((3, 2), -2.5), extreme, [[0.0]])
    made = []
    for values in (np.array(case, np.float32) for case in cases):
        bits = [int.from_bytes(value.tobytes(), "little") for value in values.ravel()]
        text = base64.b64encode(packed(values)).decode("ascii")
        made.append({"shape": values.shape, "text": text, "bits": bits})
    return made


def figures() -> dict[str, Any]:
    """All of them, in the types that JSON has."""
    rng = np.random.default_rng(SEED)
    made = {
        "far": FAR,
        "networks": networks(rng),
        "races": races(rng),
        "fits": fits(rng),
        "contours": contours(rng),
        **others(rng),
        "packed": packs(rng),
    }
    loaded: dict[str, Any] = json.loads(json.dumps(made))
    return loaded


def text() -> str:
    """The file."""
    return json.dumps(figures()) + "\n"


def same(kept: str, made: str) -> bool:
    """Whether two files' figures agree to nine digits: another machine rounds otherwise."""
    return _same(json.loads(kept), json.loads(made))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return bool(np.isclose(one, other, rtol=1e-9, atol=1e-9))
    return bool(one == other)
