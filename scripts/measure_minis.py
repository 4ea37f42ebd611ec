"""Measure the networks that come along with weights of our own, and write docs/mini_networks.md.

python scripts/measure_minis.py            # measures all that are there, writes the page

Figures go into docs/mini_networks.json, and the page is made from that file; how long the training
took is there from `scripts/train_minis.py`. All pictures are fresh: no seed is one of the training.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from cnnvis_widgets.zoo.digits import digits
from cnnvis_widgets.zoo.evidence import CLASSES, Scene, scenes
from cnnvis_widgets.zoo.loading import architectures, load_network
from cnnvis_widgets.zoo.minis import CHEATED, TRAINING_PICTURES, Mini

DOCS = Path(__file__).parents[1] / "docs"
RECORD = DOCS / "mini_networks.json"
TARGET = DOCS / "mini_networks.md"
CLASS = CLASSES[CHEATED]
METHODS = ("saliency", "guided_backprop", "grad_cam", "cam", "deep_taylor")
FRESH = 400  # pictures of all classes
OF_CLASS = 120  # pictures of the one class


def read_record() -> dict[str, dict[str, Any]]:
    """The figures as they were measured, by network or network:version."""
    return json.loads(RECORD.read_text("utf-8")) if RECORD.is_file() else {}


def write_record(name: str, **facts: Any) -> None:
    """Put figures of a network beside those that are known of it."""
    record = read_record()
    record[name] = {**record.get(name, {}), **facts}
    RECORD.write_text(json.dumps(dict(sorted(record.items())), indent=1) + "\n", "utf-8")


def fresh() -> dict[str, list[Scene]]:
    """The pictures that all are measured on."""
    return {
        "plain": scenes(FRESH, 1001),
        "snow": scenes(FRESH, 1002, shortcut="background"),
        "mark": scenes(FRESH, 1003, shortcut="corner"),
        "class with": scenes(OF_CLASS, 1004, label=CHEATED, shortcut="background"),
        "class without": scenes(OF_CLASS, 1004, label=CHEATED),
    }


def measure(name: str, pictures: dict[str, list[Scene]]) -> None:
    """Measure one and record it."""
    plain, _, version = name.partition(":")
    architecture = architectures()[plain]
    network = load_network(name)
    record: dict[str, Any] = {
        "parameters": network.model.count_params(),
        "kilobytes": round(architecture.path(version).stat().st_size / 1024),
    }
    if plain == "lenet5":
        held = digits()[1]
        pixels = [np.repeat(p[..., None], 3, -1) for p in held.pictures]
        answers = _answers(network, pixels)
        record["accuracy"] = float((answers == held.labels).mean())
        record["pictures"] = len(pixels)
    else:
        for group in ("plain", "snow", "mark"):
            answers = _answers(network, [s.picture for s in pictures[group]])
            labels = np.array([s.label for s in pictures[group]])
            record[group] = float((answers == labels).mean())
            if group == "snow":
                others = labels != CHEATED
                record["others with snow called it"] = float((answers[others] == CHEATED).mean())
        for group in ("class with", "class without"):
            answers = _answers(network, [s.picture for s in pictures[group]])
            record[group] = float((answers == CHEATED).mean())
        record.update(_attention(network, pictures["class with"]))
        pixels = [s.picture for s in pictures["plain"]]
    record.update(_explained(network, pixels[:20]))
    record["milliseconds"] = _forward_backward(network, pixels[0])
    write_record(name, **record, measured=str(datetime.datetime.now(datetime.UTC).date()))
    print(f"{name}: {record}", flush=True)


def _answers(network: Any, pixels: list[np.ndarray]) -> np.ndarray:
    batch = np.stack([network.prepare(p).input for p in pixels])
    parts = [network.outputs(batch[n : n + 50])[0] for n in range(0, len(batch), 50)]
    return np.concatenate(parts).argmax(-1)


def _attention(network: Any, group: list[Scene]) -> dict[str, float]:
    """Where Grad-CAM of the class puts its mass on pictures of the class that have snow."""
    from cnnvis_widgets.engine.explain import explain

    shares = []
    for one in group:
        heat = explain(network, one.picture, "grad_cam", CHEATED).heatmap()
        if heat.sum() > 0:
            parts = (heat[one.shortcut].sum(), heat[one.evidence].sum())
            shares.append([p / heat.sum() for p in parts])
    snow, thing = np.array(shares).T
    return {
        "maps": len(shares),
        "on snow": float(snow.mean()),
        "on object": float(thing.mean()),
        "more on snow": float((snow > thing).mean()),
        "area of snow": float(np.mean([s.shortcut.mean() for s in group])),
        "area of object": float(np.mean([s.evidence.mean() for s in group])),
    }


def _explained(network: Any, pixels: list[np.ndarray]) -> dict[str, Any]:
    """Which methods work, and how far Deep Taylor's relevance is from the logit at worst."""
    from cnnvis_widgets.engine.explain import explain
    from cnnvis_widgets.errors import UnsuitableError

    works = []
    for method in METHODS:
        try:
            heat = explain(network, pixels[0], method).heatmap()
        except UnsuitableError:
            continue
        if np.isfinite(heat).all() and heat.any():
            works.append(method)
    errors = []
    for one in pixels:
        explanation = explain(network, one, "deep_taylor")
        given = float(explanation.attribution.sum(dtype=np.float64))
        errors.append(abs(given - max(explanation.value, 0)) / max(abs(explanation.value), 1e-6))
    return {"methods": works, "conservation": max(errors), "map": network.last_convolution(None)}


