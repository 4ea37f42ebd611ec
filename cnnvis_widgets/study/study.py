"""`cnnvis.Study`: a grid of runs saved on the disk, and tables of their scores."""

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
from cnnvis_widgets.study.claims import NewRuns
from cnnvis_widgets.study.executors import executed, executor_of
from cnnvis_widgets.study.integrity import recomputation_warning
from cnnvis_widgets.study.parts import LoadedNetwork, Part, Result, Run, part_of, results
from cnnvis_widgets.study.running import Computed, compute_missing
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
    """networks × pictures × methods × neurons, computed once and saved under `path`.

    An interrupted study continues where it stopped. Changed settings (other weights, another
    picture, other parameters under the same name) raise an error that lists the changes. New
    networks, pictures, methods and neurons may be added.

    Masks are those of a picture's class. For metrics that compare a map with a mask, use the
    neurons "label"; "output" is another class wherever the network is wrong.

    Blind scoring by people is in `human_scores.py` and `cnnvis.Scoreboard`; their points are saved
    in separate files, by the runs' keys.

    Args:
        networks: names, `Network` objects, or a mapping of names to either.
        images: names of pictures, "scene:7" (a drawn picture of that seed, with masks), paths,
            arrays, scenes, or a mapping of names to these.
        methods: names of `cnnvis.methods()`, or a mapping of your own names to a name, to
            (name, parameters) or, for only some of the neurons, to (name, parameters, neurons).
        neurons: the thesis' rule: "output" is the most active output unit, the name of a layer is
            its unit with the largest mean activation, "top layer" and "upper layer" such units of
            layers that the network chooses. Also "label" (the picture's own class), a
            unit, a `Neuron`, a (layer, unit) pair; several; or a mapping of networks to these.
        path: the study's folder.
        seed: of the methods' and metrics' random numbers.
        keep: "attribution" saves every raw array, "heatmap" only its reduction, which takes at
            most a third of the space.

    Raises:
        InvalidValueError: settings that differ from those of the study in that folder; no picture,
            network or method; names that are not unique.
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
        self._loaded: tuple[str, LoadedNetwork] | None = None
        self._digests: dict[str, str] = {}
        settings = {
            "seed": seed,
            "keep": keep,
            "methods": self.methods,
            "pictures": {name: s.digest for name, s in self.pictures.items()},
            "neurons": {
                json.dumps([network, name]): plain(spec)
                for network, specs in self.neurons.items()
                for name, spec in specs.items()
            },
        }
        self.store.settled(settings)
        # Before the settings, so that a study that can be opened has its pictures
        for name, subject in self.pictures.items():
            if stored(self.store, name, subject.digest) is None:
                self.store.save("pictures", name, **subject.arrays())
        self.store.settle(settings)

    def __repr__(self) -> str:
        plan, count = list(self.plan()), len(self.runs())
        return f"<Study in {str(self.store.path)!r}: {count} of {len(plan)} runs>"

    @classmethod
    def open(cls, path: str | Path) -> Study:
        """Open the study in a folder.

        Its plan holds all settings that were ever used there. Networks are loaded by their names.

        Raises:
            FileError: there is no study.

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
        for name, digest in settings["pictures"].items():
            if (subject := stored(store, name, digest)) is None:
                raise FileError(
                    f"The picture {name!r} of the study in {str(path)!r} is missing or damaged "
                    f"({store.file('pictures', name)}). cnnvis.Study with the pictures with which "
                    "it was begun writes it anew."
                )
            study.pictures[name] = subject
        return study

    def plan(self) -> Iterator[Run]:
        """All runs, network by network.

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
        """Compute the missing runs, and those whose maps are damaged or deleted.

        Methods that support batches (see `cnnvis.explain_batch`) get up to 32 runs in one part.
        Parts, and so the maps, do not depend on where they are computed. A damaged map causes a
        warning. Several processes may run one study in parallel: each takes parts that no other
        has, and those of processes that were killed.

        Args:
            progress: called with (done, total) of all runs; an exception raised in it stops the
                work, and completed runs stay.
            executor: of `concurrent.futures`, computes the parts in threads or processes. For
                other processes the study's networks must be names or files.
            scheduler: instead of an executor, a Dask scheduler's address or a `distributed.Client`.

        Returns:
            How many runs were computed.

        Examples:
            >>> study.run(progress=lambda done, total: None)
            0
            >>> from concurrent.futures import ThreadPoolExecutor
            >>> with ThreadPoolExecutor(2) as threads:
            ...     study.run(executor=threads)
            0
        """
        new_runs = NewRuns(self.store.path / "runs.jsonl")
        completed, plan = self.store.runs(), list(self.plan())
        if damaged_runs := self.damaged():
            warnings.warn(recomputation_warning(damaged_runs), stacklevel=2)
        missing = {run.key for run in plan if run.key not in completed or run in damaged_runs}

        def report() -> None:
            if progress:
                progress(len(plan) - len(missing), len(plan))

        report()
        with executor_of(executor, scheduler) as pool:
            compute = partial(self._results, pool)
            return compute_missing(self, missing, new_runs, compute, self._save, report)

    def damaged(self) -> dict[Run, str]:
        """The runs whose map is damaged, and why; reads all maps.

        Raises:
            FileError: a line refers to a file outside of the study.

        Examples:
            >>> study.damaged()
            {}
        """
        lines = {line["key"]: line for line in self.runs()}
        faults = {run: self.store.fault(lines[run.key]) for run in self.plan() if run.key in lines}
        return {run: fault for run, fault in faults.items() if fault}

    def compute(self, run: Run, progress: Progress | None = None) -> dict[str, Any]:
        """Compute one run, even if it is completed, save it, and return its line.

        Args:
            run: one of the plan.
            progress: called with (done, total) of the method's steps; an exception raised in it
                stops the work, and nothing is saved.

        Examples:
            >>> study.compute(next(study.plan()))["label"]
            'striped disc'
        """
        part, loaded = part_of(self, [run]), self._loading(run.network)
        return self._save(results(loaded, part, progress)[0])

    def runs(self) -> list[dict[str, Any]]:
        """The lines of the completed runs in runs.jsonl, in the order of the plan.

        Examples:
            >>> [line["method"] for line in study.runs()]
            ['saliency', 'grad_cam', 'saliency', 'grad_cam']
        """
        completed = self.store.runs()
        return [completed[run.key] for run in self.plan() if run.key in completed]

    def network(self, name: str) -> Network:
        """A network of the study, loaded on first use; only the last one stays loaded.

        Raises:
            InvalidValueError: its weights differ from those of the study's earlier runs.

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
        """Use a loaded network under a name of the study.

        Raises:
            InvalidValueError: its weights differ from those of the study's earlier runs.

        Examples:
            >>> study.take("mini_vgg", network)
            >>> study.network("mini_vgg") is network
            True
        """
        if self._loaded is None or self._loaded[1].network is not network:
            loaded = LoadedNetwork(network, network_digest(network))
        else:
            loaded = self._loaded[1]
        self._settle(name, loaded.digest)
        self._loaded = name, loaded

    def heatmap(self, line: dict[str, Any]) -> np.ndarray | None:
        """The heatmap of a run's line: float32 (rows, columns), or None.

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
        """Score the completed runs by metrics; returns means with confidence intervals.

        Scores are cached in the folder, so that a second table takes no time.

        Args:
            metrics: names, or a mapping of your own names to a name or to (name, parameters);
                None is every metric that needs only the map and the mask.
            by: the columns that define a row, of network, picture, method and neuron.
            baselines: maps independent of the network: centre, noise, edges.
            level: the confidence level.
            progress: called with (done, total) of all scores.

        Returns:
            A dictionary for each row and metric: the columns of `by`; metric; n (the number of
            scores), undefined (of undefined scores), unsuited (of runs that the metric does not
            apply to); value, the mean; low and high, the interval; interval, its kind.

        Examples:
            >>> rows = study.table(["pointing_game"])
            >>> [(row["method"], row["value"], row["n"]) for row in rows]
            [('saliency', 0.5, 2), ('grad_cam', 1.0, 2), ('centre', 1.0, 2)]
        """
        from cnnvis_widgets.study.scoring import Scorer, named_metrics  # loads TensorFlow

        scorer = Scorer(self, named_metrics(metrics), baselines)
        return tables.rows(scorer.scores(progress), by, level, self.seed)

    def report(self, metrics: Any = None, **options: Any) -> Path:
        """Write the table to report.md in the study's folder; options are those of `table`.

        Examples:
            >>> study.report(["pointing_game"]).name
            'report.md'
        """
        rows = self.table(metrics, **options)
        self.store.write("report.md", tables.report(len(self.pictures), self.seed, rows))
        return self.store.path / "report.md"

    def _loading(self, name: str) -> LoadedNetwork:
        """A network of the study, with the neurons chosen on it."""
        self.network(name)
        assert self._loaded is not None
        return self._loaded[1]

    def _results(self, executor: Executor | None, parts: Iterator[Part]) -> Computed:
        """Compute parts, in this thread or by an executor."""
        if executor is None:
            for part in parts:
                yield part, results(self._loading(part.runs[0].network), part)
            return
        names = [n for n, network in self.networks.items() if not isinstance(network, str | Path)]
        for name in names:  # check the weights of network objects before submitting them
            self.take(name, self.networks[name])
        tasks = ((part, self.networks[part.runs[0].network]) for part in parts)
        for part, digest, computed in executed(executor, tasks):
            if digest:
                self._settle(part.runs[0].network, digest)
            yield part, computed

    def _settle(self, network: str, digest: str) -> None:
        if self._digests.get(network) != digest:
            self.store.settle({"networks": {network: digest}})
            self._digests[network] = digest

    def _save(self, result: Result) -> dict[str, Any]:
        """Save a run's arrays, then its line; returns the line."""
        run, facts, arrays = result
        line = {"key": run.key, **run._asdict(), "seed": self.seed, **facts}
        if arrays:
            file = self.store.save("maps", run.key, **arrays)
            line |= {"file": file, "digest": self.store.digest(file)}
        self.store.append("runs.jsonl", line)
        return line
