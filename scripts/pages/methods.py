"""docs/methods.md, from what the methods in cnnvis_widgets/methods declare."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from cnnvis_widgets.methods import all_methods
from cnnvis_widgets.methods.contract import Method

TARGET = Path(__file__).parents[2] / "docs" / "methods.md"

TOP = """\
<!-- Made by `python -m scripts.pages methods` from cnnvis_widgets/methods; do not edit. -->

# The methods

`cnnvis.explain(network, image, method="grad_cam")` computes one; `cnnvis.methods()` gives all that
stands here as data. `explanation.attribution` is raw: signed, never rescaled, at the method's own
resolution. `explanation.heatmap()` is its published reduction at the input's size, not rescaled
either. What a method says of itself (an error, a fit, how many samples) is in `explanation.notes`,
as numbers in `explanation.details`.

## Table 1

The columns are those of the thesis: which neurons a method was published for, whether it rests on
derivatives, how fine its maps are, whether something is trained, whether it needs a particular
architecture. Here every method but CAM and LIME takes any neuron of any layer (attention rollout:
behind attention), and a `cnnvis.Target`: a class against another, a sum, a region, one of several
outputs. VisualBackProp and Eigen-CAM are about the last convolutional layer whichever neuron is
chosen; the two inversions are about the whole layer of the neuron that is chosen.
"""


def text() -> str:
    """The whole page as Markdown."""
    known = list(all_methods().values())
    parts = [TOP, *_table(known), "", *(line for m in known for line in _section(m))]
    return "\n".join(parts).rstrip("\n") + "\n"


def _table(known: list[Method]) -> list[str]:
    rows = [
        "| name | method | thesis | perspective | acts on | neurons of | gradient-based "
        "| resolution | trains | depends on the model |",
        "| - | - | - | - | - | - | - | - | - | - |",
    ]
    for m in known:
        cells = [
            f"[`{m.name}`](#{m.name})",
            m.title,
            m.section,
            m.perspective,
            m.acts_on,
            m.neurons,
            _tick(m.gradient_based),
            m.resolution,
            _tick(m.needs_training),
            _tick(m.model_dependent),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _tick(value: bool) -> str:
    return "yes" if value else ""


def _section(method: Method) -> list[str]:
    lines = [
        f'## <a id="{method.name}"></a>{method.title}',
        "",
        f"Shows {method.summary}.",
        "",
        *_paragraphs(inspect.getdoc(type(method)) or ""),
        f"- Paper: {method.paper}",
        f"- Networks: {method.networks}",
        f"- Values: {method.unit}{', of both signs' if method.signed else ''}",
        f"- Known weaknesses: {method.weaknesses}",
        "",
    ]
    if method.parameters:
        lines += ["| parameter | default | range | |", "| - | - | - | - |"]
        for p in method.parameters:
            default = repr(p.default) if isinstance(p.default, str) else p.default
            lines.append(f"| `{p.name}` | `{default}` | {_range(p)} | {p.help} |")
        lines.append("")
    return lines


def _paragraphs(text: str) -> list[str]:
    """A docstring without its section of attributes, one line a paragraph."""
    lines = []
    for paragraph in text.split("\n\n"):
        if paragraph.startswith(("Attributes:", "Args:")):
            break
        lines += [" ".join(paragraph.split()), ""]
    return lines


def _range(parameter: Any) -> str:
    if parameter.choices:
        return ", ".join(parameter.choices)
    if parameter.minimum is None:
        return parameter.kind
    return f"{parameter.minimum:g} to {parameter.maximum:g}"
