"""Reads PyTorch's old weight files without PyTorch, and without running code in them.

Before version 1.6 `torch.save` wrote five pickles and then the raw numbers. A pickle can call any
function; here only the four names that a dictionary of tensors needs are allowed.
"""

from __future__ import annotations

import collections
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from cnnvis_widgets.errors import FileError


class _Unpickler(pickle.Unpickler):
    """Allows four names only."""

    def __init__(self, file: Any, file_size: int) -> None:
        super().__init__(file)
        self.file_size = file_size  # upper bound of any storage's size
        self.storages: dict[str, np.ndarray] = {}

    def find_class(self, module: str, name: str) -> Any:
        allowed = {
            ("collections", "OrderedDict"): collections.OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("torch", "FloatStorage"): np.dtype("<f4"),
            ("torch", "LongStorage"): np.dtype("<i8"),
        }
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is no tensor's part")
        return allowed[module, name]

    def persistent_load(self, pid: Any) -> np.ndarray:
        _, dtype, key, _, size, _ = pid
        if not 0 <= size * dtype.itemsize <= self.file_size:
            raise pickle.UnpicklingError(f"it promises {size} numbers, more than it has bytes for")
        return self.storages.setdefault(key, np.zeros(size, dtype))


def _tensor(
    storage: np.ndarray, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
) -> np.ndarray:
    """A view of a storage, checked to be within it: NumPy would read beyond."""
    last_index = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    valid = min([offset, *shape, *strides], default=0) >= 0 and last_index < storage.size
    if not valid and 0 not in shape:
        raise pickle.UnpicklingError(f"a tensor {shape} reaches beyond its {storage.size} numbers")
    steps = tuple(step * storage.itemsize for step in strides)
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps)


def read_torch_file(path: Path) -> dict[str, np.ndarray]:
    """Read a state dictionary written by `torch.save` before PyTorch 1.6.

    Args:
        path: the file.

    Returns:
        name → array, float32 or int64, in the file's order.

    Raises:
        FileError: the file is missing, damaged, or contains anything but tensors.
    """
    try:
        file_size = path.stat().st_size
        with path.open("rb") as file:
            for _ in range(3):  # magic number, protocol, the machine's number sizes
                _Unpickler(file, file_size).load()
            body = _Unpickler(file, file_size)
            state = body.load()
            for key in _Unpickler(file, file_size).load():
                storage = body.storages.pop(key)
                count = np.fromfile(file, "<i8", 1)
                numbers = np.fromfile(file, storage.dtype, storage.size)
                if count.tolist() != [storage.size] or numbers.size != storage.size:
                    raise EOFError(f"it ends within the numbers of {key!r}")
                storage[:] = numbers  # the tensors are views of it
        if body.storages:
            raise EOFError(f"it lacks the numbers of {', '.join(body.storages)}")
        if not isinstance(state, dict) or not all(
            isinstance(name, str) and isinstance(value, np.ndarray) for name, value in state.items()
        ):
            raise pickle.UnpicklingError("it is no dictionary of tensors")
    except OSError as error:
        raise FileError(f"{path.name} could not be read: {error.strerror or error}") from error
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise FileError(
            f"{path.name} could not be read as a PyTorch weight file: {error}"
        ) from error
    return dict(state)
