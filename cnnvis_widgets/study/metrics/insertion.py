"""Insertion: how fast the response rises when the pixels with the largest values are inserted."""

from __future__ import annotations

from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.study.contract import Case, Metric, Score
from cnnvis_widgets.study.curves import OF, STEPS, SUBSTRATES, inputs, scored


class Insertion(Metric):
    """The area under the class' probability while pixels are inserted, the largest values first."""

    name = "insertion"
    title = "Insertion"
    summary = "how fast the answer rises when the pixels with the largest values come"
    paper = (
        "Petsiuk, Das & Saenko, RISE: Randomized Input Sampling for Explanation of Black-box "
        "Models, BMVC 2018, arXiv:1806.07421"
    )
    order = 80
    needs = ("network",)
    better = "higher"
    perfect = "near 1: the first few pixels that come bring the answer"
    chance = "the area for pixels in random order: the baseline `noise`"
    reads = "as it is"
    sensitive = (
        "What they come into: a blur keeps large objects recognisable, so that the curve may start "
        "high. The blur is RISE's 11 × 11 with σ = 5 for 224 pixels, in proportion elsewhere."
    )
    parameters = (
        STEPS,
        Parameter(
            "substrate",
            "Before they come",
            "choice",
            "blur",
            "blur (as RISE does it), zero (of the network's input), black, grey, white or mean",
            choices=SUBSTRATES,
        ),
        OF,
    )

    def score(self, case: Case) -> Score:
        """Score the curve from the substrate to the picture."""
        substrate = case.parameters["substrate"]
        picture, start = inputs(case, substrate)
        return scored(case, start, picture, substrate)
