"""Each line of the threat model names the tests that keep it, which exist; patches fit Voilà."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2
import own_loop
import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "threat-model.md"
PATCHES = sorted((ROOT / "docs" / "upstream").glob("*.patch"))
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def lines() -> list[str]:
    """The tables' lines, without their heads."""
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    return [
        row for row in rows if not row.startswith(("| -", "| a visitor wants", "| what spoils"))
    ]


def test_there_is_a_line_for_each_kind_of_threat() -> None:
    assert len(lines()) >= 35
    heads = re.findall(r"^## (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {"Files and code", "The server's one thread", "Other visitors"} <= set(heads)


@pytest.mark.parametrize("line", lines(), ids=lambda line: line[2:60])
def test_each_line_is_kept_by_tests_that_exist(line: str) -> None:
    *_, cell, _ = line.split("|")
    named = TEST.findall(cell)
    assert named
    assert TEST.sub("", cell).strip(" ,") == ""
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name]
        assert len(functions) == 1, f"{file}::{name}"
        assert re.search(r"\b(assert|expect|raises)\b", ast.unparse(functions[0])), name


def installed(name: str) -> Path:
    """A file of Voilà's repository, where it is installed."""
    if name.startswith("share/"):
        return Path(sys.prefix) / name
    spec = importlib.util.find_spec("voila")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]).parent / name


@pytest.fixture
def patched(tmp_path: Path) -> Path:
    """A copy of the files that the patches change, changed."""
    for patch in PATCHES:
        for name in re.findall(r"^\+\+\+ b/(.+)$", patch.read_text("utf-8"), re.MULTILINE):
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(installed(name), target)
    for patch in PATCHES:
        done = subprocess.run(
            ["git", "apply", str(patch)], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (patch.name, version("voila"), done.stderr)
    return tmp_path


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("patched", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_the_first_patch_bounds_what_is_read_of_a_message(patched: Path) -> None:
    read = module(patched / "voila/tornado/kernel_websocket_handler.py")
    header = read.read_header_from_binary_message
    start = time.perf_counter()
    legacy = (2).to_bytes(4, "big") + (12).to_bytes(4, "big") + (90).to_bytes(4, "big") + bytes(99)
    for odd in (legacy, b"", b"x", (2**62).to_bytes(8, "little") + bytes(80), bytes(200)):
        assert header(odd) is None
    assert time.perf_counter() - start < 0.1
    parts = [b"iopub", b'{"msg_type": "status"}', b"{}", b"{}", b"{}"]
    places, at = [], 8 * (len(parts) + 2)
    for part in [*parts, b""]:
        places.append(at)
        at += len(part)
    numbers = [len(places), *places]
    sound = b"".join(n.to_bytes(8, "little") for n in numbers) + b"".join(parts)
    assert header(sound) == {"msg_type": "status"}


def test_the_second_patch_escapes_the_theme(patched: Path) -> None:
    text = (patched / "share/jupyter/voila/templates/lab/index.html.j2").read_text("utf-8")
    (line,) = (one for one in text.splitlines() if "resources.theme |" in one)
    resources = {"theme": '"><script>alert(1)</script>', "base_url": "/"}
    made = jinja2.Environment(autoescape=False).from_string(line).render(resources=resources)
    assert "<script>" not in made
    assert "&lt;script&gt;" in made


def test_the_third_patch_ends_an_answer_whose_page_cannot_be_made(patched: Path) -> None:
    tree = ast.parse((patched / "voila/handler.py").read_text("utf-8"))
    (put,) = (
        n for n in ast.walk(tree) if isinstance(n, ast.AsyncFunctionDef) and n.name == "put_html"
    )
    queue = _Queue()
    space: dict[str, Any] = {"gen": _Broken(), "queue": queue, "kernel_id": "", "kernel_future": 0}
    exec(compile(ast.Module([put], []), "<patched>", "exec"), space)
    with pytest.raises(KeyError):
        own_loop.run(space["put_html"]())
    assert queue.put_in == ["a part", None]


class _Broken:
    async def generate_content_generator(self, *_: object):  # type: ignore[no-untyped-def]
        yield "a part", {}
        raise KeyError("the template")


class _Queue:
    def __init__(self) -> None:
        self.put_in: list[object] = []

    async def put(self, part: object) -> None:
        self.put_in.append(part)


@pytest.mark.parametrize("patch", PATCHES, ids=lambda path: path.name[:4])
def test_a_patch_is_ready_to_be_sent(patch: Path) -> None:
    text = patch.read_text("utf-8")
    assert text.startswith("From ")
    assert re.search(r"^Subject: \[PATCH \d/3\] [A-Z]", text, re.MULTILINE)
    message = text.split("\n\n", 1)[1].split("\n---\n")[0]
    assert len(message) > 150
    assert len(PATCHES) == 3
