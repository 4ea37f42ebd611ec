"""What each method's map must be on a random network, by its published formula and the twin."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from oracles import random_coverings as covered
from oracles.random_case import LEVELS, Case
from oracles.random_reference import DisagreementError, agreement
from oracles.resampling import bilinear

WAYS = 4


def check(case: Case) -> str:
    """The verdict: "agreed", "kink", or "properties" where only those are known."""
    known = FORMULAS.get(case.answer.method.name)
    return known(case) if known else "properties"


def _of_a_layer(formula: Callable[[Case], str]) -> Callable[[Case], str]:
    """The formula of a method that reads a layer's maps, where the twin knows that layer."""

    @wraps(formula)
    def known(case: Case) -> str:
        return "layer unknown to the oracle" if case.place is None else formula(case)

    return known


def _by_differences(case: Case, points: Callable[..., Any], scale: Callable[..., Any]) -> str:
    """A map that is the mean derivative at some points times something, along random ways."""
    ways = np.random.default_rng(1).normal(size=(WAYS, *case.x.shape))
    given = (ways * case.map).sum((1, 2, 3))

    def wanted(x: np.ndarray, side: int = 0) -> np.ndarray:
        return np.mean([case.neuron.along(p, ways * scale(x), side) for p in points(x)], axis=0)

    sides = [lambda side=side: wanted(case.x, side) for side in (1, -1)]
    return agreement(given, wanted, case.x, case.size * np.sqrt(case.x.size), *sides)


def saliency(case: Case) -> str:
    return _by_differences(case, lambda x: [x], np.ones_like)


def gradient_input(case: Case) -> str:
    return _by_differences(case, lambda x: [x], lambda x: x)


def integrated_gradients(case: Case) -> str:
    start, steps = case.plain(LEVELS[case.option("baseline")]), case.option("steps")
    shares = (np.arange(steps) + 0.5) / steps
    return _by_differences(
        case, lambda x: [start + s * (x - start) for s in shares], lambda x: x - start
    )


def gradient_shap(case: Case) -> str:
    samples, noise = case.option("samples"), case.option("noise")

    def wanted(x: np.ndarray) -> np.ndarray:
        rng, sigma = np.random.default_rng(case.answer.seed), noise * (x.max() - x.min())
        starts, shares, ends = [], [], []
        for _ in range(samples):
            starts.append(case.plain(int(rng.integers(256))))
            shares.append(rng.uniform())
            ends.append(x + (sigma * rng.standard_normal(x.shape, np.float32) if sigma else 0))
        ways = np.stack(ends) - np.stack(starts)
        between = np.stack(starts) + np.reshape(shares, (-1, 1, 1, 1)) * ways
        return (ways * case.neuron.gradients(between, None, "gradient")[1]).mean(0)

    return case.verdict(wanted)


def by_rule(case: Case) -> str:
    rule = case.answer.method.rule
    return case.verdict(lambda x: case.neuron.gradients(x[None], None, rule)[1][0])


def smoothed(case: Case) -> str:
    samples, noise, base = (case.option(n) for n in ("samples", "noise", "of"))
    rules = {"saliency": "gradient", "deconvnet": "deconvnet", "guided_backprop": "guided"}
    if base not in rules:
        return "properties"
    rng = np.random.default_rng(case.answer.seed)
    drawn = rng.standard_normal((samples, *case.x.shape), np.float32)

    def wanted(x: np.ndarray) -> np.ndarray:
        copies = x + noise * (x.max() - x.min()) * drawn
        slopes = case.neuron.gradients(copies, None, rules[base])[1]
        statistic = {
            "smoothgrad": lambda s: s.mean(0),
            "square_grad": lambda s: (s**2).mean(0),
            "var_grad": lambda s: s.var(0),
        }[case.answer.method.name]
        return statistic(slopes)

    return case.verdict(wanted)


