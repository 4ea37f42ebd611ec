"""Which concepts the mini networks are made of, and whether the snow of the cheating ones is first.

python scripts/measure_concepts.py     # prints the table of docs/concepts.md, in about a minute
"""

from __future__ import annotations

import numpy as np

import cnnvis_widgets as cnnvis
from cnnvis_widgets.zoo.evidence import CLASSES, scenes

PICTURES, CONCEPTS, SNOWY = 16, 4, 7
NETWORKS = ("mini_vgg", "mini_resnet", "mini_mobilenet", "mini_xception", "mini_inception")


def main() -> None:
    """Print a line for each network."""
    with_snow = scenes(PICTURES, 11, label=SNOWY, shortcut="background")
    without = scenes(PICTURES, 11, label=SNOWY)
    images = [one.picture for one in (*with_snow, *without)]
    area = np.mean([one.shortcut.mean() for one in with_snow])
    print(f"{CLASSES[SNOWY]}; snow is {area:.0%} of a picture that has it\n")
    print("| network | loss without the first concept | of all losses | in pictures with snow |")
    print("| - | - | - | - |")
    for name in NETWORKS:
        for version in (f"{name}:cheating", name):
            network = cnnvis.load_network(version)
            concepts = cnnvis.concepts(network, images, neuron=SNOWY, count=CONCEPTS)
            gains = np.maximum(concepts.importance, 0)
            first = concepts.maps[..., 0]
            print(
                f"| `{version}` | {concepts.importance[0]:.2f} | {gains[0] / gains.sum():.0%} | "
                f"{first[:PICTURES].sum() / first.sum():.0%} |"
            )


if __name__ == "__main__":
    main()
