"""Numbers → waves → colours, against NumPy's transforms and sums by hand."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.synthesis import parametrization

RNG = np.random.default_rng(11)
SIZES = [(6, 7), (5, 8)]


@pytest.mark.parametrize("size", SIZES)
def test_one_coefficient_is_one_wave_of_its_frequency(size: tuple[int, int]) -> None:
    rows, columns = size
    down, right = 2, 1
    coefficients = np.zeros((2, 1, rows, columns // 2 + 1), np.float32)
    coefficients[0, 0, down, right], coefficients[1, 0, down, right] = 3, 4
    sizes = parametrization.wave_sizes(rows, columns, 1.2)
    field = parametrization.from_waves(coefficients, sizes, size).numpy()[0]
    r, c = np.mgrid[:rows, :columns]
    angle = 2 * np.pi * (down * r / rows + right * c / columns)
    wave = 2 * (3 * np.cos(angle) - 4 * np.sin(angle)) / (rows * columns)
    np.testing.assert_allclose(field, sizes[down, right] * wave, atol=1e-5 * sizes.max())
    frequency = np.sqrt((down / rows) ** 2 + (right / columns) ** 2)
    assert parametrization.frequencies(rows, columns)[down, right] == pytest.approx(frequency)


@pytest.mark.parametrize("size", SIZES)
def test_waves_are_numpy_s_and_go_both_ways(size: tuple[int, int]) -> None:
    field = RNG.normal(0, 1, (3, *size))
    sizes = parametrization.wave_sizes(*size, 1.7)
    coefficients = parametrization.waves_of(field, sizes)
    wanted = np.fft.rfft2(field) / sizes
    np.testing.assert_allclose(coefficients[0] + 1j * coefficients[1], wanted, rtol=1e-5)
    np.testing.assert_allclose(
        parametrization.from_waves(coefficients, sizes, size), field, atol=1e-5
    )


@pytest.mark.parametrize("size", SIZES)
def test_slopes_by_the_waves_are_those_of_the_field_that_they_make(size: tuple[int, int]) -> None:
    # The field is linear in the coefficients, so a wave's slope is the field of that wave alone,
    # weighed by the slopes of the field.
    sizes = parametrization.wave_sizes(*size, 1.2)
    slopes = RNG.normal(0, 1, (3, *size)).astype(np.float32)
    by_waves = parametrization.wave_slopes(slopes, sizes, size).numpy()
    alone = np.zeros_like(by_waves)
    for place in np.ndindex(2, *sizes.shape):
        alone[:] = 0
        alone[place[0], :, place[1], place[2]] = 1
        field = parametrization.from_waves(alone, sizes, size).numpy()
        wanted = (field * slopes).sum((1, 2))
        np.testing.assert_allclose(by_waves[place[0], :, place[1], place[2]], wanted, atol=1e-4)


def test_coarse_waves_are_larger_by_the_power_of_their_frequency() -> None:
    sizes = parametrization.wave_sizes(20, 30, 1.5)
    assert sizes[2, 0] / sizes[6, 0] == pytest.approx(3**1.5, rel=1e-5)
    assert sizes[0, 0] == sizes[0, 1] == sizes.max()  # the plain field: as the longest wave
    flat = parametrization.wave_sizes(20, 30, 0)
    assert flat.min() == flat.max()


@pytest.mark.parametrize("fall", [0.0, 1.0, 2.0])
def test_numbers_of_variance_1_make_a_field_of_variance_1(fall: float) -> None:
    draws = RNG.standard_normal((2, 4000, 6, 5), np.float32)  # 4,000 pictures as channels
    field = parametrization.from_waves(
        draws, parametrization.wave_sizes(6, 8, fall), (6, 8)
    ).numpy()
    assert np.square(field).mean() == pytest.approx(1, rel=0.1)


def test_leaving_out_fine_waves_is_an_ideal_low_pass() -> None:
    size = (16, 20)
    r, c = np.mgrid[:16, :20]
    slow, fast = np.cos(2 * np.pi * 3 * r / 16), np.sin(2 * np.pi * (5 * r / 16 + 2 * c / 20))
    kept = parametrization.coarse(*size, 0.5)  # up to a quarter of a cycle a pixel
    coarse = parametrization.blurred((slow + fast)[None].astype(np.float32), kept, size).numpy()[0]
    np.testing.assert_allclose(coarse, slow, atol=1e-5)
    assert parametrization.coarse(*size, 1.0).all()
    assert 0 < parametrization.coarse(*size, 0.25).sum() < kept.sum() < kept.size


def test_colours_have_the_covariance_of_the_pictures() -> None:
    mixing = parametrization.colour_mixing(3, True).astype(np.float64)
    covariance = parametrization.COVARIANCE
    np.testing.assert_allclose(mixing @ mixing.T * covariance.max(), covariance, atol=1e-6)
    axes = mixing.T @ mixing
    np.testing.assert_allclose(axes, np.diag(np.diag(axes)), atol=1e-6)  # at right angles
    assert axes[0, 0] > axes[1, 1] > axes[2, 2] > 0
    assert (mixing[:, 0] > 0).all()  # light and dark: all three together
    drawn = RNG.standard_normal((100_000, 3)) @ mixing.T
    np.testing.assert_allclose(np.cov(drawn.T) * covariance.max(), covariance, atol=1e-3)
    for plain in (parametrization.colour_mixing(3, False), parametrization.colour_mixing(1, True)):
        np.testing.assert_array_equal(plain, np.eye(len(plain)))


def test_a_picture_comes_back_from_its_field() -> None:
    picture = RNG.uniform(0.01, 0.99, (5, 4, 3)).astype(np.float32)
    mixing = parametrization.colour_mixing(3, True)
    field = parametrization.field_of(picture, mixing)
    assert field.shape == (3, 5, 4)
    rgb = parametrization.colours(field, mixing).numpy()
    np.testing.assert_allclose(rgb.transpose(1, 2, 0), picture, atol=1e-5)
    logits = np.einsum("km,mrc->rck", mixing, field)
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), picture, atol=1e-5)
    black = parametrization.field_of(np.zeros((2, 2, 3), np.float32), mixing)
    assert np.isfinite(black).all()
    np.testing.assert_allclose(
        parametrization.colours(black, mixing), parametrization.EDGE, rtol=1e-3
    )


def test_the_covariance_is_what_the_script_measures() -> None:
    script = _script("measure_colours")
    photos = script.pictures()
    np.testing.assert_allclose(parametrization.COVARIANCE, script.covariance(photos), atol=1e-4)
    smooth = np.cumsum(np.cumsum(RNG.normal(0, 1, (224, 224, 3)), 0), 1)
    rough = RNG.normal(0, 1, (224, 224, 3))
    assert script.fall(rough) == pytest.approx(0, abs=0.05)
    assert script.fall(smooth) > 1
    assert np.mean([script.fall(p) for p in photos]) == pytest.approx(1.45, abs=0.01)


def _script(name: str) -> Any:
    path = Path(__file__).parents[3] / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