def _maps(case: Case, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The layer's maps and the derivatives to them, (rows, columns, units)."""
    maps, slopes = (a[0] for a in case.neuron.gradients(x[None], case.place))
    shape = (*case.map.shape[:2], maps.shape[-1])
    if maps.size != np.prod(shape):
        raise DisagreementError(f"a map of {shape[:2]} of a layer that gives {maps.shape}")
    return maps.reshape(shape), slopes.reshape(shape)


def _grad_cam(a: np.ndarray, g: np.ndarray) -> np.ndarray:
    return np.einsum("ijk,k->ij", a, g.mean((0, 1)))


def _grad_cam_plus_plus(a: np.ndarray, g: np.ndarray) -> np.ndarray:
    below = 2 * g**2 + a.sum((0, 1)) * g**3
    alpha = np.where(below == 0, 0, g**2 / np.where(below == 0, 1, below))
    return np.einsum("ijk,k->ij", a, (alpha * np.maximum(g, 0)).sum((0, 1)))


def _xgrad_cam(a: np.ndarray, g: np.ndarray) -> np.ndarray:
    total = a.sum((0, 1))
    weights = np.where(total == 0, 0, (a * g).sum((0, 1)) / np.where(total == 0, 1, total))
    return np.einsum("ijk,k->ij", a, weights)


BEFORE_RELU = {
    "grad_cam": _grad_cam,
    "grad_cam_plus_plus": _grad_cam_plus_plus,
    "xgrad_cam": _xgrad_cam,
    "hires_cam": lambda a, g: (a * g).sum(-1),
    "layer_cam": lambda a, g: (a * np.maximum(g, 0)).sum(-1),
}


@_of_a_layer
def cam_family(case: Case) -> str:
    formula, sign = BEFORE_RELU[case.answer.method.name], case.option("sign")

    def wanted(x: np.ndarray) -> np.ndarray:
        a, g = _maps(case, x)
        above, below = (np.maximum(formula(a, s * g), 0) for s in (1, -1))
        return {"positive": above, "negative": below, "both": above - below}[sign][..., None]

    return case.verdict(wanted)


@_of_a_layer
def cam(case: Case) -> str:
    def wanted(x: np.ndarray) -> np.ndarray:
        a, g = _maps(case, x)
        return (a * g.sum((0, 1))).sum(-1, keepdims=True)

    return case.verdict(wanted)


@_of_a_layer
def eigen_cam(case: Case) -> str:
    def wanted(x: np.ndarray) -> np.ndarray:
        a, _ = _maps(case, x)
        flat = a.reshape(-1, a.shape[-1])
        _, vectors = np.linalg.eigh(flat.T @ flat)
        along = flat @ vectors[:, -1]
        return np.maximum(along * (1 if along.sum() >= 0 else -1), 0).reshape(case.map.shape)

    return case.verdict(wanted)


@_of_a_layer
def ablation_cam(case: Case) -> str:
    def wanted(x: np.ndarray) -> np.ndarray:
        a, _ = _maps(case, x)
        whole = case.neuron.values(x[None])[0]
        weights = []
        for unit in range(a.shape[-1]):
            others = np.arange(a.shape[-1]) != unit
            without = case.neuron.changed(x, case.place or "", lambda y, o=others: y * o)
            weights.append(whole - without)
        return np.maximum(a @ np.array(weights), 0)[..., None]

    return case.verdict(wanted)


def _enlarged(map_: np.ndarray, x: np.ndarray) -> np.ndarray:
    return bilinear(map_, *x.shape[:2])


def _shrinks(case: Case) -> bool:
    """Maps larger than the picture, which are resampled in a way of their own."""
    maps = case.neuron.gradients(case.x[None], case.place)[0].shape[1:3]
    return any(n > m for n, m in zip(maps, case.x.shape, strict=False))


@_of_a_layer
def score_cam(case: Case) -> str:
    if _shrinks(case):
        return "properties"

    def wanted(x: np.ndarray) -> np.ndarray:
        a, _ = _maps(case, x)
        spread = a.var((0, 1))
        tried = np.argsort(-spread)[: case.option("channels") or None]
        tried = [k for k in tried if spread[k] > 1e-12]
        masks = [_enlarged(a[..., k], x) for k in tried]
        masks = [(m - m.min()) / np.ptp(m) for m in masks]
        seen = [x * m[..., None] for m in masks]
        values = case.neuron.values(np.stack([0 * x, *seen]))
        weights = np.zeros(a.shape[-1])
        if len(seen) and np.ptp(values) > 1e-9 * case.size:
            raised = np.exp(values[1:] - values[1:].max())
            weights[tried] = raised / raised.sum()
        return np.maximum(a @ weights, 0)[..., None]

    return case.verdict(wanted)


@_of_a_layer
def guided_grad_cam(case: Case) -> str:
    if _shrinks(case):
        return "properties"

    def wanted(x: np.ndarray) -> np.ndarray:
        maps, slopes = (a[0] for a in case.neuron.gradients(x[None], case.place))
        if maps.ndim != 3:
            return case.map
        coarse = _enlarged(np.maximum(_grad_cam(maps, slopes), 0), x)
        return coarse[..., None] * case.neuron.gradients(x[None], None, "guided")[1][0]

    return case.verdict(wanted)


def rollout(case: Case) -> str:
    nudges, reads = case.neuron.twin.attentions, case.answer.details["reads"]

    def wanted(x: np.ndarray) -> np.ndarray:
        case.neuron.values(x[None])
        flow = np.eye(len(reads))
        for nudge in nudges:
            flow = (nudge.seen.numpy()[0].mean(0) + np.eye(len(reads))) @ flow / 2
        return flow[reads].mean(0).reshape(case.map.shape)

    return case.verdict(wanted) if reads.all() and len(reads) == case.map.size else "properties"


def conserved(case: Case) -> str:
    answer = case.answer
    promised = answer.method.promised(answer)
    if promised is None or not answer.coverage.complete:
        return "properties"
    total = float(answer.attribution.sum(dtype=np.float64))
    if abs(total - max(answer.value, 0)) > 0.01 * max(answer.value, 1e-2):
        raise DisagreementError(f"relevance of {total:.5g} of a value of {answer.value:.5g}")
    if case.option("rule") == "z_plus" and answer.attribution.min() < -1e-5 * case.size:
        raise DisagreementError(f"negative relevance, {answer.attribution.min():.3g}")
    return "agreed"


FORMULAS: dict[str, Callable[[Case], str]] = {
    **dict.fromkeys(BEFORE_RELU, cam_family),
    **dict.fromkeys(("guided_backprop", "deconvnet"), by_rule),
    **dict.fromkeys(("smoothgrad", "square_grad", "var_grad"), smoothed),
    **{f.__name__: f for f in (saliency, gradient_input, integrated_gradients, gradient_shap)},
    **{f.__name__: f for f in (cam, eigen_cam)},
    **{f.__name__: f for f in (ablation_cam, score_cam, guided_grad_cam)},
    **{"rise": covered.rise_map, "sobol": covered.sobol_map, "hsic": covered.hsic_map},
    **{f.__name__: f for f in (covered.occlusion, covered.kernel_shap, covered.lime)},
    **{"attention_rollout": rollout, "deep_taylor": conserved},
}
