"""Who may import whom, kept by reading every file's imports; and what stays unloaded."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cnnvis_widgets"
ROOMS = {"backend", "methods", "zoo", "engine", "study", "rendering", "widgets", "course"}
ROOMS |= {"cli", "peers", "serving", "translation"}
# The rooms that a room may import from, besides itself and the leaves.
ARROWS = {
    "widgets": {"engine", "study", "rendering", "course", "translation"},
    "engine": {"methods", "zoo", "backend", "rendering"},
    "study": {"engine", "methods", "zoo", "backend", "rendering"},
    "peers": {"engine", "methods", "zoo", "backend", "rendering"},
    "methods": {"backend", "rendering"},
    "zoo": {"backend"},
    "backend": set(),
    "rendering": set(),
    "translation": set(),
    "course": {"translation"},
    "serving": {"course", "translation", "zoo"},
    "cli": {"serving", "engine", "study", "methods", "zoo", "backend", "rendering", "course"}
    | {"peers", "translation"},
}
# Within a room that has sub-rooms: which of them, or the room's own modules (""), each may import.
SUB_ARROWS = {
    "widgets": {
        "toolkit": set(),
        "explorer": {"toolkit"},
        "comparison": {"toolkit", "explorer"},
        "exhibits": {"toolkit"},
        "course": {"toolkit", "explorer"},
        "": {"toolkit", "explorer", "comparison", "exhibits", "course"},
    },
    "backend": {
        "graph": {""},
        "lrp": {"graph", ""},
        "synthesis": {""},
        "decoders": {""},
        "variants": {""},
        "": {"graph", "lrp"},
    },
    "course": {"models": set(), "": set()},
    "engine": {"shared": {""}, "": {"shared"}},
    "peers": {"libraries": {""}, "": {"libraries"}},
}
# For all; rendering uses errors, checks and wording alone.
LEAVES = {"checks", "errors", "write_sandbox", "policy", "progress", "registry", "wording"}
# One-way streets within the arrows: what only these files may use.
DRAWING_METHODS = {"explanation", "upsampling"}
TENSORFLOW = {"tensorflow", "keras"}
DASK = {"dask", "distributed"}
JUPYTER = {"ipywidgets", "anywidget", "traitlets", "IPython", "jupyterlab", "voila", "notebook"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(name: str) -> dict[str, set[str]]:
    """What a module imports, full names: when it is loaded ("now"), within functions ("later"),
    and for type checking only ("types")."""
    modules: dict[str, set[str]] = {"now": set(), "later": set(), "types": set()}

    def visit(node: ast.AST, when: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                modules[when] |= {alias.name for alias in child.names}
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{name}: relative import"
                # "from package import module" imports the module, if there is one of that name
                modules[when] |= {
                    f"{child.module}.{alias.name}"
                    if f"{child.module}.{alias.name}" in MODULES
                    else str(child.module)
                    for alias in child.names
                }
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                visit(child, "types")
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                visit(child, "later" if when == "now" else when)
            else:
                visit(child, when)

    visit(ast.parse(MODULES[name].read_text("utf-8")), "now")
    return modules


def used(name: str, *when: str) -> set[str]:
    modules = imports(name)
    return set().union(*(modules[w] for w in when or ("now", "later")))


def room(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else ""


def test_rooms_are_the_known_ones() -> None:
    folders = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").exists()}
    assert folders <= ROOMS
    assert {"backend", "methods", "zoo", "engine", "rendering", "widgets"} <= folders
    assert len(MODULES) > 50


@pytest.mark.parametrize("name", [n for n in MODULES if room(n)])
def test_arrows(name: str) -> None:
    here = room(name)
    for other in used(name, "now", "later", "types"):
        if not other.startswith("cnnvis_widgets"):
            continue
        there = room(other)
        if there:
            assert there == here or there in ARROWS[here], f"{name} imports {other}"
        else:
            leaf = other.removeprefix("cnnvis_widgets").lstrip(".")
            allowed = {"checks", "errors", "wording"} if here == "rendering" else LEAVES
            assert leaf in allowed or (other == "cnnvis_widgets" and not leaf), (
                f"{name} imports {other}"
            )
            # `cnnvis --version`
            assert leaf or here == "cli", f"{name} imports the public face"


def sub_room(name: str) -> str:
    """The folder within the room; "" for the room's own modules."""
    parts = name.split(".")
    return parts[2] if len(parts) > 2 and parts[2] in SUB_ARROWS[parts[1]] else ""


def forbidden(name: str, others: set[str]) -> list[str]:
    """Which of the imported modules of the same room the sub-room may not import."""
    here = sub_room(name)
    allowed = SUB_ARROWS[room(name)][here] | {here}
    return sorted(o for o in others if room(o) == room(name) and sub_room(o) not in allowed)


@pytest.mark.parametrize("name", [n for n in MODULES if room(n) in SUB_ARROWS])
def test_arrows_between_sub_rooms(name: str) -> None:
    assert not forbidden(name, used(name, "now", "later", "types"))


def test_sub_rooms_are_the_known_ones() -> None:
    for name, arrows in SUB_ARROWS.items():
        folders = {p.name for p in (PACKAGE / name).iterdir() if (p / "__init__.py").exists()}
        assert folders == set(arrows) - {""}, name


