"""Writes zennit.npz: what Zennit says of three small networks. Needs PyTorch: it is run by hand.

In an environment of its own: pip install torch zennit, then python tests/oracles/make_zennit.py.
Arrays are stored as Keras lays them out: channels last, kernels (rows, columns, in, out). Zennit
computes in float64. In the first two biases are negative, so that no result is explained by its
bias alone; in the third every result has contributions of both signs. Where results have none the
two part (docs/oracles.md).
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from zennit.attribution import Gradient
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import LayerMapComposite, SpecialFirstLayerMapComposite
from zennit.layer import Sum
from zennit.rules import AlphaBeta, Epsilon, Norm, Pass, ZBox, ZPlus
from zennit.types import Activation, AvgPool, Linear

UNITS = (0, 3, 4)
LOW, HIGH = -1.0, 1.5
EPSILON, ALPHA = 0.25, 2.0
TINY = 1e-30


class Plain(nn.Module):
    """BatchNorm after a convolution and after a depthwise one, both poolings, two dense layers."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(6, 8, (3, 2)), nn.BatchNorm2d(8), nn.ReLU()),
            *(nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.BatchNorm2d(8), nn.ReLU()),
            *(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(32, 7), nn.ReLU(), nn.Linear(7, 5)),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, 3, 13, 11) → (batch, 5)."""
        return self.body(x)


class Residual(nn.Module):
    """A sum of two maps that are never negative, and a mean."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 6, 3, stride=2), nn.ReLU())
        self.branch = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU())
        self.sum = Sum()
        self.last = nn.Sequential(
            *(nn.Conv2d(6, 9, 1), nn.ReLU(), nn.AvgPool2d((6, 5)), nn.Flatten(), nn.Linear(9, 5)),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, 3, 13, 11) → (batch, 5)."""
        x = self.first(x)
        return self.last(self.sum(torch.stack([x, self.branch(x)], dim=-1)))


class Wide(nn.Module):
    """Many inputs to each result, so that some speak for it and some against."""

    def __init__(self) -> None:
        super().__init__()
        first = nn.Conv2d(3, 6, 3, stride=2)
        self.body = nn.Sequential(first, nn.ReLU(), nn.Flatten(), nn.Linear(180, 5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, 3, 13, 11) → (batch, 5)."""
        return self.body(x)


RULES = {
    Plain: ("z_plus", "epsilon"),
    Residual: ("z_plus", "epsilon"),
    Wide: ("z_plus", "z_plus with biases", "epsilon", "alpha_beta"),
}


def composites() -> dict[str, Any]:
    """Each rule for all weighted layers; sums and means in proportion, ReLUs pass."""

    def of(rule: Any, first: Any = None) -> Any:
        others = [(Activation, Pass()), (AvgPool, Norm(TINY)), (Sum, Norm(TINY))]
        layers = [*others, (Linear, rule)]
        canonizers = [SequentialMergeBatchNorm()]
        if first is None:
            return LayerMapComposite(layers, canonizers=canonizers)
        return SpecialFirstLayerMapComposite(layers, [(Linear, first)], canonizers=canonizers)

    unbiased = {"stabilizer": TINY, "zero_params": ["bias"]}
    return {
        "z_plus": of(ZPlus(**unbiased), ZBox(LOW, HIGH, **unbiased)),
        "z_plus with biases": of(ZPlus(TINY), ZBox(LOW, HIGH, TINY)),
        "epsilon": of(Epsilon(EPSILON)),
        "alpha_beta": of(AlphaBeta(ALPHA, ALPHA - 1, **unbiased)),
    }


def relevance(model: nn.Module, pixels: torch.Tensor, composite: Any, unit: int) -> np.ndarray:
    """(batch, rows, columns, channels), starting with max(logit, 0)."""

    def start(logits: torch.Tensor) -> torch.Tensor:
        return logits.detach().clamp(min=0) * torch.eye(logits.shape[1], dtype=logits.dtype)[unit]

    with Gradient(model, composite) as attributor:
        _, shares = attributor(pixels.clone(), start)
    return shares.detach().numpy().transpose(0, 2, 3, 1).astype(np.float32)


def randomise(model: nn.Module, bias: float) -> None:
    """Weights and BatchNorm's scales of both signs; biases between 0 and `bias`."""
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.weight.copy_(torch.randn_like(layer.weight))
                layer.running_mean.uniform_(0, 0.2)
                layer.running_var.uniform_(0.3, 2)
                # Folded, the bias is β - γ μ / σ, and the convolution's own is none.
                scale = layer.weight / torch.sqrt(layer.running_var + layer.eps)
                layer.bias.copy_(layer.running_mean * scale - 0.05 * torch.rand_like(scale))
            elif isinstance(layer, nn.Conv2d | nn.Linear):
                layer.weight *= 2
                layer.bias.copy_(bias * torch.rand_like(layer.bias))
        names = dict(model.named_modules())
        for name, layer in names.items():  # those before a BatchNorm
            before = name.rsplit(".", 1)
            if isinstance(layer, nn.BatchNorm2d):
                names[f"{before[0]}.{int(before[1]) - 1}"].bias.zero_()


def arrays(model: nn.Module) -> list[np.ndarray]:
    """The weights in the order in which Keras lists them."""
    weights: list[np.ndarray] = []
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            weights += [layer.weight, layer.bias, layer.running_mean, layer.running_var]
        elif isinstance(layer, nn.Conv2d):
            axes = (2, 3, 0, 1) if layer.groups > 1 else (2, 3, 1, 0)
            weights += [layer.weight.permute(axes), layer.bias]
        elif isinstance(layer, nn.Linear):
            kernel = layer.weight.T
            before = {32: (8, 2, 2), 180: (6, 6, 5)}.get(layer.in_features)
            if before:  # PyTorch flattens (channels, rows, columns)
                kernel = kernel.reshape(*before, -1).permute(1, 2, 0, 3).flatten(0, 2)
            weights += [kernel, layer.bias]
    return [array.detach().numpy().astype(np.float32) for array in weights]


def main() -> None:
    """Write the file beside this script."""
    torch.manual_seed(6)
    stored: dict[str, Any] = {"versions": f"zennit {version('zennit')}, torch {torch.__version__}"}
    pixels = torch.rand(3, 3, 13, 11, dtype=torch.float64) * (HIGH - LOW) + LOW
    pixels = pixels.to(torch.float32).to(torch.float64)
    stored["pixels"] = pixels.numpy().transpose(0, 2, 3, 1).astype(np.float32)
    for kind, rules in RULES.items():
        name, model = kind.__name__.lower(), kind().eval()
        randomise(model, 1.5 if kind is Wide else -0.1)
        stored |= {f"{name} weight {n}": array for n, array in enumerate(arrays(model))}
        model = model.double()
        stored[f"{name} logits"] = model(pixels).detach().numpy().astype(np.float32)
        for rule in rules:
            for unit in UNITS:
                shares = relevance(model, pixels, composites()[rule], unit)
                stored[f"{name} {rule} {unit}"] = shares
    np.savez_compressed(Path(__file__).with_name("zennit.npz"), **stored)


if __name__ == "__main__":
    main()
