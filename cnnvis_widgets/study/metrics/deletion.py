"""Deletion: how fast the response falls when the pixels with the largest values are removed."""

from __future__ import annotations

from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.study.contract import Case, Metric, Score
from cnnvis_widgets.study.curves import OF, STEPS, SUBSTRATES, inputs, scored


class Deletion(Metric):
    """The area under the class' probability while pixels are removed, the largest values first."""

    name = "deletion"
    title = "Deletion"
    summary = "how fast the answer falls when the pixels with the largest values go"
    paper = (
        "Petsiuk, Das & Saenko, RISE: Randomized Input Sampling for Explanation of Black-box "
        "Models, BMVC 2018, arXiv:1806.07421"
    )
    order = 70
    needs = ("network",)
    better = "lower"
    perfect = "near 0: the first few pixels that go take the answer with them"
    chance = "the area for pixels in random order: the baseline `noise`"
    reads = "as it is"
    sensitive = (
        "What replaces a pixel (the network may take a black patch for an object), and "
        "the number of steps. Scattered pixels destroy texture faster than a region of the same "
        "size, so that noisy maps win without pointing at anything."
    )
    parameters = (
        STEPS,
        Parameter(
            "substrate",
            "In their place",
            "choice",
            "zero",
            "zero (of the network's input, as RISE does it), black, grey, white, mean or blur",
            choices=SUBSTRATES,
        ),
        OF,
    )

    def score(self, case: Case) -> Score:
        """Score the curve from the picture to the substrate."""
        substrate = case.parameters["substrate"]
        return scored(case, *inputs(case, substrate), substrate)
