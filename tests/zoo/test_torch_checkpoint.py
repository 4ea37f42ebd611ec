"""PyTorch's old files are read without PyTorch, and can make nothing happen."""

from __future__ import annotations

import collections
import io
import pickle
import re
import struct
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.zoo.torch_checkpoint import read_torch_file

MAGIC = 0x1950A86A20F9469CFC6C


class Global:
    """Pickles as the bare name of a thing that is not there: "torch.FloatStorage"."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Storage:
    def __init__(self, key: str, numbers: np.ndarray, promised: int | None = None) -> None:
        self.key, self.numbers = key, numbers
        self.promised = numbers.size if promised is None else promised


class Call:
    """Pickles as the call of a named function."""

    def __init__(self, function: Global, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments


def tensor(storage: Storage, offset: int, shape: tuple[int, ...], steps: tuple[int, ...]) -> Call:
    rebuild = Global("torch._utils", "_rebuild_tensor_v2")
    return Call(rebuild, storage, offset, shape, steps, False, collections.OrderedDict())


class Writer(pickle._Pickler):  # type: ignore[name-defined]  # the one written in Python
    dispatch: ClassVar[dict[Any, Any]] = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def persistent_id(self, thing: Any) -> Any:
        if isinstance(thing, Storage):
            kind = "LongStorage" if thing.numbers.dtype.kind == "i" else "FloatStorage"
            return "storage", Global("torch", kind), thing.key, "cpu", thing.promised, None
        return None

    def save_global_name(self, thing: Global) -> None:
        self.write(pickle.GLOBAL + f"{thing.module}\n{thing.name}\n".encode())

    def save_call(self, thing: Call) -> None:
        self.save(thing.function)
        self.save(tuple(thing.arguments))
        self.write(pickle.REDUCE)

    dispatch[Global] = save_global_name
    dispatch[Call] = save_call


def write(path: Path, state: Any, storages: list[Storage]) -> Path:
    buffer = io.BytesIO()
    sizes = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}
    for part in (MAGIC, 1001, sizes, state, [s.key for s in storages]):
        Writer(buffer, 2).dump(part)
    for storage in storages:
        buffer.write(struct.pack("<q", storage.numbers.size) + storage.numbers.tobytes())
    path.write_bytes(buffer.getvalue())
    return path


FIRST = Storage("a", np.arange(24, dtype="<f4"))
SECOND = Storage("b", np.array([7], "<i8"))


def good(path: Path) -> Path:
    state = collections.OrderedDict(
        [
            ("weight", tensor(FIRST, 0, (4, 3, 2), (6, 2, 1))),
            ("turned", tensor(FIRST, 2, (2, 5), (1, 4))),
            ("counter", tensor(SECOND, 0, (), ())),
        ]
    )
    return write(path, state, [FIRST, SECOND])


def test_tensors_are_views_with_offset_and_strides(tmp_path: Path) -> None:
    tensors = read_torch_file(good(tmp_path / "good.pth"))
    assert list(tensors) == ["weight", "turned", "counter"]
    np.testing.assert_array_equal(tensors["weight"], np.arange(24).reshape(4, 3, 2))
    assert tensors["weight"].dtype == np.float32
    wanted = [[2 + row + 4 * column for column in range(5)] for row in range(2)]
    np.testing.assert_array_equal(tensors["turned"], wanted)
    assert tensors["counter"] == 7
    assert tensors["counter"].dtype == np.int64


@pytest.mark.parametrize(
    ("module", "name", "argument"),
    [
        ("os", "system", "touch '{mark}'"),
        ("posix", "system", "touch '{mark}'"),
        ("builtins", "eval", "open({mark!r}, 'w')"),
        ("builtins", "getattr", "x"),
        ("numpy", "dtype", "f4"),
        ("torch", "load", "x"),
        ("collections", "namedtuple", "x"),
    ],
)
@pytest.mark.parametrize("place", ["first", "state"])
def test_a_file_that_wants_something_called_is_refused(
    tmp_path: Path, module: str, name: str, argument: str, place: str
) -> None:
    mark = tmp_path / "was here"
    evil = Call(Global(module, name), argument.format(mark=str(mark)))
    path = write(tmp_path / "evil.pth", {"weight": evil}, [])
    if place == "first":
        buffer = io.BytesIO()
        Writer(buffer, 2).dump(evil)
        path.write_bytes(buffer.getvalue() + path.read_bytes())
    with pytest.raises(FileError, match=re.escape(f"{module}.{name}")):
        read_torch_file(path)
    assert not mark.exists()
    # Python's own reader would have: the file is what it should be.
    if name == "system":
        with path.open("rb") as file:
            reader = pickle.Unpickler(file)
            for _ in range(1 if place == "first" else 4):
                reader = pickle.Unpickler(file)
                reader.load()
        assert mark.exists()


def test_truncated_anywhere_is_an_error(tmp_path: Path) -> None:
    whole = good(tmp_path / "good.pth").read_bytes()
    path = tmp_path / "cut.pth"
    for length in range(0, len(whole), 3):
        path.write_bytes(whole[:length])
        with pytest.raises(FileError, match=r"cut\.pth"):
            read_torch_file(path)


def test_a_storage_of_one_number_is_not_spread_over_a_larger_one(tmp_path: Path) -> None:
    whole = good(tmp_path / "good.pth").read_bytes()
    count = whole.index(struct.pack("<q", 24))
    for numbers in (0, 1, 23, 25):
        path = tmp_path / f"{numbers}.pth"
        path.write_bytes(whole[:count] + struct.pack("<q", numbers) + whole[count + 8 :])
        with pytest.raises(FileError):
            read_torch_file(path)


@pytest.mark.parametrize(
    "of",
    [
        tensor(FIRST, 0, (5, 5), (5, 1)),  # 25 of 24 numbers
        tensor(FIRST, 20, (3, 2), (2, 1)),
        tensor(FIRST, -4, (2,), (1,)),
        tensor(FIRST, 4, (2,), (-8,)),
        tensor(FIRST, 0, (2**40,), (1,)),
        tensor(FIRST, 0, (2, 2), (1,)),
    ],
)
def test_tensors_that_reach_beyond_their_storage_are_refused(tmp_path: Path, of: Call) -> None:
    with pytest.raises(FileError):
        read_torch_file(write(tmp_path / "beyond.pth", {"weight": of}, [FIRST]))


def test_a_storage_larger_than_the_file_is_refused_before_memory_is_asked_for(
    tmp_path: Path,
) -> None:
    huge = Storage("a", FIRST.numbers, promised=2**50)
    with pytest.raises(FileError, match="more than it has bytes for"):
        read_torch_file(write(tmp_path / "huge.pth", {"w": tensor(huge, 0, (1,), (1,))}, [huge]))


@pytest.mark.parametrize("state", [[1, 2], {"a": 3}, "weights", {3: tensor(FIRST, 0, (1,), (1,))}])
def test_what_is_no_dictionary_of_tensors_is_refused(tmp_path: Path, state: Any) -> None:
    with pytest.raises(FileError, match="no dictionary of tensors"):
        read_torch_file(
            write(
                tmp_path / "other.pth",
                state,
                [FIRST] if isinstance(state, dict) and 3 in state else [],
            )
        )


def test_files_that_are_something_else(tmp_path: Path) -> None:
    for name, content in {"empty": b"", "text": b"hello world", "zeros": bytes(4000),
                          "noise": np.random.default_rng(0).bytes(5000)}.items():  # fmt: skip
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(FileError, match=name):
            read_torch_file(path)
    with pytest.raises(FileError, match="absent"):
        read_torch_file(tmp_path / "absent.pth")
    with pytest.raises(FileError):
        read_torch_file(tmp_path)
