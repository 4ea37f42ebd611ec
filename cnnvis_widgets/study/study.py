"""`cnnvis.Study`: a grid of runs, kept on the disk, and tables of what metrics say of them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.backend.digest import network_digest
from cnnvis_widgets.errors import FileError
from cnnvis_widgets.methods import method as method_named
from cnnvis_widgets.methods.upsampling import at_input_size
from cnnvis_widgets.study import tables
from cnnvis_widgets.study.claims import News
from cnnvis_widgets.study.handing_out import executor_of, handed_out
from cnnvis_widgets.study.parts import Loaded, Part, Result, Run, part_of, results
from cnnvis_widgets.study.running import Computed, compute_left
from cnnvis_widgets.study.soundness import computed_again
from cnnvis_widgets.study.specification import (
    asked_about,
    named_methods,
    named_networks,
    named_neurons,
    of_plain,
    plain,
)
from cnnvis_widgets.study.store import Store
from cnnvis_widgets.study.study_images import Subject, stored, subjects

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

Progress = Callable[[int, int], None]


class Study:
    """networks × pictures × methods × neurons, computed once and kept under `path`.

    A study that was interrupted goes on where it stopped. One whose settings have changed (other
    weights, another picture, other parameters under the same name) is refused, and what changed is
    told. New networks, pictures, methods and neurons may be added.

    Masks are those of a picture's own class. For the figures that compare a map with a mask, ask
    about the neurons "label"; "output" is another class wherever the network is wrong.

    Blind scoring by people is in `eyes.py` and `cnnvis.Scoreboard`: their points are kept in a
    file of their own, with the runs' keys.

    Args:
        networks: names, `Network` objects, or a mapping of names to either.
        images: names of pictures, "scene:7" (a drawn picture of that seed, its evidence known),
            paths, arrays, scenes, or a mapping of names to these.
        methods: names out of `cnnvis.methods()`, or a mapping of names of your own to a name, to
            (name, parameters) or, for some of the neurons alone, to (name, parameters, neurons).
        neurons: the thesis' rule: "output" is the most active output unit, the name of a layer is
            its unit with the largest mean activation, "top layer" and "upper layer" such units of
            layers that the network chooses. Also "label" (the picture's own class), a
            unit, a `Neuron`, a (layer, unit) pair; several; or a mapping of networks to these.
        path: the study's folder.
        seed: of the methods' and metrics' random numbers.
        keep: "attribution" keeps every raw array, "heatmap" only its reduction, which takes a third
            of the room or less.

    Raises:
        InvalidValueError: settings that are not those of the study in that folder; no picture, no
            network, no method; names that are not unique.
        UnknownNameError: no such method, parameter or picture.

    Examples:
        >>> study = cnnvis.Study(
        ...     ["mini_vgg"], ["scene:1", "scene:2"], ["saliency", "grad_cam"], path="another"
        ... )
        >>> study.run()  # how many explanations were computed now
        4
        >>> study.run()
        0
    """

    def __init__(
        self,
        networks: Any,
        images: Any,
        methods: Any,
        neurons: Any = "output",
        path: str | Path = "study",
        *,
        seed: int = 0,
        keep: str = "attribution",
    ) -> None:
        self.networks = named_networks(networks)
        self.pictures: dict[str, Subject] = {s.name: s for s in subjects(images)}
        self.methods = named_methods(methods)
        self.neurons = {name: named_neurons(neurons, name) for name in self.networks}
        self.seed, self.keep = seed, keep
        self.store = Store(path)
        self._loaded: tuple[str, Loaded] | None = None
        self._digests: dict[str, str] = {}
        asked = {
            "seed": seed,
            "keep": keep,
            "methods": self.methods,
            "pictures": {name: s.digest for name, s in self.pictures.items()},
            "neurons": {
                json.dumps([network, name]): plain(spec)
                for network, known in self.neurons.items()
                for name, spec in known.items()
            },
        }
        self.store.settled(asked)
        # Before the settings: a study that can be opened has its pictures.
        for name, subject in self.pictures.items():
            if stored(self.store, name, subject.digest) is None:
                self.store.save("pictures", name, **subject.arrays())
        self.store.settle(asked)

    def __repr__(self) -> str:
        plan, done = list(self.plan()), len(self.runs())
        return f"<Study in {str(self.store.path)!r}: {done} of {len(plan)} runs>"

    @classmethod
    def open(cls, path: str | Path) -> Study:
        """A study that was begun before, as it is in its folder.

        Everything ever asked in that folder is its plan. Networks are loaded by their names.

        Raises:
            FileError: there is none.

        Examples:
            >>> cnnvis.Study.open("my_study")
            <Study in 'my_study': 4 of 4 runs>
        """
        store = Store(path)
        settings = store.settings
        if not settings:
            raise FileError(f"There is no study in {str(path)!r}.")
        study = cls.__new__(cls)
        study.store, study._loaded, study._digests = store, None, {}
        study.seed, study.keep = settings["seed"], settings["keep"]
        study.methods = settings["methods"]
        study.networks, study.neurons = {}, {}
        for key, spec in settings["neurons"].items():
            network, name = json.loads(key)
            study.networks[network] = network
            study.neurons.setdefault(network, {})[name] = of_plain(spec)
        study.pictures = {}
        for name, wanted in settings["pictures"].items():
            if (subject := stored(store, name, wanted)) is None:
                raise FileError(
                    f"The picture {name!r} of the study in {str(path)!r} is missing or damaged "
                    f"({store.file('pictures', name)}). cnnvis.Study with the pictures with which "
                    "it was begun writes it anew."
                )
            study.pictures[name] = subject
        return study

    def plan(self) -> Iterator[Run]:
        """Every run, network by network.

        Examples:
            >>> next(study.plan())
            Run(network='mini_vgg', picture='scene:1', method='saliency', neuron='output')
        """
        for network in self.networks:
            for picture in self.pictures:
                for neuron in self.neurons[network]:
                    for method in asked_about(self.methods, neuron):
                        yield Run(network, picture, method, neuron)

    def run(
        self,
        progress: Progress | None = None,
        *,
        executor: Executor | None = None,
        scheduler: Any = None,
    ) -> int:
        """Compute what is not there yet, and again what is not there any more.

        Methods that take many pictures at once (see `cnnvis.explain_batch`) get up to 32 runs in
        one part. Parts are the same wherever they are computed, and so are the maps. A map that is
        missing, cut or overwritten is told of in a warning. Several processes may run one study at
        once: each takes parts that no other has, and goes on with those of one that was killed.

        Args:
            progress: called with (done, total) of all runs; an exception raised in it stops the
                work, and what is done stays.
            executor: computes the parts, any of `concurrent.futures`: threads, or processes of the
                same code. Networks for other processes are given to the study as names or files.
            scheduler: instead of an executor, a Dask scheduler's address or a `distributed.Client`.

        Returns:
            How many runs were computed now.

        Examples:
            >>> study.run(progress=lambda done, total: None)
            0
            >>> from concurrent.futures import ThreadPoolExecutor
            >>> with ThreadPoolExecutor(2) as threads:
            ...     study.run(executor=threads)
            0
        """
        news = News(self.store.path / "runs.jsonl")
        done, plan = self.store.runs(), list(self.plan())
        if lost := self.damaged():
            warnings.warn(computed_again(lost), stacklevel=2)
        left = {run.key for run in plan if run.key not in done or run in lost}

        def heard() -> None:
            if progress:
                progress(len(plan) - len(left), len(plan))

        heard()
        with executor_of(executor, scheduler) as chosen:
            return compute_left(self, left, news, partial(self._results, chosen), self._keep, heard)

    def damaged(self) -> dict[Run, str]:
        """The runs whose map is not what was written, and why; all maps are read for it.

        Raises:
            FileError: a line names a file outside of the study.

        Examples:
            >>> study.damaged()
            {}
        """
        lines = {line["key"]: line for line in self.runs()}
        faults = {run: self.store.fault(lines[run.key]) for run in self.plan() if run.key in lines}
        return {run: why for run, why in faults.items() if why}

    def compute(self, run: Run, progress: Progress | None = None) -> dict[str, Any]:
        """Compute one run, whether it is there or not, keep it, and return its line.

        Args:
            run: one of the plan.
            progress: called with (done, total) of the method's own steps; an exception raised in it
                stops the work, and nothing is kept.

        Examples:
            >>> study.compute(next(study.plan()))["label"]
            'striped disc'
        """
        part, loaded = part_of(self, [run]), self._loading(run.network)
        return self._keep(results(loaded, part, progress)[0])

    def runs(self) -> list[dict[str, Any]]:
        """Every run that is done, in the order of the plan: what its line in runs.jsonl says.

        Examples:
            >>> [line["method"] for line in study.runs()]
            ['saliency', 'grad_cam', 'saliency', 'grad_cam']
        """
        done = self.store.runs()
        return [done[run.key] for run in self.plan() if run.key in done]

    def network(self, name: str) -> Network:
        """A network of the study, loaded on first use; one at a time is kept.

        Raises:
            InvalidValueError: its weights are not those with which the study was begun.

        Examples:
            >>> study.network("mini_vgg")
            Network('Mini VGG', input (64, 64, 3))
        """
        if self._loaded is None or self._loaded[0] != name:
            network = self.networks[name]
            if isinstance(network, str | Path):
                from cnnvis_widgets.zoo.loading import load_network

                network = load_network(network)
            self.take(name, network)
        assert self._loaded is not None
        return self._loaded[1].network

    def take(self, name: str, network: Network) -> None:
        """Use a network that is loaded already under a name of the study.

        Raises:
            InvalidValueError: its weights are not those with which the study was begun.

        Examples:
            >>> study.take("mini_vgg", network)
            >>> study.network("mini_vgg") is network
            True
        """
        if self._loaded is None or self._loaded[1].network is not network:
            loaded = Loaded(network, network_digest(network))
        else:
            loaded = self._loaded[1]
        self._settle(name, loaded.digest)
        self._loaded = name, loaded

    def heatmap(self, line: dict[str, Any]) -> np.ndarray | None:
        """The heatmap of a run's line: float32 (rows, columns); None where there is none.

        Examples:
            >>> study.heatmap(study.runs()[0]).shape
            (64, 64)
        """
        if "file" not in line:
            return None
        arrays = self.store.load(line["file"], line.get("digest", ""))
        if "heatmap" in arrays:
            return arrays["heatmap"]
        if "attribution" not in arrays:
            raise FileError(f"{line['file']} of the study holds no map. Delete it, and run anew.")
        method = method_named(self.methods[line["method"]]["method"])
        reduced = np.ascontiguousarray(method.reduce(arrays["attribution"]), np.float32)
        return at_input_size(reduced, tuple(line["input_size"]))

    def table(
        self,
        metrics: Any = None,
        *,
        by: tuple[str, ...] = ("network", "method"),
        baselines: tuple[str, ...] = ("centre",),
        level: float = 0.95,
        progress: Progress | None = None,
    ) -> list[dict[str, Any]]:
        """What metrics say of the runs that are done, with confidence intervals.

        Scores are kept in the folder, so that a second table costs nothing.

        Args:
            metrics: names, or a mapping of names of your own to a name or to (name, parameters);
                None is every metric that needs no more than the map and the mask.
            by: what a row is: any of network, picture, method, neuron.
            baselines: maps that know nothing, scored as methods are: centre, noise, edges.
            level: of confidence.
            progress: called with (done, total) of all scores.

        Returns:
            One dictionary a row and metric: what `by` names; metric; n (scores), undefined (how
            many more had none), unsuited (how many runs or cases lacked something); value, the
            mean; low and high, the interval; interval, "Wilson" or "bootstrap over pictures".

        Examples:
            >>> rows = study.table(["pointing_game"])
            >>> [(row["method"], row["value"], row["n"]) for row in rows]
            [('saliency', 0.5, 2), ('grad_cam', 1.0, 2), ('centre', 1.0, 2)]
        """
        from cnnvis_widgets.study.scoring import Scorer, named_metrics  # loads TensorFlow

        scorer = Scorer(self, named_metrics(metrics), baselines)
        return tables.rows(scorer.scores(progress), by, level, self.seed)

    def report(self, metrics: Any = None, **options: Any) -> Path:
        """Write the table to report.md in the study's folder; options as `table` takes them.

        Examples:
            >>> study.report(["pointing_game"]).name
            'report.md'
        """
        rows = self.table(metrics, **options)
        self.store.write("report.md", tables.report(len(self.pictures), self.seed, rows))
        return self.store.path / "report.md"

    def _loading(self, name: str) -> Loaded:
        """A network of the study, with the neurons that were chosen on it."""
        self.network(name)
        assert self._loaded is not None
        return self._loaded[1]

    def _results(self, executor: Executor | None, parts: Iterator[Part]) -> Computed:
        """What is computed of each part, here or by an executor."""
        if executor is None:
            for part in parts:
                yield part, results(self._loading(part.runs[0].network), part)
            return
        names = [n for n, given in self.networks.items() if not isinstance(given, str | Path)]
        for name in names:  # an object's weights are compared before it is handed out
            self.take(name, self.networks[name])
        work = ((part, self.networks[part.runs[0].network]) for part in parts)
        for part, digest, computed in handed_out(executor, work):
            if digest:
                self._settle(part.runs[0].network, digest)
            yield part, computed

    def _settle(self, network: str, digest: str) -> None:
        if self._digests.get(network) != digest:
            self.store.settle({"networks": {network: digest}})
            self._digests[network] = digest

    def _keep(self, result: Result) -> dict[str, Any]:
        """Write a run's arrays, then its line; returns the line."""
        run, facts, arrays = result
        line = {"key": run.key, **run._asdict(), "seed": self.seed, **facts}
        if arrays:
            file = self.store.save("maps", run.key, **arrays)
            line |= {"file": file, "digest": self.store.digest(file)}
        self.store.append("runs.jsonl", line)
        return line