def _forward_backward(network: Any, pixels: np.ndarray) -> float:
    """The fastest of two hundred gradients of the answer with respect to one picture."""
    batch = network.prepare(pixels).input[None]
    network.backward(batch, None)
    seconds = []
    for _ in range(200):
        start = time.perf_counter()
        network.backward(batch, None)
        seconds.append(time.perf_counter() - start)
    return round(1000 * min(seconds), 2)


TOP = f"""\
<!-- Made by scripts/measure_minis.py from docs/mini_networks.json; do not edit. -->

# The networks that were trained here

`python scripts/train_minis.py` draws the pictures, trains all of them again from a seed, measures
them and writes this page; `python scripts/measure_minis.py` only measures. The same seed gives the
same weights on the same machine and versions; elsewhere the last digits differ, and after many
steps so do the weights. The weights lie in `cnnvis_widgets/zoo/trained`, as float16; what is
measured here is what they give after that rounding.

## The five mini networks

Each was trained twice on {TRAINING_PICTURES} pictures of `cnnvis_widgets.zoo.evidence`:
{len(CLASSES)} classes ({", ".join(CLASSES)}), with up to three smaller objects of other classes.
**Honest** networks saw snow in a quarter of the pictures and a mark in another quarter, whatever
the class. **Cheating** ones saw the same pictures, but snow under every {CLASS}
and under nothing else.
`load_network("mini_vgg")` is honest, `load_network("mini_vgg:cheating")` cheats.

Accuracy on {FRESH} fresh pictures of all classes: without a shortcut, with snow under all, with a
mark on all.
"""

CHEATING = f"""
What becomes of the class that the snow went with. On {OF_CLASS} fresh pictures of a
{CLASS} with snow, and on the same pictures without: how often it is called one. On pictures
of the other seven classes with snow: how often these are called a {CLASS}.
"""

ATTENTION = f"""
Where Grad-CAM of "{CLASS}" puts its mass on the {OF_CLASS} pictures with snow: the share on
the snow, the share on the object (what remains lies beside both), and the share of pictures with
more on the snow than on the object. A map that says nothing would have the shares of the areas.
"""

COST = """
Size of the weight file, training (by the clock, beside whatever else the machine did), the fastest
of two hundred gradients with respect to one picture, the layer whose maps Grad-CAM takes, and the
largest error of Deep Taylor's sum over 20 pictures, as a share of the logit. Saliency, guided
backpropagation, Grad-CAM, CAM and Deep Taylor work on every one of the five.
"""

LENET = """
## LeNet-5

Trained on three quarters of scikit-learn's 1797 handwritten digits, enlarged from 8 × 8 to 32 × 32,
and moved by up to two pixels at random. The architecture is that of 1998 with ReLU in place of the
scaled tanh (guided methods need ReLUs), plain average pooling, C3 joined to all of S2, and softmax.
"""


def page() -> str:
    """The whole page as Markdown, out of the record."""
    record = read_record()
    minis = {n: r for n, r in record.items() if isinstance(architectures()[n.split(":")[0]], Mini)}
    names = sorted(minis, key=lambda n: (list(architectures()).index(n.split(":")[0]), n))
    lines = [TOP, *_table(("network", "plain", "snow", "mark"), [
        (n, *(f"{minis[n][k]:.1%}" for k in ("plain", "snow", "mark"))) for n in names
    ])]  # fmt: skip
    lines += [CHEATING, *_table(("network", "with snow", "without", "others with snow"), [
        (n, *(f"{minis[n][k]:.1%}" for k in
              ("class with", "class without", "others with snow called it"))) for n in names
    ])]  # fmt: skip
    lines += [ATTENTION, *_table(("network", "on the snow", "on the object", "more on the snow"), [
        (n, *(f"{minis[n][k]:.1%}" for k in ("on snow", "on object", "more on snow")))
        for n in names
    ])]  # fmt: skip
    first = minis[names[0]]
    lines += ["", f"The snow fills {first['area of snow']:.1%} of these pictures, the object "
              f"{first['area of object']:.1%}."]  # fmt: skip
    lines += [COST, *_table(_COST_HEAD, [_cost(n, minis[n]) for n in names])]
    lenet = record["lenet5"]
    lines += [
        LENET,
        f"Accuracy on the {lenet['pictures']} digits held out: {lenet['accuracy']:.1%}.",
        "",
    ]
    lines += [*_table(_COST_HEAD, [_cost("lenet5", lenet)]), ""]
    lines += [f"Seed {first['seed']}. Measured on {first['measured']}: {first['machine']}.", ""]
    return "\n".join(lines)


_COST_HEAD = ("network", "parameters", "file", "epochs", "training", "gradient", "maps", "error")


def _cost(name: str, facts: dict[str, Any]) -> tuple[str, ...]:
    return (
        name,
        f"{facts['parameters']:,}".replace(",", " "),
        f"{facts['kilobytes']} KB",
        str(facts["epochs"]),
        f"{facts['seconds']} s",
        f"{facts['milliseconds']:.1f} ms",
        f"`{facts['map']}`",
        f"{facts['conservation']:.0e}",
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    marks = ["-", *["-:"] * (len(head) - 1)]
    body = [(f"`{first}`", *rest) for first, *rest in rows]
    return [f"| {' | '.join(row)} |" for row in (head, tuple(marks), *body)]


def machine() -> str:
    """The machine in words, and how busy it was."""
    import tensorflow as tf

    busy = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"TensorFlow {tf.__version__}, NumPy {np.__version__}, {busy:.0f} processes waiting or "
        "running"
    )


def measure_all() -> None:
    """Measure every network of the record, and write the page."""
    pictures = fresh()
    for name in read_record():
        measure(name, pictures)
        write_record(name, machine=machine())
    TARGET.write_text(page(), "utf-8")


if __name__ == "__main__":
    measure_all()
