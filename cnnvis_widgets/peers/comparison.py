"""Runs what is installed of other libraries beside ours on one picture."""

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
    """What a library says of the model as it is, softmax included.

    Attributes:
        agreement: its map beside ours of the value before the softmax.
        proven: whether it is our map of the probability, so that this is the whole reason.
        words: how it differs.
    """

    agreement: Agreement
    proven: bool
    words: str


@dataclass(frozen=True, eq=False)
class Row:
    """One method of one library beside ours.

    Attributes:
        method: ours, by name.
        title: ours, in print.
        library: theirs.
        call: what of theirs was called.
        form: in which form the two were compared, in words.
        verdict: what came out.
        agreement: the numbers; None where there is no map of theirs, or of ours.
        on_score: the same on the model as it is; None where that was not tried.
        seconds: that theirs took.
        said: its own warnings.
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
    said: tuple[str, ...] = ()
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
        told: library → how the network came to it, or why it could not, in sentences.
        rows: in the order of our methods.
        absent: libraries that are not installed, or could not be asked → why.
    """

    case: Case
    versions: Mapping[str, str]
    told: Mapping[str, str]
    rows: tuple[Row, ...]
    absent: Mapping[str, str]


@cache
def libraries() -> dict[str, Library]:
    """Every library that can be compared with, installed or not."""
    import cnnvis_widgets.peers.libraries as room

    return {name: cls() for name, cls in discover(room, Library).items()}


def installed(names: Sequence[str] | None = None) -> tuple[dict[str, Library], dict[str, str]]:
    """The libraries that can be asked, and why the others cannot.

    Args:
        names: which are wanted; None is all.

    Raises:
        UnknownNameError: no such library.
        UnsuitableError: none of them is installed.
    """
    known = libraries()
    for name in names or ():
        if name not in known:
            raise UnknownNameError.of("library to compare with", name, known)
    wanted = {name: one for name, one in known.items() if names is None or name in names}
    absent: dict[str, str] = {}
    for name, one in wanted.items():
        if one.version() is None:
            absent[name] = f"{name} is not installed: {one.install}"
        elif why := one.missing():
            absent[name] = why
    if len(absent) == len(wanted):
        raise UnsuitableError(
            "There is nothing to compare with. " + ". ".join(absent.values()) + ". Any one of them "
            "is enough; none is a dependency of this package."
        )
    return {name: one for name, one in wanted.items() if name not in absent}, absent


def methods_of(libraries: Mapping[str, Library], wanted: Sequence[str] | None) -> list[str]:
    """Our methods that these libraries have too, in the order of menus.

    Raises:
        UnknownNameError: one that none of them has.
    """
    shared = {part.method for one in libraries.values() for part in one.counterparts}
    for name in wanted or ():
        if name not in shared:
            kind = f"method that {', '.join(libraries)} has too"
            raise UnknownNameError.of(kind, name, sorted(shared))
    return [name for name in all_methods() if name in (wanted or shared) and name in shared]


def compare(
    case: Case,
    asked: Mapping[str, Library],
    methods: Sequence[str],
    absent: Mapping[str, str] | None = None,
    progress: Progress = lambda done, total: None,
    seconds: float = SECONDS,
) -> Comparison:
    """Run every method of every library, and judge each map.

    Args:
        case: the network, picture and class.
        asked: the libraries.
        methods: ours, by name.
        absent: libraries that cannot be asked → why, to be told.
        progress: called with (maps so far, maps in all).
        seconds: for each library; what is left then is not asked.
    """
    ours = OurMaps(case)
    parts = {
        name: [c for m in methods for c in one.counterparts if c.method == m]
        for name, one in asked.items()
    }
    total, done = sum(map(len, parts.values())), 0
    rows: list[Row] = []
    told: dict[str, str] = {}
    progress(0, total)
    for name, library in asked.items():
        session = _Session(library, ours, seconds)
        try:
            told[name] = session.told
            for counterpart in parts[name]:
                if session.can_be_asked(counterpart):
                    rows.append(session.row(counterpart))
                done += 1
                progress(done, total)
        finally:
            library.close()
    order = {name: number for number, name in enumerate(methods)}
    rows.sort(key=lambda row: order[row.method])
    versions = {name: one.version() or "" for name, one in asked.items()}
    return Comparison(case, versions, told, tuple(rows), dict(absent or {}))


