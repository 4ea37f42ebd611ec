"""docs/mini_networks.md, from what `scripts/measure_minis.py` has measured."""

from __future__ import annotations

from scripts.measure_minis import TARGET, page

__all__ = ["TARGET", "text"]

text = page
