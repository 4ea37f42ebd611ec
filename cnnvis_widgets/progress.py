"""Progress bars on the terminal, drawn by tqdm."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

Progress = Callable[[int, int], None]
"""Called with (done, total) while work is under way."""


@contextlib.contextmanager
def progress_bar(
    unit: str = "", description: str | None = None, leave: bool = False, from_first: bool = False
) -> Iterator[Progress]:
    """Show a bar on the error stream from the first call with unfinished work on.

    Args:
        unit: of the count, such as "scores"; "B" is bytes, shown with binary prefixes.
        description: the text before the bar.
        leave: whether the finished bar stays on the screen.
        from_first: whether to show the bar even for work of a single step.

    Yields:
        A function of (done, total), whole numbers.

    Example:
        >>> with progress_bar("maps") as show:
        ...     show(0, 1)  # work of one step shows no bar
    """
    size: dict[str, Any] = {"unit": f" {unit}"} if unit else {}
    if unit == "B":
        size = {"unit": "B", "unit_scale": True, "unit_divisor": 1024}
    with contextlib.ExitStack() as stack:
        bars: list[Any] = []

        def show(done: int, total: int) -> None:
            if not bars:
                if not from_first and (total < 2 or done >= total):
                    return
                from tqdm import tqdm  # takes 20 ms that short work need not wait for

                bar = tqdm(total=total, desc=description, file=sys.stderr, leave=leave, **size)
                bars.append(stack.enter_context(bar))
            bars[0].total = total
            bars[0].update(done - bars[0].n)

        yield show
