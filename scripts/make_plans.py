"""Write cnnvis_widgets/zoo/plans.json: the layers of published networks, out of the real models.

    python scripts/make_plans.py

Weights do not matter: each network is built with initial ones.
"""

from __future__ import annotations

import json

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.zoo.loading import architectures
from cnnvis_widgets.zoo.plans import FILE, row

# The thesis' seven (its section 2.3).
NAMES = ("lenet5", "alexnet", "vgg16", "resnet50", "inception_v3", "xception", "mobilenet_v2")


def plan_rows(name: str) -> list[list[object]]:
    """A network's plan, a list for each layer."""
    return [row(layer) for layer in Network(architectures()[name].build()).plan]


def text(plans: dict[str, list[list[object]]]) -> str:
    """JSON with a line for each layer, so that a change can be read."""
    parts = []
    for name, rows in plans.items():
        lines = ",\n".join("  " + json.dumps(one, separators=(",", ":")) for one in rows)
        parts.append(f' "{name}": [\n{lines}\n ]')
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(text({name: plan_rows(name) for name in NAMES}), "utf-8")
    print(f"{FILE.name}: {len(NAMES)} networks, {FILE.stat().st_size / 1000:.0f} kB")
