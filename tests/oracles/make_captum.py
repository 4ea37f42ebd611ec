"""Writes captum.npz: what Captum says of two small networks. Needs PyTorch, so it is run by hand.

In an environment of its own: pip install torch captum, then python tests/oracles/make_captum.py.
Arrays are stored as Keras lays them out: channels last, kernels (rows, columns, in, out).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import captum
import numpy as np
import torch
from captum.attr import (
    Deconvolution,
    GuidedBackprop,
    GuidedGradCam,
    IntegratedGradients,
    LayerGradCam,
    Occlusion,
    Saliency,
)
from torch import nn

UNITS = (0, 3)
STEPS, PATCH, STRIDE = 6, 3, 2
SAMPLES, NOISE, SEED = 4, 0.3, 7


def network(gate: type[nn.Module]) -> nn.Sequential:
    """Each ReLU is a module of its own: Captum needs that."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        gate(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, (3, 2)),
        gate(),
        nn.Conv2d(8, 10, 3),
        gate(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(10, 5),
    )


def last(tensor: torch.Tensor) -> np.ndarray:
    """Channels last, float32."""
    return tensor.detach().numpy().transpose(0, 2, 3, 1).astype(np.float32)


def of(model: nn.Sequential, pixels: torch.Tensor) -> dict[str, Any]:
    """Everything that Captum says, for each of the units."""
    maps: dict[str, Any] = {}
    for unit in UNITS:
        x = pixels.clone().requires_grad_()
        guided_cam = GuidedGradCam(model, model[6])
        layer = LayerGradCam(model, model[6])
        maps |= {
            f"saliency {unit}": last(Saliency(model).attribute(x, unit, abs=False)),
            f"deconvnet {unit}": last(Deconvolution(model).attribute(x, unit)),
            f"guided_backprop {unit}": last(GuidedBackprop(model).attribute(x, unit)),
            f"grad_cam {unit}": last(layer.attribute(x, unit, relu_attributions=True)),
            f"guided_grad_cam {unit}": last(
                guided_cam.attribute(x, unit, interpolate_mode="bilinear")
            ),
            f"integrated_gradients {unit}": last(
                IntegratedGradients(model).attribute(
                    x, 0, unit, n_steps=STEPS, method="riemann_middle"
                )
            ),
            f"occlusion {unit}": last(
                Occlusion(model).attribute(x, (3, PATCH, PATCH), (3, STRIDE, STRIDE), 0, unit)
            )[..., :1],  # the same for all channels
            f"smoothgrad {unit}": np.stack([smoothgrad(model, one, unit) for one in pixels]),
        }
    return maps


def smoothgrad(model: nn.Sequential, pixels: torch.Tensor, unit: int) -> np.ndarray:
    """Captum's gradient, averaged over copies with noise drawn as the package draws it."""
    one = pixels.numpy().transpose(1, 2, 0)
    draws = np.random.default_rng(SEED).standard_normal((SAMPLES, *one.shape), np.float32)
    copies = torch.from_numpy((one + NOISE * np.ptp(one) * draws).transpose(0, 3, 1, 2))
    gradient = Saliency(model).attribute(copies.requires_grad_(), unit, abs=False)
    return last(gradient).mean(0)


def main() -> None:
    """Write the file beside this script."""
    torch.manual_seed(3)
    stored: dict[str, Any] = {"versions": f"captum {captum.__version__}, torch {torch.__version__}"}
    pixels = torch.randn(2, 3, 19, 15) * 3
    stored["pixels"] = last(pixels)
    for name, gate in (("relu", nn.ReLU), ("relu6", nn.ReLU6)):
        model = network(gate).eval()
        with torch.no_grad():
            for n, layer in enumerate(model):
                if isinstance(layer, nn.Conv2d | nn.Linear):
                    layer.weight *= 2.5  # so that ReLU6 is saturated in places
                    weight = layer.weight.numpy()
                    axes = (2, 3, 1, 0) if weight.ndim == 4 else (1, 0)
                    stored[f"{name} kernel {n}"] = weight.transpose(axes)
                    stored[f"{name} bias {n}"] = layer.bias.numpy()
        stored[f"{name} logits"] = model(pixels).detach().numpy()
        stored |= {f"{name} {key}": value for key, value in of(model, pixels).items()}
    np.savez_compressed(Path(__file__).with_name("captum.npz"), **stored)


if __name__ == "__main__":
    main()
