"""Compares the installed libraries with ours on one picture."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.errors import CnnvisError, UnknownNameError, UnsuitableError, gist
from cnnvis_widgets.methods import all_methods
from cnnvis_widgets.peers.agreement import Agreement, explains, measure, percent
from cnnvis_widgets.peers.case import OurMaps, original_file
from cnnvis_widgets.peers.contract import Case, Counterpart, Library, Outcome, Task
from cnnvis_widgets.peers.definitions import Ours
from cnnvis_widgets.peers.forms import FORMS
from cnnvis_widgets.peers.verdicts import Evidence, Verdict, judge
from cnnvis_widgets.registry import discover

if TYPE_CHECKING:
    from cnnvis_widgets.progress import Progress

SECONDS = 600.0
SCORES = ("softmax", "sigmoid", "log-softmax")


@dataclass(frozen=True)
class OnScore:
    """A library's result on the unmodified model, with its softmax.

    Attributes:
        agreement: of its map with our map of the logit.
        proven: whether it is our map of the probability, which explains the difference.
        words: the difference.
    """

    agreement: Agreement
    proven: bool
    words: str


@dataclass(frozen=True, eq=False)
class Row:
    """The comparison of one method of one library.

    Attributes:
        method: our method's name.
        title: our method's title.
        library: the library's name.
        call: code of the library's call.
        form: the form of the compared maps, in words.
        verdict: the result.
        agreement: the numbers; None without a map of both.
        on_score: the result on the unmodified model, or None.
        seconds: the library's time.
        warnings: its own warnings.
        theirs: float32 map, for a picture; None without one.
        ours: the same of ours.
    """

    method: str
    title: str
    library: str
    call: str
    form: str
    verdict: Verdict
    agreement: Agreement | None = None
    on_score: OnScore | None = None
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    theirs: np.ndarray | None = field(default=None, repr=False)
    ours: np.ndarray | None = field(default=None, repr=False)

    @property
    def by_rank(self) -> bool:
        """Whether only the order of the pixels can be compared."""
        return self.form == FORMS["rank"][0]


@dataclass(frozen=True, eq=False)
class Comparison:
    """All rows of one case.

    Attributes:
        case: what was compared.
        versions: library → version.
        remarks: library → how the network came to it, or why it could not, in sentences.
        rows: in the order of our methods.
        absent: libraries that are not installed, or could not be asked → why.
    """

    case: Case
    versions: Mapping[str, str]
    remarks: Mapping[str, str]
    rows: tuple[Row, ...]
    absent: Mapping[str, str]


@cache
def libraries() -> dict[str, Library]:
    """Every library that can be compared with, installed or not."""
    import cnnvis_widgets.peers.libraries as room

    return {name: cls() for name, cls in discover(room, Library).items()}


def installed(names: Sequence[str] | None = None) -> tuple[dict[str, Library], dict[str, str]]:
    """The available libraries, and why the others are not available.

    Args:
        names: the requested libraries; None is all.

    Raises:
        UnknownNameError: no such library.
        UnsuitableError: none of them is installed.
    """
    all_libraries = libraries()
    for name in names or ():
        if name not in all_libraries:
            raise UnknownNameError.of("library to compare with", name, all_libraries)
    selected = {
        name: library for name, library in all_libraries.items() if names is None or name in names
    }
    absent: dict[str, str] = {}
    for name, library in selected.items():
        if library.version() is None:
            absent[name] = f"{name} is not installed: {library.install}"
        elif reason := library.missing():
            absent[name] = reason
    if len(absent) == len(selected):
        raise UnsuitableError(
            "There is nothing to compare with. " + ". ".join(absent.values()) + ". Any one of them "
            "is enough; none is a dependency of this package."
        )
    return {name: library for name, library in selected.items() if name not in absent}, absent


def methods_of(libraries: Mapping[str, Library], names: Sequence[str] | None) -> list[str]:
    """Our methods that these libraries implement, in the order of menus.

    Raises:
        UnknownNameError: a method that none of them implements.
    """
    shared = {
        counterpart.method for library in libraries.values() for counterpart in library.counterparts
    }
    for name in names or ():
        if name not in shared:
            kind = f"method that {', '.join(libraries)} has too"
            raise UnknownNameError.of(kind, name, sorted(shared))
    return [name for name in all_methods() if name in (names or shared) and name in shared]


def compare(
    case: Case,
    libraries: Mapping[str, Library],
    methods: Sequence[str],
    absent: Mapping[str, str] | None = None,
    progress: Progress = lambda count, total: None,
    seconds: float = SECONDS,
) -> Comparison:
    """Run every method of every library, and compare each map.

    Args:
        case: the network, picture and class.
        libraries: the libraries.
        methods: ours, by name.
        absent: libraries that are not available → why.
        progress: called with (completed maps, all maps).
        seconds: the time limit of each library; further methods do not run.
    """
    ours = OurMaps(case)
    counterparts = {
        name: [c for m in methods for c in peer.counterparts if c.method == m]
        for name, peer in libraries.items()
    }
    total, count = sum(map(len, counterparts.values())), 0
    rows: list[Row] = []
    remarks: dict[str, str] = {}
    progress(0, total)
    for name, library in libraries.items():
        session = _Session(library, ours, seconds)
        try:
            remarks[name] = session.remarks
            for counterpart in counterparts[name]:
                if session.can_be_asked(counterpart):
                    rows.append(session.row(counterpart))
                count += 1
                progress(count, total)
        finally:
            library.close()
    order = {name: number for number, name in enumerate(methods)}
    rows.sort(key=lambda row: order[row.method])
    versions = {name: peer.version() or "" for name, peer in libraries.items()}
    return Comparison(case, versions, remarks, tuple(rows), dict(absent or {}))


class _Session:
    """The comparison of one library on one case."""

    def __init__(self, library: Library, ours: OurMaps, seconds: float) -> None:
        self._library, self._our_maps, self._case = library, ours, ours.case
        self._deadline = time.monotonic() + seconds
        self._our_engine = Ours(ours.case, ours.input)
        self._seconds = seconds
        self._task: Task | None = None
        self._unmodified_task: Task | None = None
        self.remarks = ""
        try:
            self._task = self._new_task(before_scores=True)
            self.remarks = library.prepare(self._task)
        except UnsuitableError as error:
            self._task, self.remarks = None, str(error)
        self.remarks = " ".join(remark for remark in (self.remarks, self._about_advice()) if remark)

    def can_be_asked(self, counterpart: Counterpart) -> bool:
        """Whether there is a model for it: one without softmax, or the unmodified one."""
        return self._task is not None or (counterpart.on_given and self._ends_in_score)

    @property
    def _ends_in_score(self) -> bool:
        return self._case.network.structure.output_kind in SCORES

    def _about_advice(self) -> str:
        """Test numerically whether the guide's advice about softmax works on this model."""
        library, network = self._library, self._case.network
        if not library.advice or not self._ends_in_score:
            return ""
        try:
            model = self._new_task(before_scores=False).model
            library.follow_advice(model)
            batch = self._our_maps.input[None]
            copied = np.asarray(model(batch, training=False), np.float32)
            answer = measure(copied, network.outputs(batch)[0])
        except UnsuitableError:  # the model cannot be copied
            return ""
        except Exception as error:  # of any type, on an unexpected model
            return f"Its guide's {library.advice} raised {type(error).__name__}: {gist(error)}."
        kind = network.structure.output_kind
        if answer.same:
            return f"Its guide's {library.advice} finds the value before this {kind}."
        return (
            f"Its guide's {library.advice} does not find the value before this {kind}: a user who "
            "follows it explains something else without being told."
        )

    def row(self, counterpart: Counterpart) -> Row:
        """Run one method and compare its map."""
        method = all_methods()[counterpart.method]
        name, form = self._library.name, FORMS[counterpart.form][0]
        make_row = partial(Row, method.name, method.title, name, counterpart.call, form)
        if self._case.layer == "" and "layer" in {p.name for p in method.parameters}:
            return make_row(Verdict("absent", "not asked: the network has no layer of maps"))
        try:
            attribution = self._our_maps.of(method.name).attribution
        except CnnvisError as error:
            return make_row(Verdict("ours", f"ours refuses: {error}"))
        on_score = self._on_score(counterpart)
        if self._task is None:
            return make_row(Verdict("absent", "not asked", self.remarks), on_score=on_score)
        outcome = self._ask(counterpart, self._task)
        make_row = partial(
            make_row, on_score=on_score, seconds=outcome.seconds, warnings=outcome.warnings
        )
        ours = self._form(counterpart, attribution)
        theirs, reason = usable(outcome, ours)
        if theirs is None:
            if not self._library.own_process:  # the model may have been changed
                self._task = self._new_task(before_scores=True)
            return make_row(Verdict("raised", reason))
        evidence = self._evidence(counterpart, outcome)
        agreement, verdict = judge(theirs, ours, counterpart, outcome.reached, evidence)
        return make_row(verdict, agreement, theirs=theirs, ours=ours)

    def _ask(self, counterpart: Counterpart, task: Task) -> Outcome:
        if time.monotonic() > self._deadline:
            message = f"not asked: the time of {self._seconds:.0f} s was used up"
            return Outcome(error=message)
        return self._library.ask(counterpart, task)

    def _form(self, counterpart: Counterpart, attribution: Any) -> np.ndarray:
        return FORMS[counterpart.form][1](attribution, self._our_maps.input.shape[:2])

    def _evidence(self, counterpart: Counterpart, outcome: Outcome) -> Evidence:
        from cnnvis_widgets.backend.coverage_report import relus

        def shaped(method: str, seed: int | None = None) -> np.ndarray:
            return self._form(counterpart, self._our_maps.of(method, seed).attribution)

        return Evidence(
            definition=lambda known: known.definition(self._our_engine),
            other_seed=lambda: shaped(counterpart.method, self._case.settings.seed + 1),
            moved=lambda: self._moved(counterpart),
            plain=lambda: shaped("saliency"),
            relus=lambda: relus(self._case.network.structure),
        )

    def _moved(self, counterpart: Counterpart) -> float:
        """How much our map changes when the picture is perturbed slightly; see `Evidence`."""
        ours = self._form(counterpart, self._our_maps.of(counterpart.method).attribution)
        moved = (
            self._form(counterpart, moved_map.attribution)
            for moved_map in self._our_maps.of_moved(counterpart.method)
        )
        return max(measure(moved_map, ours).difference for moved_map in moved)

    def _on_score(self, counterpart: Counterpart) -> OnScore | None:
        """The method on the unmodified model, if that ends in softmax or sigmoid."""
        if not counterpart.on_given or not self._ends_in_score:
            return None
        if self._unmodified_task is None:
            try:
                self._unmodified_task = self._new_task(before_scores=False)
            except UnsuitableError:
                return None
        outcome = self._ask(counterpart, self._unmodified_task)
        ours = self._form(counterpart, self._our_maps.of(counterpart.method).attribution)
        theirs, _ = usable(outcome, ours)
        if theirs is None:
            self._unmodified_task = None
            return None
        try:
            of_score = self._our_maps.of_score(counterpart.method).attribution
        except CnnvisError:  # the score is saturated
            return None
        return judge_on_score(theirs, ours, self._form(counterpart, of_score))

    def _new_task(self, before_scores: bool) -> Task:
        from cnnvis_widgets.backend.variants import peer_models

        network = self._case.network
        make = peer_models.before_scores if before_scores else peer_models.as_it_is
        logits, scores = network.outputs(self._our_maps.input[None])
        return Task(
            model=make(network),
            input=self._our_maps.input,
            unit=self._case.unit,
            units=logits.shape[-1],
            layer=self._case.layer,
            settings=self._case.settings,
            expected=(logits if before_scores else scores)[0],
            original=original_file(network),
            seconds=self._seconds,
        )


