"""How far LIME's answer can be trusted: the ten pictures, over seeds.

python scripts/measure_lime.py                                # the defaults, ten seeds: hours
python scripts/measure_lime.py --keep FOLDER                  # keeps what the network said
python scripts/measure_lime.py --pieces 0 --draw random       # the lime package's own way
python scripts/measure_lime.py --seeds 3 --pictures cat horse

A copy that was asked about already is not asked about again: with 10 superpixels there are but
1024. For the most probable class of EfficientNet-Lite0 it prints, for each picture: superpixels;
R²; since which sample the top 5 are those of the last sample (the median over seeds, and the
largest); for how many seeds that is 300 or less; how many superpixels are in the top 5 of every
seed; and how far the top 5 of two seeds agree (Jaccard: those in both, divided by those in either),
after 300 and after all samples. Then what stopping early would do, for several patiences.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

import cnnvis_widgets as cnnvis
from cnnvis_widgets.methods.batches import FORWARD, batches
from cnnvis_widgets.methods.lime import steps
from cnnvis_widgets.methods.masking import MaskedCopies
from cnnvis_widgets.methods.sampling import DRAW, balanced_count, draw, whole_round
from cnnvis_widgets.methods.superpixels import PIECES, SEGMENTATION, superpixels
from cnnvis_widgets.methods.surrogate import StabilityMonitor, fit

EARLY = 300
PATIENCES = (50, 100, 150, 200, 300)
COUNT = 5


class Asked:
    """The class's probability for copies of one picture; each different copy is asked for once."""

    def __init__(
        self, network: cnnvis.Network, name: str, way: str, pieces: int, keep: Path | None
    ):
        self.network, prepared = network, network.prepare(cnnvis.load_image(name))
        self.input = prepared.input
        segments = superpixels(prepared.picture, way, pieces)
        self.masked_copies = MaskedCopies(self.input, network.plain(128), segments)
        self.pieces = int(segments.max()) + 1
        self.unit = int(network.outputs(self.input[None])[0][0].argmax())
        self.file = keep / f"{name}-{way}-{self.pieces}.npz" if keep else None
        self.known: dict[bytes, float] = {}
        if self.file and self.file.exists():
            with np.load(self.file) as kept:
                rows = (row.tobytes() for row in kept["copies"])
                self.known = dict(zip(rows, kept["scores"].tolist(), strict=True))

    def scores(self, kept: np.ndarray) -> np.ndarray:
        """(copies,): float64, for `kept` of 0 and 1 (copies, pieces)."""
        keys = [row.tobytes() for row in np.packbits(kept, axis=1)]
        new = {key: row for key, row in zip(keys, kept, strict=True) if key not in self.known}
        copies = np.array(list(new.values()))
        answers: list[float] = []
        for batch in batches(len(new), self.input.shape, FORWARD):
            part = copies[batch.start : batch.stop]
            _, scores = self.network.outputs(self.masked_copies.copies(part))
            answers += scores[:, self.unit].tolist()
        self.known |= dict(zip(new, answers, strict=True))
        if self.file and new:
            copied = np.array([np.frombuffer(key, np.uint8) for key in self.known])
            np.savez(self.file, copies=copied, scores=np.array(list(self.known.values())))
        return np.array([self.known[key] for key in keys])


class Row(NamedTuple):
    """One picture's figures."""

    picture: str
    superpixels: int
    r2: float
    since: list[int]
    always: list[int]
    agreement: list[float]
    stops: dict[int, list[tuple[int, bool]]]


