"""The class of visitors in benchmarks/: what is said of one, and its simulation on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks_path import importable

__all__ = ["importable"]


def test_median_and_95th_percentile_of_waiting_times() -> None:
    from crowd import Quantiles

    values = [float(n) for n in range(1, 101)]
    assert Quantiles.of(values) == pytest.approx((50.5, np.percentile(values, 95)))
    assert Quantiles.of([3.0]) == (3.0, 3.0)
    assert Quantiles.of([]) == (0.0, 0.0)


def test_processes_of_the_app_are_told_apart() -> None:
    from crowd import kind

    python = "/usr/bin/python"
    assert kind([python, "-m", "cnnvis_widgets.cli", "app"], "") == "server"
    nursery = [python, "-m", "cnnvis_widgets.serving.kernel_fork_server", "IPython"]
    assert kind(nursery, "server") == "nursery"
    assert kind(nursery, "nursery") == "kernels"
    assert kind([python, "-m", "ipykernel_launcher", "-f", "x"], "server") == "kernels"
    cluster = [python, "-m", "cnnvis_widgets.engine.shared.cluster", "tcp://127.0.0.1:0"]
    assert kind(cluster, "server") == "scheduler"
    spawned = [python, "-c", "from multiprocessing.spawn import spawn_main"]
    assert kind(spawned, "scheduler") == "workers"


def test_a_visitor_waits_for_components_that_an_explorer_has() -> None:
    """Of another name they would never come: all visits would be refused after a minute."""
    from engine_double import EngineDouble
    from visitor import TRAIT_OF, VIEW

    from cnnvis_widgets.widgets import Explorer

    explorer = Explorer(engine=EngineDouble())
    try:
        components = {type(part).__name__ for part in vars(explorer).values()}
        assert {*TRAIT_OF.values(), VIEW} <= components
    finally:
        explorer.close()


def test_an_outcome_is_a_line_of_the_table() -> None:
    from browser_visitor import BrowserVisitor
    from crowd import HEAD, Sample, outcome
    from visitor import Visitor

    visitors = [Visitor("http://127.0.0.1:1", "explorer.ipynb", seed) for seed in range(2)]
    for number, one in enumerate(visitors):
        one.controls, one.first_picture = 1.0 + number, 3.0 + number
        one.changes = [("class", 0.1), ("method", 0.3)]
    visitors[1].errors.append("the line broke")
    small = Sample({"server": 1 << 30}, {"server": 1}, {"server": 1.0})
    more = {"server": 1 << 30, "kernels": 100 << 20}
    large = Sample(more, {"server": 1, "kernels": 2}, {"server": 3.0})
    left = Sample(small.pss, small.processes, {"server": 3.5, "kernels": 0.5})
    class_ = outcome(visitors, small, large, left)
    row = class_.rows()
    assert row == "| 2 | 1.50 / 1.95 | 3.50 / 3.95 | 0.20 / 0.30 | 4 | 1 | 1.10 | 50 | 1.5 |"
    assert row.count("|") == HEAD.splitlines()[0].count("|")

    pages = [BrowserVisitor("http://127.0.0.1:1/page") for _ in range(2)]
    for page in pages:
        page.controls, page.first_picture, page.changes = 2.0, 4.0, [("class", 0.5)]
    others, in_chromium = class_._replace(pages=pages).rows().splitlines()
    assert others.endswith("| 1.10 | 25 | 0.8 |")  # shared among four visits
    assert in_chromium.startswith("| + 2 in Chromium | 2.00 / 2.00 | 4.00 / 4.00 | 0.50 / 0.50 | 2")
    assert in_chromium.count("|") == row.count("|")


# The simulation of a class, on durations whose outcome is worked out on paper.

OPENING = {"server": 0.1, "kernel": 0.3, "scheduler": 0.02, "client": 5.0}
CHANGE = {"server": 0.01, "kernel": 0.04, "scheduler": 0.002, "client": 5.0}
WORK = {
    "predict": [0.2],
    **{
        method: [0.4]
        for method in ("saliency", "grad_cam", "guided_backprop", "deconvnet", "guided_grad_cam")
    },
}


def seen(**setting: Any) -> Any:
    import class_model

    costs = class_model.Costs(OPENING, CHANGE, WORK)
    return class_model.simulate(
        costs, class_model.Setting(**{"seconds": 0, "within": 0, **setting})
    )


def test_one_visitor_waits_for_one_thing_after_the_other() -> None:
    alone = seen(visitors=1)
    assert alone.controls.median == pytest.approx(0.42)
    # The one worker predicts, then explains; two do both at once.
    assert alone.first_picture.median == pytest.approx(0.42 + 0.2 + 0.4)
    assert seen(visitors=1, workers=2).first_picture.median == pytest.approx(0.82)
    assert alone.kept == 0
    # The work of one of two cores until the visitor leaves, a rest of up to 5 s included.
    assert 1.02 / (2 * 6.02) <= alone.busy <= 0.5


def test_pages_are_served_one_after_the_other_and_equal_requests_computed_once() -> None:
    # Sixteen cores: kernels do not wait, only the server's thread and the scheduler do.
    many = seen(visitors=10, cores=16, workers=4)
    # The last page has waited for nine others.
    assert many.controls.high <= 10 * 0.1 + 0.3 + 0.02 + 1e-9
    assert many.controls.median == pytest.approx((5 * 0.1 + 6 * 0.1) / 2 + 0.32)
    assert many.kept == pytest.approx(18 / 20)
    # Two machines serve half of them each.
    two = seen(visitors=10, cores=16, workers=4, machines=2)
    assert two.controls.median == pytest.approx(3 * 0.1 + 0.32, abs=0.021)


def test_a_core_is_shared() -> None:
    import class_model

    # Without the server's thread, four kernels of 0.3 s on one core are there after 1.2 s.
    opening = {**OPENING, "server": 0.0, "scheduler": 0.0}
    costs = class_model.Costs(opening, CHANGE, WORK)
    setting = class_model.Setting(visitors=4, within=0, seconds=0, cores=1)
    controls = class_model.simulate(costs, setting).controls
    assert controls.high == pytest.approx(1.2, abs=4 * class_model.SLICE)
    assert controls.median > 1.2 - 4 * class_model.SLICE


def test_a_change_takes_its_own_costs_and_kept_answers_none() -> None:
    import class_model

    costs = class_model.Costs(OPENING, CHANGE, WORK)
    setting = class_model.Setting(visitors=1, within=0, seconds=5000, every=1)
    long = class_model.simulate(costs, setting)
    assert long.changes > 4000
    # All 250 maps are kept after a while: then only the page's own part remains.
    assert long.change.median == pytest.approx(0.052)
    assert long.kept > 0.9


def test_the_visitors_own_work_counts_only_where_it_is_done_on_the_machine() -> None:
    assert seen(visitors=1, clients=True).controls.median == pytest.approx(5.42)
