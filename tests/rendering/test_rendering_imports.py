from __future__ import annotations

import subprocess
import sys

import pytest

import cnnvis_widgets.rendering as rendering

HEAVY = ("matplotlib", "tensorflow", "keras", "skimage", "IPython", "ipywidgets")


def loaded(statement: str) -> set[str]:
    """The heavy packages that a fresh process has loaded after ``statement``."""
    code = f"{statement}\nimport sys\nprint(*sorted(set(sys.modules) & {set(HEAVY)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_pictures_need_numpy_and_pillow_alone() -> None:
    assert not loaded(
        "import numpy as np\n"
        "from cnnvis_widgets.rendering import Scale, overlay, png_bytes, describe, color_bar\n"
        "from cnnvis_widgets.rendering import pictures, scales, colormaps, contours\n"
        "heatmap = np.eye(5, 4)\n"
        "png_bytes(overlay(np.zeros((5, 4, 3), np.uint8), heatmap))\n"
        "describe(heatmap)\n"
        "color_bar(Scale.of(heatmap))"
    )


def test_contours_need_no_matplotlib_either() -> None:
    assert loaded(
        "import numpy as np\n"
        "from cnnvis_widgets.rendering import contour\n"
        "contour(np.zeros((5, 4, 3), np.uint8), np.eye(5, 4))"
    ) == {"skimage"}


def test_figures_load_matplotlib_when_they_are_asked_for_and_never_pyplot() -> None:
    code = "from cnnvis_widgets.rendering import figure"
    assert loaded(code) == {"matplotlib"}
    assert not loaded(f"{code}\nimport sys\nassert 'matplotlib.pyplot' not in sys.modules") & {
        "tensorflow"
    }


def test_the_public_face_is_whole() -> None:
    for name in rendering.__all__:
        assert getattr(rendering, name) is not None
        assert name in dir(rendering)
    with pytest.raises(AttributeError, match="no attribute 'plot'"):
        _ = rendering.plot
