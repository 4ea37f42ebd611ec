"""Which of two networks cheats? An honest and a cheating one explain the same picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from cnnvis_widgets.engine import Engine, listings
from cnnvis_widgets.engine.evidence import (
    CHEATED,
    CLASSES,
    DrawnPicture,
    Honesty,
    Judge,
    drawn_picture,
)
from cnnvis_widgets.engine.requests import (
    Explain,
    NetworkFacts,
    Neuron,
    Open,
    PageExplanation,
    Predict,
)
from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.widgets.course.scene_controls import SceneControls
from cnnvis_widgets.widgets.explorer.explanation_view import ExplanationView
from cnnvis_widgets.widgets.explorer.explorer_answer import show_answer
from cnnvis_widgets.widgets.explorer.explorer_header import ExplorerHeader
from cnnvis_widgets.widgets.explorer.explorer_records import fact, method_records
from cnnvis_widgets.widgets.explorer.method_picker import MethodPicker
from cnnvis_widgets.widgets.explorer.network_picker import NetworkPicker
from cnnvis_widgets.widgets.toolkit.composed import Composed
from cnnvis_widgets.widgets.toolkit.quiz import Quiz

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import Prediction

SIDES = ("A", "B")
VERSION = "cheating"


WORK = {
    "open": "loading the networks",
    "say": "classifying the picture",
    "explain": "explaining the answers",
    "judge": "testing the networks on fresh pictures",
}


class ShortcutQuiz(Composed, ipywidgets.Box):
    """Two networks of one kind, one of which was trained with snow under one class only.

    Both classify the same drawn picture, and both are explained for its class by the same method.
    The learner guesses which one cheats; then their names are shown, with their accuracy on new
    pictures with and without snow.

    Args:
        network: the first kind, a network of the zoo that has a cheating version.
        method: the first method.
        seed: of the side of the cheating network, and of the first picture.
        engine: runs the requests; by default the engine that all widgets of this process share.

    Attributes:
        scene: `SceneControls`, the picture.
        networks: `NetworkPicker`, the kind.
        methods: `MethodPicker`.
        views: `ExplanationView` of network A and of network B.
        guess: `Quiz`, which one cheats.
        cheating: the side of the cheating network, 0 or 1.

    Raises:
        UnknownNameError: an unknown method, or not a network with two versions.
    """

    def __init__(
        self,
        network: str = "mini_vgg",
        method: str = "grad_cam",
        seed: int = 0,
        *,
        engine: Engine | None = None,
    ) -> None:
        self._connect(engine)
        self._honesty: tuple[Honesty, ...] = ()
        self._explanations: dict[int, PageExplanation] = {}
        self._answer_texts: dict[int, str] = {}
        self.cheating = int(np.random.default_rng(seed).integers(2))
        kinds = [record for record in listings.networks() if VERSION in record["versions"]]
        if network not in [record["name"] for record in kinds]:
            raise UnknownNameError.of(
                "network with two versions", network, [record["name"] for record in kinds]
            )
        self.header = ExplorerHeader(on_cancel=self.cancel)
        self.scene = SceneControls(list(CLASSES), chosen=CHEATED, seed=seed)
        records = [{"name": k["name"], "title": k["title"], "note": k["note"]} for k in kinds]
        self.networks = NetworkPicker(networks=records, value=network, label="Kind of network")
        self.methods = MethodPicker(methods=method_records({}), value=method)
        self.views = tuple(ExplanationView() for _ in SIDES)
        self.guess = self._new_guess()
        super().__init__(self._lay_out(), "cnnvis-shortcut-quiz")
        self.networks.observe(lambda _: self._another_kind(), "value")
        self.methods.observe(lambda _: self._explain(), "value")
        self.scene.observe(lambda _: self._another_picture(), ["chosen", "seed", "shortcut"])
        self._open()

    @property
    def names(self) -> tuple[str, str]:
        """The real names of network A and network B."""
        honest = self.networks.value
        pair = [honest, honest]
        pair[self.cheating] = f"{honest}:{VERSION}"
        return pair[0], pair[1]

    def cancel(self) -> None:
        """Cancel this widget's requests; what is shown stays."""
        super().cancel()
        self.header.working = ""
        for view in self.views:
            view.waiting("")

    def _parts(self) -> tuple[ipywidgets.Widget, ...]:
        return self.header, self.scene, self.networks, self.methods, self.guess, *self.views

    def _lay_out(self) -> list[ipywidgets.Widget]:
        top = ipywidgets.VBox([self.scene, self.networks, self.guess])
        both = ipywidgets.HBox(self.views)
        for part, area in (
            (self.header, "head"),
            (top, "top"),
            (both, "both"),
            (self.methods, "methods"),
        ):
            part.add_class(f"cnnvis-shortcut-quiz-{area}")
        return [self.header, top, self.methods, both]

    def _new_guess(self) -> Quiz:
        guess = Quiz(
            "Look at several pictures, with snow and without. Which of the two networks cheats?",
            [f"Network {side}" for side in SIDES],
            self.cheating,
            "It is being examined on fresh pictures …",
            label="Who cheats?",
        )
        guess.observe(lambda _: self._reveal(), "looked")
        return guess

    # Requests and their answers

    def _ask(self, concern: str, request: Any, done: Callable[[Any], None], part: Any) -> None:
        working = WORK[concern.split()[0]]
        self.header.working = working

        def finished(result: Any) -> None:
            done(result)
            if self.header.working == working:
                self.header.working = ""

        def failed(message: str) -> None:
            self.header.working = ""
            if isinstance(part, ExplanationView):
                part.fail(message)
            else:
                part.error = message

        self._submit(concern, request, finished, failed)

    def _open(self) -> None:
        self._ask("open", Open(self.networks.value), self._opened, self.networks)

    def _opened(self, facts: NetworkFacts) -> None:
        self.methods.methods = method_records(facts.unsuited)
        self.methods.value = self.methods.value or "grad_cam"
        self._another_picture()

    def _another_kind(self) -> None:
        with self._lock:
            self._honesty = ()
            self.guess.value, self.guess.looked = None, False
        self._open()

    def _another_picture(self) -> None:
        picture = self._picture().picture
        for side, name in enumerate(self.names):
            show_prediction = partial(self._show_prediction, side)
            self._ask(
                f"say {SIDES[side]}", Predict(name, picture, 1), show_prediction, self.networks
            )
        self._explain()

    def _picture(self) -> DrawnPicture:
        return drawn_picture(self.scene.seed, self.scene.chosen, self.scene.shortcut)

    def _show_prediction(self, side: int, predictions: list[Prediction]) -> None:
        self._answer_texts[side] = f"says {predictions[0].label}, {predictions[0].score:.0%}"
        self._show(side)

    def _explain(self) -> None:
        if not self.methods.value:
            return
        scene = self._picture()
        for side, name in enumerate(self.names):
            neuron = Neuron(None, scene.label)
            request = Explain(name, scene.picture, self.methods.value, neuron)
            self.views[side].waiting("computing")
            show_explanation = partial(self._explained, side)
            self._ask(f"explain {SIDES[side]}", request, show_explanation, self.views[side])
        if not self._honesty:
            self._ask("judge", Judge(self.names), self._judged, self.networks)

    def _explained(self, side: int, answer: PageExplanation) -> None:
        self._explanations[side] = answer
        self._show(side)

    def _judged(self, honesty: tuple[Honesty, ...]) -> None:
        self._honesty = honesty
        self.guess.because = self._verdict()

    def _reveal(self) -> None:
        with self._lock:
            for side in self._explanations:
                self._show(side)

    def _show(self, side: int) -> None:
        """Show the explanation of one side; name and code only after the learner has looked."""
        if side not in self._explanations:
            return
        answer, revealed = self._explanations[side], self.guess.looked
        method = fact(self.methods.methods, self.methods.value)
        about = CLASSES[self.scene.chosen]
        heading = f"Network {SIDES[side]}"
        if revealed:
            heading += f" ({self.names[side]})"
        title = f"{heading} {self._answer_texts.get(side, '')} · {method} of “{about}”"
        shown_answer = answer._replace(title=title, code=answer.code if revealed else "")
        alt = self._picture().alt
        show_answer(self.views[side], shown_answer, "drawn", alt, unfinished=False)

    def _verdict(self) -> str:
        cheated = CLASSES[CHEATED]
        lines = [
            f"Network {SIDES[self.cheating]} was trained where snow lay under every {cheated} and "
            "under nothing else; the other one saw snow under all classes. Right on "
            f"{Judge.count} fresh pictures of it:"
        ]
        for side, honesty in zip(SIDES, self._honesty, strict=True):
            lines.append(
                f"network {side} {honesty.with_snow:.0%} with snow and {honesty.without_snow:.0%} "
                f"without (with snow, it takes {honesty.lured:.0%} of the others for it);"
            )
        return " ".join(lines).rstrip(";") + "."
