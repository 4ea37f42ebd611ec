"""How an explanation was made, in words: the caption of a page or a figure."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from cnnvis_widgets.rendering.scales import format_value

if TYPE_CHECKING:
    from cnnvis_widgets.methods.explanation import Explanation

Fact = tuple[str, str]


def facts(explained: Explanation) -> tuple[Fact, ...]:
    """Network, layer, neuron, method and its settings, as pairs of name and text.

    Args:
        explained: any explanation.

    Returns:
        Pairs such as ``("Layer", "output, before softmax")``, with every parameter of the
        method, so that the captions of two different maps differ.
    """
    neuron, method = explained.neuron, explained.method
    settings = [
        f"{p.title.lower()} {_formatted(explained.parameters.get(p.name, p.default), p.kind)}"
        for p in method.parameters
    ]
    parameters = [("Parameters", "; ".join(settings))] if settings else []
    used = [] if explained.layer is None else [("Maps of layer", explained.layer)]
    return (
        ("Network", explained.network),
        ("Layer", neuron.layer or "output, before softmax"),
        ("Neuron", _neuron(explained)),
        ("Activation", format_value(explained.value, 6)),
        ("Method", f"{method.title}: {method.paper}"),
        *used,
        *parameters,
        ("Seed", str(explained.seed)),
        ("Coverage", _coverage(explained)),
    )


def _neuron(explained: Explanation) -> str:
    neuron = explained.neuron
    if not neuron.single:
        return explained.label
    phrases = [explained.label]
    if neuron.layer is None:
        phrases.append(f"unit {neuron.unit}")
    elif neuron.position is None and neuron.aggregate == "sum":
        phrases.append("sum over its positions")
    return ", ".join(phrases)


def _coverage(explained: Explanation) -> str:
    coverage = explained.coverage
    if not coverage.complete:
        return coverage.warning
    treated = "; ".join(f"{operation}: {rule}" for operation, rule in coverage.treated.items())
    return f"every layer as published ({treated})" if treated else "every layer as published"


def _formatted(value: object, kind: str) -> str:
    if kind == "file" and value:
        return PurePath(str(value)).name  # its folder is private
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}".replace("-", "−")
    return "automatic" if value in (None, "") else str(value)