def measure(asked: Asked, name: str, samples: int, seeds: Iterable[int], way: str) -> Row:
    """Draw, ask and fit with every seed."""
    since, r2 = [], []
    tops: tuple[list[frozenset[int]], list[frozenset[int]]] = ([], [])
    stops: dict[int, list[tuple[int, bool]]] = {patience: [] for patience in PATIENCES}
    one_round = whole_round(asked.pieces, way)
    for seed in seeds:
        kept = draw(balanced_count(samples, one_round), asked.pieces, seed, way)
        scores = asked.scores(kept)
        monitor, looks = StabilityMonitor(asked.pieces, COUNT, one_round), []
        for batch in steps(len(kept), one_round, asked.input.shape):
            monitor.add(kept[batch.start : batch.stop], scores[batch.start : batch.stop])
            if batch.stop == balanced_count(batch.stop, one_round):
                looks.append((batch.stop, monitor.since(), monitor.top()))
        last, end = monitor.top(), balanced_count(EARLY, one_round)
        early = StabilityMonitor(asked.pieces, COUNT, one_round)
        early.add(kept[:end], scores[:end])
        tops[0].append(early.top())
        tops[1].append(last)
        since.append(monitor.since())
        r2.append(fit(kept, scores, COUNT, one_round).r2)
        for patience, ends in stops.items():
            rested = (look for look in looks if look[0] - look[1] >= patience)
            used, _, top = next(rested, looks[-1])
            ends.append((used, top == last))
    always = [len(frozenset.intersection(*sets)) for sets in tops]
    agree = [
        float(np.mean([len(a & b) / len(a | b) for a, b in combinations(sets, 2)])) for sets in tops
    ]
    return Row(name, asked.pieces, float(np.median(r2)), since, always, agree, stops)


def table(rows: list[Row], samples: int, seeds: int) -> list[str]:
    """The rows as Markdown, and what they come to."""
    lines = [
        f"| picture | superpixels | R² | final since (largest) | final by {EARLY} "
        f"| in every top {COUNT} at {EARLY} / {samples} | Jaccard at {EARLY} / {samples} |",
        "| - | -: | -: | -: | -: | -: | -: |",
    ]
    for row in rows:
        final = sum(one <= EARLY for one in row.since)
        lines.append(
            f"| {row.picture} | {row.superpixels} | {row.r2:.2f} | {np.median(row.since):.0f} "
            f"({max(row.since)}) | {final} of {seeds} | {row.always[0]} / {row.always[1]} "
            f"| {row.agreement[0]:.2f} / {row.agreement[1]:.2f} |"
        )
    counts = [sum(row.since[n] <= EARLY for row in rows) for n in range(seeds)]
    agreement = np.mean([row.agreement for row in rows], axis=0)
    return [
        *lines,
        "",
        f"Final after {EARLY} samples or fewer, of {len(rows)} pictures, seed by seed: "
        f"{', '.join(map(str, counts))}. Mean Jaccard {agreement[0]:.2f} / {agreement[1]:.2f}.",
        "",
        f"| patience | samples used (median) | same top {COUNT} as after {samples} |",
        "| -: | -: | -: |",
        *(_stopped([stop for row in rows for stop in row.stops[p]], p) for p in PATIENCES),
    ]


def _stopped(stops: list[tuple[int, bool]], patience: int) -> str:
    used, same = np.median([n for n, _ in stops]), np.mean([one for _, one in stops])
    return f"| {patience} | {used:.0f} | {same:.0%} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", nargs="+", default=cnnvis.images(), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=10, help="at least 2")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--segmentation", choices=SEGMENTATION.choices, default="quickshift")
    parser.add_argument("--pieces", type=int, default=PIECES.default)
    parser.add_argument("--draw", choices=DRAW.choices, default=DRAW.default)
    parser.add_argument("--keep", type=Path, help="a folder for what the network said")
    given = parser.parse_args()
    if given.seeds < 2:
        parser.error("--seeds is at least 2: with one there is nothing to compare")
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    network, start = cnnvis.load_network("efficientnet_lite0"), time.perf_counter()
    rows = []
    for name in given.pictures:
        asked = Asked(network, name, given.segmentation, given.pieces, given.keep)
        rows.append(measure(asked, name, given.samples, range(given.seeds), given.draw))
    print(
        f"{given.segmentation}, at most {given.pieces or 'as many as cut'} superpixels; "
        f"{given.draw} draw; {given.samples} samples; {given.seeds} seeds; "
        f"{time.perf_counter() - start:.0f} s\n"
    )
    print("\n".join(table(rows, given.samples, given.seeds)))


if __name__ == "__main__":
    main()
