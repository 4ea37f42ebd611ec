"""The wheel and the sdist hold what is needed, and nothing else; an installed wheel works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cnnvis_widgets"
NOT_SHIPPED = re.compile(
    r"(^|/)(tests?|benchmarks|node_modules|\.venv|__pycache__|build|\.git)(/|$)|\.(pyc|ipynb_checkpoints)$"
)
MOST = {"wheel": 5_000_000, "sdist": 5_000_000}  # bytes; both were 3.4 MB on 2026-11-29


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both, built without internet by the backend that pyproject.toml names."""
    folder = tmp_path_factory.mktemp("dist")
    code = (
        "from hatchling.build import build_sdist, build_wheel\n"
        f"build_sdist({str(folder)!r})\nbuild_wheel({str(folder)!r})"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> set[str]:
    """The names in the wheel."""
    return set(zipfile.ZipFile(next(built.glob("*.whl"))).namelist())


@pytest.fixture(scope="module")
def sdist(built: Path) -> set[str]:
    """The names in the sdist, without its top folder."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def tracked(folder: str) -> set[str]:
    """What git knows of a folder (or will, once added), relative to the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return {name for name in listed.splitlines() if (ROOT / name).exists()}


def test_the_wheel_holds_the_package_and_the_notebooks_and_nothing_else(wheel: set[str]) -> None:
    wanted = tracked("cnnvis_widgets") | {
        name.replace("notebooks/", "cnnvis_widgets/_notebooks/", 1) for name in tracked("notebooks")
    }
    held = {name for name in wheel if ".dist-info/" not in name}
    assert held == wanted


def test_each_kind_of_file_is_in_the_wheel(wheel: set[str]) -> None:
    for ending, least in (
        (".js", 50),
        (".css", 45),
        (".ipynb", 40),
        (".npz", 20),
        (".toml", 11),
        (".j2", 2),
    ):
        assert sum(name.endswith(ending) for name in wheel) >= least, ending
    for name in (
        "cnnvis_widgets/py.typed",
        "cnnvis_widgets/zoo/trained/mini_vgg.npz",
        "cnnvis_widgets/zoo/imagenet_labels.txt",
        "cnnvis_widgets/rendering/colormaps.npz",
        "cnnvis_widgets/_notebooks/00_index.ipynb",
        "cnnvis_widgets/serving/voila_template/voila/templates/cnnvis/index.html.j2",
    ):
        assert name in wheel, name
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def test_a_wheel_can_be_made_from_the_sdist(sdist: set[str]) -> None:
    assert tracked("cnnvis_widgets") | tracked("notebooks") <= sdist
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "PKG-INFO"} <= sdist


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_nothing_of_the_workshop_is_shipped(
    kind: str, built: Path, wheel: set[str], sdist: set[str]
) -> None:
    names = {"wheel": wheel, "sdist": sdist}[kind]
    assert not [name for name in names if NOT_SHIPPED.search(name)]
    (path,) = built.glob({"wheel": "*.whl", "sdist": "*.tar.gz"}[kind])
    assert 1_000_000 < path.stat().st_size < MOST[kind]


@pytest.mark.slow
def test_the_installed_wheel_explains_and_says_that_all_is_well(
    built: Path, tmp_path: Path
) -> None:
    """Unpacked away from the repository, with the dependencies of this Python."""
    place = tmp_path / "site"
    zipfile.ZipFile(next(built.glob("*.whl"))).extractall(place)
    environment = {"PYTHONPATH": str(place), "PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    def cnnvis(*words: str) -> str:
        code = (
            "import sys, cnnvis_widgets; from cnnvis_widgets.cli import main\n"
            f"assert cnnvis_widgets.__file__.startswith({str(place)!r})\n"
            "sys.exit(main(sys.argv[1:]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "Everything works offline" in cnnvis("doctor")
    cnnvis("explain", "scene:3", "--network", "mini_vgg", "-o", "map.npy")
    assert (tmp_path / "map.npy").stat().st_size > 128