def test_a_forbidden_arrow_is_seen() -> None:
    exhibit = "cnnvis_widgets.widgets.exhibits.tangent"
    wrong = "cnnvis_widgets.widgets.explorer.explorer"
    right = "cnnvis_widgets.widgets.toolkit.base"
    assert forbidden(exhibit, {wrong, right}) == [wrong]
    assert forbidden("cnnvis_widgets.backend.graph.structure",
                     {"cnnvis_widgets.backend.lrp.rules"})  # fmt: skip


@pytest.mark.parametrize("name", [n for n in MODULES if room(n) == "methods"])
def test_only_two_files_of_the_methods_draw(name: str) -> None:
    draws = any(room(other) == "rendering" for other in used(name, "now", "later", "types"))
    assert not draws or name.rsplit(".", 1)[-1] in DRAWING_METHODS


def test_leaves_import_nothing_of_ours() -> None:
    for leaf in LEAVES:
        ours = {o for o in used(f"cnnvis_widgets.{leaf}") if o.startswith("cnnvis_widgets.")}
        others = {"checks": {"errors"}, "write_sandbox": {"policy"}}.get(leaf, set())
        assert ours <= {f"cnnvis_widgets.{other}" for other in others}, leaf


@pytest.mark.parametrize("name", MODULES)
def test_libraries_stay_in_their_rooms(name: str) -> None:
    """TensorFlow is imported in the backend, elsewhere only in functions of the zoo; Jupyter's
    parts in the widgets; Dask in the shared engine; matplotlib in what makes figures."""
    now = {other.split(".")[0] for other in used(name, "now")}
    ever = {other.split(".")[0] for other in used(name)}
    here = room(name)
    if here != "backend":
        assert not now & TENSORFLOW, f"{name} loads TensorFlow"
    if here not in ("backend", "zoo") and here:
        assert not ever & TENSORFLOW, f"{name} knows TensorFlow"
    if here and here not in ("widgets", "serving", "cli"):
        assert not ever & JUPYTER, f"{name} knows Jupyter"
    if not name.startswith(("cnnvis_widgets.engine.shared", "cnnvis_widgets.cli")):
        assert not ever & DASK, f"{name} knows Dask"
    if name != "cnnvis_widgets.rendering.figures":
        assert "matplotlib" not in now, f"{name} loads matplotlib"


def test_there_is_no_circle() -> None:
    """Among all imports, also those within functions; a package's own face counts as a module."""
    edges = {name: {o for o in used(name) if o in MODULES and o != name} for name in MODULES}
    state: dict[str, int] = {}
    circles: list[list[str]] = []

    def walk(name: str, path: list[str]) -> None:
        state[name] = 1
        for other in sorted(edges[name]):
            if state.get(other) == 1:
                circles.append([*path[path.index(other) :], other])
            elif other not in state:
                walk(other, [*path, other])
        state[name] = 2

    for name in MODULES:
        if name not in state:
            walk(name, [name])
    assert not circles


LIGHT = [
    "import cnnvis_widgets",
    "import cnnvis_widgets.widgets",
    "import cnnvis_widgets as c; assert len(c.methods()) >= 5",
    "import cnnvis_widgets as c; assert len(c.images()) == 10; c.load_image('cat')",
    "import cnnvis_widgets as c; dir(c); c.CnnvisError; c.Neuron(None, 3)",
    "from cnnvis_widgets.course import lessons; lessons()",
    "from cnnvis_widgets.engine import listings as m; m.networks(); m.pictures()",
]


def test_what_a_page_needs_loads_neither_tensorflow_nor_matplotlib() -> None:
    lines = ["import sys", f"heavy = {TENSORFLOW | {'matplotlib', 'torch', 'lime'}!r}"]
    for statement in LIGHT:
        lines += [statement, f"assert not heavy & set(sys.modules), ({statement!r}, "
                  "sorted(heavy & set(sys.modules)))"]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_public_names_are_there() -> None:
    import cnnvis_widgets as cnnvis

    for name in ("Network", "Neuron", "explain", "images", "load_image", "load_network", "methods",
                 "CnnvisError", "Explanation"):  # fmt: skip
        assert name in cnnvis.__all__
        assert name in dir(cnnvis)
    with pytest.raises(AttributeError, match="expalin"):
        _ = cnnvis.expalin


@pytest.mark.parametrize(
    "before", ["", "import cnnvis_widgets.methods", "import cnnvis_widgets.methods.saliency"]
)
def test_methods_is_a_function_and_a_room_in_any_order(before: str) -> None:
    """Python binds the name to the room as soon as any method is imported."""
    code = f"""
{before}
import cnnvis_widgets as cnnvis
names = [m["name"] for m in cnnvis.methods()]
from cnnvis_widgets.methods.grad_cam import GradCam
from cnnvis_widgets import methods
assert [m["name"] for m in cnnvis.methods()] == [m["name"] for m in methods()] == names
assert methods.grad_cam.GradCam is GradCam and "saliency" in names
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    ("folder", "most"),
    [("cnnvis_widgets", 400), ("scripts", 400), ("benchmarks", 400), ("tests", 400)],
)
def test_no_file_grows_beyond_what_one_reads_in_one_go(folder: str, most: int) -> None:
    paths = [p for p in (ROOT / folder).rglob("*.py") if "envs" not in p.parts]
    lines = {str(p.relative_to(ROOT)): p.read_text("utf-8").count("\n") for p in paths}
    assert not {path: n for path, n in lines.items() if n > most}


def test_every_module_says_what_it_is_for() -> None:
    for name, path in MODULES.items():
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), name
