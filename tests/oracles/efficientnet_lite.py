"""The size of an EfficientNet-Lite, from its published table."""

from __future__ import annotations

Block = tuple[int, int, int, int, int]
"""How often, kernel, expansion, units that come in, units that go out."""


def parameters(blocks: list[Block]) -> int:
    """Weights, and four numbers of BatchNorm for each unit."""
    total = 9 * 3 * 32 + 4 * 32
    for repeats, kernel, expand, units, out in blocks:
        for _ in range(repeats):
            wide = units * expand
            total += (units * wide + 4 * wide) * (expand > 1)
            total += kernel**2 * wide + 4 * wide + wide * out + 4 * out
            units = out
    return total + units * 1280 + 4 * 1280 + 1280 * 1000 + 1000