def judge_on_score(theirs: np.ndarray, ours: np.ndarray, score: np.ndarray) -> OnScore:
    """The verdict on a library's map of the unmodified model.

    Args:
        theirs: the library's map.
        ours: our map of the logit.
        score: our map of the model's output.
    """
    agreement, on_score = measure(theirs, ours), measure(theirs, score)
    if agreement.same:
        return OnScore(agreement, False, "is the same")
    differs = f"differs by {percent(agreement.difference)}"
    if agreement.same_but_for_scale:
        differs = f"has the same pattern, × {agreement.factor:.3g}"
    elif agreement.correlation is not None:
        differs += f" (rank correlation {agreement.correlation:.3f})"
    return OnScore(agreement, explains(on_score, agreement), differs)


def usable(outcome: Outcome, ours: np.ndarray) -> tuple[np.ndarray | None, str]:
    """A library's map if it can be compared with ours; otherwise None and the reason."""
    values = outcome.values
    if values is None:
        not_asked = outcome.error.startswith("not asked")
        return None, outcome.error if not_asked else f"raised {outcome.error}"
    if values.shape != ours.shape:
        return None, f"gave a map of the shape {values.shape}; ours has {ours.shape}"
    if not np.isfinite(values).all():
        return None, "gave values that are NaN or infinite"
    return values, ""
