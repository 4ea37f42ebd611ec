"""The randomiser without a browser: what is sent and what is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.study.cascading_randomization import Forgetting
from cnnvis_widgets.widgets import Randomiser


def forgetting() -> Forgetting:
    maps = [np.eye(6, dtype=np.float32), np.zeros((6, 6), np.float32), np.eye(6, dtype=np.float32)]
    return Forgetting(
        ("top", "conv"), np.full((6, 6, 3), 99, np.uint8), (0.9, 0.2, 0.1),
        {"grad_cam": maps}, {"grad_cam": [1.0, None, 0.5]}, {"grad_cam": [1.0, None, -0.5]},
    )  # fmt: skip


def test_every_stage_has_its_map():
    widget = Randomiser(forgetting(), titles={"grad_cam": "Grad-CAM"})
    (one,) = widget._maps
    assert (one["title"], one["zero"], one["alike"]) == (
        "Grad-CAM",
        [False, True, False],
        [1, None, 0.5],
    )
    assert [stage["layer"] for stage in widget._stages] == ["", "top", "conv"]
    frames = [np.asarray(Image.open(io.BytesIO(data))) for data in one["frames"]]
    assert frames[0].shape == (192, 192, 3)
    assert np.ptp(frames[0][:, :, 0].astype(int)) > 50  # the diagonal
    assert np.ptp(frames[1].astype(int), axis=(0, 1)).max() < 12  # nothing


@pytest.mark.parametrize("count", [-1, 3, 0.5, "all"])
def test_more_layers_than_there_are_are_refused(count):
    widget = Randomiser(forgetting(), random=2)
    with pytest.raises(InvalidValueError, match="0 to 2; got"):
        widget.random = count
    assert widget.random == 2
    widget.set_state({"random": count})
    assert widget.random == 2
    assert "0 to 2" in widget.error


def test_nothing_to_show_is_refused():
    with pytest.raises(InvalidValueError, match="at least one method"):
        Randomiser(forgetting()._replace(heatmaps={}))
