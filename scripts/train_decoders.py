"""Train the decoders that come along with the mini networks, and print how far off they are.

python scripts/train_decoders.py               # three layers of each
python scripts/train_decoders.py mini_vgg      # of these

One that is there already is left alone; delete it to have it made again. The pictures are drawn
(`cnnvis_widgets.zoo.evidence`), others than the networks were trained on; the error is also
measured on drawn pictures that the decoder has not seen.
"""

from __future__ import annotations

import argparse

import numpy as np

import cnnvis_widgets as cnnvis
from cnnvis_widgets.zoo.loading import DECODERS

# No 8 × 8 maps: of the last ones of Mini VGG, Mini ResNet and Mini Inception the same training made
# grey fog, off by 51.5, 43.0 and 42.7 grey levels where plain grey is off by 52.
LAYERS = {
    "mini_vgg": ("block1_conv1", "block2_conv2", "block3_conv2"),
    "mini_inception": ("stem2", "mixed0", "mixed1"),
    "mini_xception": ("block1_conv1_act", "block1_conv2_act", "block2_add"),
    "mini_resnet": ("conv1_relu", "conv2_block2_out", "conv3_block2_out"),
    "mini_mobilenet": ("conv1_relu", "block_0_project_bn", "block_2_add"),
}
SEED, TRAINED_ON, HELD_BACK = 20160, 2000, 200
STEPS, BATCH, WIDTH, RATE = 2500, 16, 32, 2e-3


def main() -> None:
    """Train what is not there, then measure all."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("networks", nargs="*", metavar="NETWORK", default=list(LAYERS))
    wanted = words.parse_args().networks
    pictures, unseen = drawn(TRAINED_ON, SEED), drawn(HELD_BACK, SEED + 1)
    print("| network | layer | code | file | off on its pictures | off on others | code's error |")
    print("| - | - | - | - | - | - | - |")
    for name in wanted:
        network = cnnvis.load_network(name)
        folder = DECODERS / name
        folder.mkdir(parents=True, exist_ok=True)
        for layer in LAYERS[name]:
            path = folder / f"{layer}.npz"
            if not path.exists():
                cnnvis.train_decoder(
                    network,
                    layer,
                    pictures,
                    path,
                    steps=STEPS,
                    batch=BATCH,
                    width=WIDTH,
                    rate=RATE,
                )
            print(row(network, layer, str(path), unseen), flush=True)


def drawn(count: int, seed: int) -> list[np.ndarray]:
    """Pictures of all classes, half of them with a shortcut under any class."""
    from cnnvis_widgets.zoo.evidence import scenes

    kinds = (("none", count // 2), ("background", count // 4), ("corner", count // 4))
    return [
        scene.picture
        for place, (kind, many) in enumerate(kinds)
        for scene in scenes(many, 10 * seed + place, shortcut=kind)
    ]


def row(network: cnnvis.Network, layer: str, path: str, unseen: list[np.ndarray]) -> str:
    """One decoder's line of the table."""
    details = [cnnvis.explain(network, p, "upconvnet", decoder=path).details for p in unseen]
    pixels = np.sqrt(np.mean([f["pixel_error"] ** 2 for f in details]))
    codes = np.mean([f["relative_error"] for f in details])
    facts = details[0]["decoder"]
    shape = " × ".join(map(str, facts["code_shape"]))
    size = (DECODERS / network.model.name / facts["file"]).stat().st_size / 1000
    cells = [network.name, layer, shape, f"{size:.0f} kB", f"{255 * facts['loss'] ** 0.5:.1f}"]
    return f"| {' | '.join([*cells, f'{pixels:.1f}', f'{codes:.3f}'])} |"


if __name__ == "__main__":
    main()
