"""docs/metrics.md, from what the metrics in cnnvis_widgets/study/metrics declare."""

from __future__ import annotations

import inspect
from pathlib import Path

from cnnvis_widgets.study import all_metrics
from cnnvis_widgets.study.contract import NEEDS, Metric

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs" / "metrics.md"

TOP = """\
<!-- Made by `python -m scripts.pages metrics` from cnnvis_widgets/study/metrics; do not edit. -->

# The metrics

What a figure says of a map depends on choices that are seldom told. Here each metric declares them:
what it needs, what it does with values below zero, what a map of zeros gets, what chance gets, and
what moves the figure. No metric says that a map is right; the first group says whether it lies on
what made the class, where that is known (`docs/evidence.md`), the others whether it does what a map
of the network ought to do.

```python
study = cnnvis.Study(["efficientnet_lite0"], ["cat", "coffee"], ["saliency", "grad_cam"])
study.run()
study.table(["relevance_mass", ("deletion", {"steps": 50})], baselines=("centre", "noise"))
```

A row of a table holds the mean, a 95% confidence interval, and how many scores were *undefined*
(counted, never averaged in) or *unsuited* (something that the metric needs was not known). The
interval of hits is Wilson's; every other one is a percentile bootstrap that draws pictures, so that
ten networks that agree on a picture do not count as ten pictures. Three baselines can stand beside
the methods: `centre` (a Gaussian in the middle), `noise` (chance) and `edges` (an edge detector). A
method that does not beat them has shown nothing.
"""


def text() -> str:
    """The whole page as Markdown."""
    known = list(all_metrics().values())
    lines = [TOP, "| name | asks | needs | better | range | a map of zeros |", f"|{' - |' * 6}"]
    for m in known:
        zeros = "undefined" if m.of_zeros is None else f"{m.of_zeros:g}"
        if m.name == "discriminative":
            zeros = "½ of its part"
        lines.append(
            f"| [`{m.name}`](#{m.name}) | {m.summary} | {', '.join(m.needs) or 'the map alone'} | "
            f"{m.better} | {m.range[0]:g} to {m.range[1]:g} | {zeros} |"
        )
    lines += ["", "What the needs are:", ""]
    lines += [f"- *{name}*: {words}" for name, words in NEEDS.items()]
    return "\n".join([*lines, "", *(x for m in known for x in _section(m))]).rstrip("\n") + "\n"


def _section(metric: Metric) -> list[str]:
    lines = [f'## <a id="{metric.name}"></a>{metric.title}', ""]
    for paragraph in (inspect.getdoc(type(metric)) or "").split("\n\n"):
        lines += [" ".join(paragraph.split()), ""]
    lines += [
        f"- Paper: {metric.paper}",
        f"- A map that is right: {metric.perfect}",
        f"- Chance: {metric.chance}",
        f"- Values below zero: {metric.reads}",
        f"- What moves the figure: {metric.sensitive}",
        "",
    ]
    if metric.parameters:
        lines += ["| parameter | default | range | |", "| - | - | - | - |"]
        for p in metric.parameters:
            default = repr(p.default) if isinstance(p.default, str) else p.default
            wide = ", ".join(p.choices) or f"{p.minimum:g} to {p.maximum:g}"
            lines.append(f"| `{p.name}` | `{default}` | {wide} | {p.help} |")
        lines.append("")
    return lines
