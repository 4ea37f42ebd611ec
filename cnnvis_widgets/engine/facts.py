"""How an explanation was made, in words: the caption of a page or a figure."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from cnnvis_widgets.rendering.scales import format_value

if TYPE_CHECKING:
    from cnnvis_widgets.methods.explanation import Explanation

Fact = tuple[str, str]


def facts(explained: Explanation) -> tuple[Fact, ...]:
    """Network, layer, neuron, method and all that it was told, as names and texts.

    Args:
        explained: any explanation.

    Returns:
        Pairs such as ``("Layer", "output, before softmax")``. Every parameter of the method is
        there, so that two captions tell two maps apart.
    """
    neuron, method = explained.neuron, explained.method
    told = [
        f"{p.title.lower()} {_said(explained.parameters.get(p.name, p.default), p.kind)}"
        for p in method.parameters
    ]
    parameters = [("Parameters", "; ".join(told))] if told else []
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
    parts = [explained.label]
    if neuron.layer is None:
        parts.append(f"unit {neuron.unit}")
    elif neuron.position is None and neuron.aggregate == "sum":
        parts.append("sum over its positions")
    return ", ".join(parts)


def _coverage(explained: Explanation) -> str:
    coverage = explained.coverage
    if not coverage.complete:
        return coverage.warning
    treated = "; ".join(f"{kind}: {what}" for kind, what in coverage.treated.items())
    return f"every layer as published ({treated})" if treated else "every layer as published"


def _said(value: object, kind: str) -> str:
    if kind == "file" and value:
        return PurePath(str(value)).name  # its folder is private
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}".replace("-", "−")
    return "automatic" if value in (None, "") else str(value)
