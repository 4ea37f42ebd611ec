from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.rendering.colormaps import (
    COLORMAPS,
    DEFAULTS,
    choose,
    colormap_names,
    lookup,
)


def linear(table: NDArray[np.uint8]) -> NDArray[np.float64]:
    """sRGB to linear light (IEC 61966-2-1)."""
    c = table / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear sRGB to CIELAB under D65."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    t = (light.clip(0, 1) @ to_xyz.T) / [0.9505, 1.0, 1.089]
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lightness(name: str) -> NDArray[np.float64]:
    return lab(linear(lookup(name)))[:, 0]


def test_the_oracle_knows_white_and_red() -> None:
    white, red = lab(linear(np.array([[255, 255, 255], [255, 0, 0]], np.uint8)))
    np.testing.assert_allclose(white, [100, 0, 0], atol=0.1)
    np.testing.assert_allclose(red, [53.2, 80.1, 67.2], atol=0.1)


@pytest.mark.parametrize("name", colormap_names())
def test_tables_are_256_read_only_colours(name: str) -> None:
    table = lookup(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        table[0, 0] = 1


@pytest.mark.parametrize("name", colormap_names())
def test_tables_are_matplotlibs_but_for_the_middle(name: str) -> None:
    if name not in matplotlib.colormaps:
        assert name == "vanimo"  # since matplotlib 3.10
        return
    theirs = np.rint(matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3] * 255)
    difference = np.abs(lookup(name) - theirs).max(axis=1)
    middle = [127, 128] if COLORMAPS[name] == "diverging" else []
    assert np.delete(difference, middle).max() == 0
    assert difference.max() < 5


def test_ends_and_centre_by_value() -> None:
    np.testing.assert_array_equal(lookup("inferno")[[0, 255]], [[0, 0, 4], [252, 255, 164]])
    np.testing.assert_array_equal(lookup("viridis")[[0, 255]], [[68, 1, 84], [253, 231, 37]])
    np.testing.assert_array_equal(
        lookup("RdBu_r")[[0, 127, 128, 255]],
        [[5, 48, 97], [247, 247, 247], [247, 247, 247], [103, 0, 31]],
    )
    np.testing.assert_array_equal(lookup("gray"), np.repeat(np.arange(256)[:, None], 3, axis=1))


@pytest.mark.parametrize("name", [n for n, k in COLORMAPS.items() if k == "sequential"])
def test_lightness_of_sequential_maps_goes_one_way(name: str) -> None:
    values = lightness(name)
    direction = np.sign(values[-1] - values[0])
    assert (np.diff(values) * direction > -0.05).all()  # one step of 8-bit rounding
    assert abs(values[-1] - values[0]) > 70


@pytest.mark.parametrize("name", [n for n, k in COLORMAPS.items() if k == "diverging"])
def test_lightness_of_diverging_maps_is_symmetric_about_one_colour_of_zero(name: str) -> None:
    table, values = lookup(name), lightness(name)
    np.testing.assert_array_equal(table[127], table[128])
    assert len(set(table[127].tolist())) == 1  # zero has no hue
    below, above = values[127::-1], values[128:]
    assert np.abs(below - above).max() < 6
    for arm in (below, above):
        assert (np.diff(arm) * np.sign(arm[-1] - arm[0]) > -0.35).all()  # one 8-bit step of black
        assert abs(arm[-1] - arm[0]) > 45


def test_jet_would_not_pass() -> None:
    colours = matplotlib.colormaps["jet"](np.arange(256), bytes=True)[:, :3]
    steps = np.diff(lab(linear(colours))[:, 0])
    assert steps.max() > 0.5
    assert steps.min() < -0.5


# Machado, Oliveira & Fernandes, IEEE TVCG 15(6), 2009, severity 1; for linear light
PROTAN = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
          [-0.003882, -0.048116, 1.051998]]  # fmt: skip
DEUTAN = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
          [-0.011820, 0.042940, 0.968881]]  # fmt: skip


@pytest.mark.parametrize("eye", [PROTAN, DEUTAN], ids=["protanopia", "deuteranopia"])
def test_the_defaults_can_be_read_by_the_colour_blind(eye: list[list[float]]) -> None:
    seen = {kind: lab(linear(lookup(name)) @ np.array(eye).T) for kind, name in DEFAULTS.items()}
    assert (np.diff(seen["sequential"][:, 0]) > -0.15).all()
    signs = seen["diverging"]
    # equally strong evidence for and against, from half of the scale on: far apart in colour
    distance = np.linalg.norm(signs[128:] - signs[127::-1], axis=1)
    assert distance[64:].min() > 30


def test_names_by_kind() -> None:
    assert {"inferno", "gray"} <= set(colormap_names("sequential"))
    assert {"RdBu_r", "gray"} <= set(colormap_names("diverging"))
    assert not {"RdBu_r"} & set(colormap_names("sequential"))
    assert DEFAULTS["diverging"] in colormap_names("diverging")


def test_a_name_can_be_turned_round_and_grey_spelt_so() -> None:
    np.testing.assert_array_equal(lookup("viridis_r"), lookup("viridis")[::-1])
    np.testing.assert_array_equal(lookup("RdBu"), lookup("RdBu_r")[::-1])
    np.testing.assert_array_equal(lookup("grey"), lookup("gray"))
    np.testing.assert_array_equal(lookup("grey_r")[0], [255, 255, 255])


@pytest.mark.parametrize("name", ["jet", "jet_r", "rainbow", "hsv", "turbo", "Jet"])
def test_rainbows_are_refused_with_the_reason(name: str) -> None:
    with pytest.raises(UnknownNameError, match=r"lightness goes up and down.*inferno"):
        lookup(name)


def test_an_unknown_name_gets_suggestions() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'viridis'"):
        lookup("viridid")
    with pytest.raises(UnknownNameError):
        choose("sequential", "nothing")


def test_choose_takes_the_first_name_that_suits_the_scale() -> None:
    assert choose("sequential") == "inferno"
    assert choose("diverging", "coolwarm") == "coolwarm"
    assert choose("diverging", ["viridis", "coolwarm"]) == "coolwarm"
    assert choose("diverging", "gray") == "gray"
    with pytest.raises(InvalidValueError, match="zero would have no colour"):
        choose("diverging", "viridis")
    with pytest.raises(InvalidValueError, match="zero would have no colour"):
        choose("sequential", "RdBu_r")
