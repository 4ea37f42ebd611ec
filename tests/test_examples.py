"""Every public name has an example in its docstring, and every example gives what it says."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest

import cnnvis_widgets as cnnvis

ROOT = Path(__file__).parents[1]
FLAGS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL | doctest.NORMALIZE_WHITESPACE
CLASSES = (cnnvis.Network, cnnvis.Explanation, cnnvis.Study, cnnvis.Neuron, cnnvis.Target)


def members(owner: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties of a class that the package wrote, inherited ones included."""
    for base in owner.__mro__:
        if base.__module__.startswith("cnnvis_widgets."):
            for name, value in vars(base).items():
                described = value.__func__ if isinstance(value, classmethod) else value
                if not name.startswith("_") and inspect.getdoc(described) and not_a_field(value):
                    yield f"{owner.__name__}.{name}", described


def not_a_field(value: object) -> bool:
    """Whether it is a method or a property and not the default of a dataclass' field."""
    return callable(value) or isinstance(value, classmethod | property) or hasattr(value, "func")


def documented() -> dict[str, str]:
    """Name → docstring of everything public."""
    texts = {name: inspect.getdoc(getattr(cnnvis, name)) or "" for name in cnnvis.__all__}
    texts["methods"] = inspect.getdoc(type(cnnvis.methods).__call__) or ""
    for owner in CLASSES:
        for name, value in members(owner):  # what a class overrides comes before what it inherits
            texts.setdefault(name, inspect.getdoc(value) or "")
    return texts


DOCSTRINGS = documented()


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the lines at the top of the API reference define."""
    page = (ROOT / "docs" / "api" / "index.md").read_text("utf-8")
    code = next(c for c in fenced(page, "python") if "network =" in c)
    namespace: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("examples"))
        matplotlib.use("agg")
        exec(code, namespace)
        yield namespace


def fenced(text: str, language: str) -> list[str]:
    """The code of a page's fences."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def run_examples(text: str, names: dict[str, Any], title: str) -> int:
    """Run a text's examples.

    Returns:
        How many there were.

    Raises:
        AssertionError: one gave something else.
    """
    test = doctest.DocTestParser().get_doctest(text, dict(names), title, title, 0)
    messages: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=messages.append)
    assert not result.failed, "".join(messages)
    return result.attempted


@pytest.mark.parametrize("name", DOCSTRINGS)
def test_docstring_has_an_example_that_is_true(name: str, names: dict[str, Any]) -> None:
    assert run_examples(DOCSTRINGS[name], names, name) > 0, f"{name} has no example."


def test_a_wrong_example_is_found(names: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="Expected"):
        run_examples(">>> network.units\n9\n", names, "wrong")


def test_classes_public_methods_are_all_seen() -> None:
    for name in ("Network.predict", "Network.structure", "Study.open", "Explanation.heatmap"):
        assert name in DOCSTRINGS
    assert len(DOCSTRINGS) > 50


def test_the_functions_page_is_true(names: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "api" / "functions.md").read_text("utf-8")
    assert all(run_examples(code, names, "functions.md") for code in fenced(page, "pycon"))


@pytest.mark.slow
def test_the_tour_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tour's code, from the first fence to the last, in one namespace; its output as shown."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg")
    page = (ROOT / "docs" / "tour.md").read_text("utf-8")
    namespace: dict[str, Any] = {"np": np}
    assert run_examples("\n".join(fenced(page, "pycon")), namespace, "tour.md") > 15
