"""Measure what canvas.py knows of natural pictures, on those that come along.

python scripts/measure_colours.py           # prints the covariance and the fall of the waves
python scripts/measure_colours.py --check   # compares it with synthesis/parametrization.py
"""

from __future__ import annotations

import sys

import numpy as np

from cnnvis_widgets.backend.pixels import fit
from cnnvis_widgets.zoo.images import images, load_image

SIZE = 224
BAND = 0.02, 0.4  # cycles a pixel: below, a picture's frame counts; above, its resizing


def pictures() -> list[np.ndarray]:
    """The largest centred square of each: float64 (224, 224, 3) of 0 to 1."""
    return [np.asarray(fit(load_image(name), SIZE, SIZE), np.float64) / 255 for name in images()]


def covariance(photos: list[np.ndarray]) -> np.ndarray:
    """Of red, green and blue within a picture, the mean over the pictures: (3, 3)."""
    return np.mean([np.cov(picture.reshape(-1, 3).T) for picture in photos], axis=0)


def fall(picture: np.ndarray) -> float:
    """The p for which the amplitudes of a picture's waves go as 1 / frequency^p (least squares)."""
    window = np.hanning(SIZE)[:, None, None] * np.hanning(SIZE)[:, None]
    centred = (picture - picture.mean((0, 1))) * window
    amplitude = np.abs(np.fft.fft2(centred, axes=(0, 1))).mean(-1)
    steps = np.fft.fftfreq(SIZE)
    frequency = np.hypot(steps[:, None], steps)
    inside = (frequency > BAND[0]) & (frequency < BAND[1])
    return -float(np.polyfit(np.log(frequency[inside]), np.log(amplitude[inside]), 1)[0])


def main() -> None:
    """Print, or with ``--check`` compare."""
    photos = pictures()
    measured = covariance(photos)
    if "--check" in sys.argv[1:]:
        from cnnvis_widgets.backend.synthesis.parametrization import COVARIANCE

        if not np.allclose(COVARIANCE, measured, atol=1e-4):
            sys.exit(
                "backend/synthesis/parametrization.py has another covariance; measured:\n"
                f"{measured.round(4)}"
            )
        return
    falls = [fall(picture) for picture in photos]
    print(f"covariance of red, green and blue:\n{measured.round(4)}")
    print(f"fall of the waves: {np.mean(falls):.2f} ({min(falls):.2f} to {max(falls):.2f})")


if __name__ == "__main__":
    main()