class _Session:
    """One library, asked about one case."""

    def __init__(self, library: Library, ours: OurMaps, seconds: float) -> None:
        self._library, self._ours, self._case = library, ours, ours.case
        self._until = time.monotonic() + seconds
        self._computing = Ours(ours.case, ours.input)
        self._seconds = seconds
        self._task: Task | None = None
        self._given: Task | None = None
        self.told = ""
        try:
            self._task = self._new_task(before_scores=True)
            self.told = library.prepare(self._task)
        except UnsuitableError as error:
            self._task, self.told = None, str(error)
        self.told = " ".join(said for said in (self.told, self._about_advice()) if said)

    def can_be_asked(self, counterpart: Counterpart) -> bool:
        """Whether there is a model for it: one that ends before its softmax, or that it is."""
        return self._task is not None or (counterpart.on_given and self._ends_in_score)

    @property
    def _ends_in_score(self) -> bool:
        return self._case.network.structure.output_kind in SCORES

    def _about_advice(self) -> str:
        """Whether what its guide says of softmax works on this model, tried by numbers."""
        library, network = self._library, self._case.network
        if not library.advice or not self._ends_in_score:
            return ""
        try:
            model = self._new_task(before_scores=False).model
            library.follow_advice(model)
            batch = self._ours.input[None]
            given = np.asarray(model(batch, training=False), np.float32)
            answer = measure(given, network.outputs(batch)[0])
        except UnsuitableError:  # there is no copy to try it on
            return ""
        except Exception as error:  # whatever it raises on a model that it does not expect
            return f"Its guide's {library.advice} raised {type(error).__name__}: {gist(error)}."
        kind = network.structure.output_kind
        if answer.same:
            return f"Its guide's {library.advice} finds the value before this {kind}."
        return (
            f"Its guide's {library.advice} does not find the value before this {kind}: a user who "
            "follows it explains something else without being told."
        )

    def row(self, counterpart: Counterpart) -> Row:
        """Ask one method and judge what comes."""
        method = all_methods()[counterpart.method]
        name, form = self._library.name, FORMS[counterpart.form][0]
        made = partial(Row, method.name, method.title, name, counterpart.call, form)
        if self._case.layer == "" and "layer" in {p.name for p in method.parameters}:
            return made(Verdict("absent", "not asked: the network has no layer of maps"))
        try:
            attribution = self._ours.of(method.name).attribution
        except CnnvisError as error:
            return made(Verdict("ours", f"ours refuses: {error}"))
        on_score = self._on_score(counterpart)
        if self._task is None:
            return made(Verdict("absent", "not asked", self.told), on_score=on_score)
        outcome = self._ask(counterpart, self._task)
        made = partial(made, on_score=on_score, seconds=outcome.seconds, said=outcome.said)
        ours = self._form(counterpart, attribution)
        theirs, why = usable(outcome, ours)
        if theirs is None:
            if not self._library.own_process:  # it may have left its copy changed
                self._task = self._new_task(before_scores=True)
            return made(Verdict("raised", why))
        evidence = self._evidence(counterpart, outcome)
        agreement, verdict = judge(theirs, ours, counterpart, outcome.reached, evidence)
        return made(verdict, agreement, theirs=theirs, ours=ours)

    def _ask(self, counterpart: Counterpart, task: Task) -> Outcome:
        if time.monotonic() > self._until:
            why = f"not asked: the time of {self._seconds:.0f} s was used up"
            return Outcome(error=why)
        return self._library.ask(counterpart, task)

    def _form(self, counterpart: Counterpart, attribution: Any) -> np.ndarray:
        return FORMS[counterpart.form][1](attribution, self._ours.input.shape[:2])

    def _evidence(self, counterpart: Counterpart, outcome: Outcome) -> Evidence:
        from cnnvis_widgets.backend.coverage_report import relus

        def shaped(method: str, seed: int | None = None) -> np.ndarray:
            return self._form(counterpart, self._ours.of(method, seed).attribution)

        return Evidence(
            definition=lambda known: known.definition(self._computing),
            other_seed=lambda: shaped(counterpart.method, self._case.settings.seed + 1),
            moved=lambda: self._moved(counterpart),
            plain=lambda: shaped("saliency"),
            relus=lambda: relus(self._case.network.structure),
        )

    def _moved(self, counterpart: Counterpart) -> float:
        """How far our map moves when the picture moves by a little; see `Evidence`."""
        ours = self._form(counterpart, self._ours.of(counterpart.method).attribution)
        moved = (
            self._form(counterpart, one.attribution)
            for one in self._ours.of_moved(counterpart.method)
        )
        return max(measure(one, ours).difference for one in moved)

    def _on_score(self, counterpart: Counterpart) -> OnScore | None:
        """The same method on the model as it is, where that ends in softmax or sigmoid."""
        if not counterpart.on_given or not self._ends_in_score:
            return None
        if self._given is None:
            try:
                self._given = self._new_task(before_scores=False)
            except UnsuitableError:
                return None
        outcome = self._ask(counterpart, self._given)
        ours = self._form(counterpart, self._ours.of(counterpart.method).attribution)
        theirs, _ = usable(outcome, ours)
        if theirs is None:
            self._given = None
            return None
        try:
            of_score = self._ours.of_score(counterpart.method).attribution
        except CnnvisError:  # so sure that nothing changes its score any more
            return None
        return told_on_score(theirs, ours, self._form(counterpart, of_score))

    def _new_task(self, before_scores: bool) -> Task:
        from cnnvis_widgets.backend.variants import peer_models

        network = self._case.network
        make = peer_models.before_scores if before_scores else peer_models.as_it_is
        logits, scores = network.outputs(self._ours.input[None])
        return Task(
            model=make(network),
            input=self._ours.input,
            unit=self._case.unit,
            units=logits.shape[-1],
            layer=self._case.layer,
            settings=self._case.settings,
            wanted=(logits if before_scores else scores)[0],
            original=original_file(network),
            seconds=self._seconds,
        )


def told_on_score(theirs: np.ndarray, ours: np.ndarray, score: np.ndarray) -> OnScore:
    """What is said of a library's map of the model as it is.

    Args:
        theirs: its map.
        ours: of the value before the softmax.
        score: ours of what the model gives.
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
    """A library's map if it can be compared with ours; else None, and why not."""
    values = outcome.values
    if values is None:
        asked = outcome.error.startswith("not asked")
        return None, outcome.error if asked else f"raised {outcome.error}"
    if values.shape != ours.shape:
        return None, f"gave a map of the shape {values.shape}; ours has {ours.shape}"
    if not np.isfinite(values).all():
        return None, "gave values that are NaN or infinite"
    return values, ""
