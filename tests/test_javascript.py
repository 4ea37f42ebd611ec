"""What `make lint` says of the widgets' JavaScript: bad JavaScript fails."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from javascript_tools import ROOT, tool

WIDGETS = Path("cnnvis_widgets", "widgets")
CONFIGURATION = ["eslint.config.js", "tsconfig.json", "tsconfig.strict.json", "package.json"]
MOST_LINES = 400
LONG = "export function long() {\n" + "  Math.random();\n" * 79 + "}\n"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with our configuration and the toolkit, to put bad files into."""
    for name in [*CONFIGURATION, ".prettierrc.json", ".prettierignore"]:
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / WIDGETS / "toolkit", tmp_path / WIDGETS / "toolkit")
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / WIDGETS / "toolkit" / "bad.js").write_text(text, "utf-8")


def complaints(folder: Path) -> set[str]:
    """The rules of ESLint that files of the folder break."""
    done = tool("eslint", "--format", "json", "cnnvis_widgets", folder=folder)
    return {message["ruleId"] for file in json.loads(done.stdout) for message in file["messages"]}


def test_the_copy_is_without_fault(copy: Path) -> None:
    assert complaints(copy) == set()
    done = tool("tsc", folder=copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (LONG, "max-lines-per-function"),
        (f"export const text = '{'x' * 100}';\n", "max-len"),
        ("export const n = 1;\n" + "//\n" * MOST_LINES, "max-lines"),
        ("const unused = 1;\n", "no-unused-vars"),
        ("export const same = (a) => a == 1;\n", "eqeqeq"),
        (
            'import { h } from "./base.js";\nexport const f = (h) => h;\nh("p");\n',
            "no-shadow",
        ),
        ("export const f = () => undeclared;\n", "no-undef"),
    ],
)
def test_the_linter_refuses(copy: Path, text: str, rule: str) -> None:
    write(copy, text)
    assert complaints(copy) == {rule}


def test_a_function_of_80_lines_is_taken(copy: Path) -> None:
    write(copy, LONG.replace("  Math.random();\n", "", 1))
    assert complaints(copy) == set()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('import { h } from "./base.js";\nh("p").value = "x";\n', "TS2339"),
        ('import { roundNumbers } from "./ticks.js";\nroundNumbers("0", 1);\n', "TS2345"),
        ('import { nothing } from "./base.js";\nnothing();\n', "TS2305"),
        ('document.querySelector("p").remove();\n', "TS2531"),
    ],
)
def test_the_type_checker_refuses(copy: Path, text: str, code: str) -> None:
    write(copy, text)
    done = tool("tsc", folder=copy)
    assert done.returncode != 0
    assert f"bad.js(2,1): error {code}" in done.stdout or f"error {code}" in done.stdout


def test_the_formatter_refuses(copy: Path) -> None:
    write(copy, "export   const n = 1\n")
    done = tool("prettier", "--check", ".", folder=copy)
    assert done.returncode != 0
    assert "bad.js" in done.stdout + done.stderr


def test_lint_and_test_of_make_run_these_tools() -> None:
    scripts = json.loads((ROOT / "package.json").read_text())["scripts"]
    for name in ("eslint", "prettier --check", "tsc"):
        assert name in scripts["lint"]
    assert "node --test" in scripts["test"]
    make = (ROOT / "Makefile").read_text()
    assert "$(NPM) run --silent lint" in make
    assert "$(NPM) run --silent test" in make


def test_tools_are_pinned_and_no_registry_is_named() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert version[0].isdigit()
        assert lock[f"node_modules/{name}"]["version"] == version
    assert not any("resolved" in package for package in lock.values())
    assert all("integrity" in package for name, package in lock.items() if name)
