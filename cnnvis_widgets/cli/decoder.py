"""`cnnvis decoder train`: a decoder for `upconvnet`, from a folder of pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.progress import progress_bar


def add_decoder(command: argparse.ArgumentParser) -> None:
    """Add the actions of `cnnvis decoder`."""
    actions = command.add_subparsers(metavar="ACTION", required=True)
    train = actions.add_parser("train", help="train one on a folder of pictures")
    add = train.add_argument
    add("network", metavar="NETWORK", help="a network by name, or a .keras or .h5 file")
    add("layer", metavar="LAYER", help="any of its layers")
    add("folder", metavar="FOLDER", type=Path, help="of pictures, subfolders included")
    add("-o", "--output", metavar="FILE", required=True, type=Path, help="a .npz file")
    add("--steps", metavar="N", type=int, default=3000)
    add("--batch", metavar="N", type=int, default=16, help="pictures in a step")
    add("--width", metavar="N", type=int, default=64, help="units of the decoder's first layer")
    add("--seed", metavar="N", type=int, default=0)
    add("--weights", metavar="WHERE", help='a folder or file of weights, or "random"')
    train.description = (
        "Train a decoder that upconvnet can use (--set decoder=FILE). Stopped with Ctrl+C, or "
        "killed, it goes on where it was when it is called again."
    )
    train.set_defaults(run=train_one)


def train_one(options: argparse.Namespace) -> int:
    """Train a decoder, and print its facts."""
    if not options.folder.is_dir():  # before TensorFlow is loaded, which is slow
        raise FileError(f"There is no folder {str(options.folder)!r} of pictures.")
    from cnnvis_widgets.zoo.loading import load_network

    network = load_network(options.network, options.weights)
    from cnnvis_widgets.engine.decoders import train_decoder

    settings: dict[str, Any] = {n: getattr(options, n) for n in ("steps", "batch", "width", "seed")}
    with progress_bar() as progress:
        facts = train_decoder(
            network, options.layer, options.folder, options.output, progress=progress, **settings
        )
    size = options.output.stat().st_size / 1000
    print(
        f"{facts.network}, {facts.layer}: {facts.pictures} pictures, {facts.steps} steps, off by "
        f"{255 * facts.loss**0.5:.1f} of 255 grey levels on them"
    )
    print(f"wrote {options.output} ({size:.0f} kB)")
    return 0
