"""environment.yml, binder/ and the constraints say what pyproject.toml says."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_conda_environment_lists_the_project_s_dependencies() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert sorted(pip) == sorted([*PROJECT["dependencies"], "-e ."])
    assert "python=3.11" in environment["dependencies"]
    assert PROJECT["requires-python"] == ">=3.11"


def test_every_dependency_is_pinned_and_no_registry_is_named() -> None:
    constraints = (ROOT / "constraints.txt").read_text()
    pinned = {
        match.group(1).lower().replace("_", "-")
        for match in re.finditer(r"^([A-Za-z0-9._-]+)==", constraints, re.MULTILINE)
    }
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    names = {re.match(r"[A-Za-z0-9._-]+", d).group(0).lower() for d in wanted}  # type: ignore[union-attr]
    assert names <= pinned, names - pinned
    assert "://" not in constraints
    assert "index-url" not in constraints


@pytest.fixture(scope="module")
def dockerfile() -> str:
    """The recipe that Binder would build, rendered by repo2docker itself."""
    from repo2docker.app import Repo2Docker
    from repo2docker.buildpacks import PythonBuildPack

    before = Path.cwd()
    os.chdir(ROOT)
    try:
        pack = PythonBuildPack(base_image=Repo2Docker().base_image)
        pack.platform = "linux/amd64"
        assert pack.detect(), "repo2docker does not take binder/ for a Python project"
        assert pack.python_version == "3.11"
        return pack.render({})
    finally:
        os.chdir(before)


def test_binder_image_installs_the_project_with_the_constraints(dockerfile: str) -> None:
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    assert lines == ["-c ../constraints.txt", "-e ."]
    # The project's own files must be there when it is installed.
    copied = dockerfile.index("src/ ${REPO_DIR}/")
    assert copied < dockerfile.index('pip install --no-cache-dir -r "binder/requirements.txt"')
