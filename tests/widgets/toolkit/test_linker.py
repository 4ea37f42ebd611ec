"""ES modules in one text: what the linker understands, in which order it puts it, what it refuses.

The linked texts are run by Node (of the environment that `make` builds), which knows ES modules by
itself: the oracle is that a linked module gives what the modules give.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from javascript_tools import NODE

import cnnvis_widgets.widgets as widgets
from cnnvis_widgets.widgets.explorer.explorer_header import ExplorerHeader
from cnnvis_widgets.widgets.toolkit.base import Component
from cnnvis_widgets.widgets.toolkit.linker import LinkError, linked, renders, styles

SHARED = """\
globalThis.loaded = (globalThis.loaded ?? 0) + 1;
export const loads = () => globalThis.loaded;
"""
COUNTER = """\
import { loads } from "./shared.js";

let count = 0;
export function next() {
  count += 1;
  return `${loads()}:${count}`;
}
export async function later() {
  return next();
}
export class Pair {
  constructor(a, b) {
    this.values = [a, b];
  }
}
const hidden = 7;
export { hidden as seven };
"""
ENTRY = """\
/** A component. */
import {
  next,
  later,
  Pair as Two,
} from "./below/counter.js";
import { loads } from "./below/shared.js";
import { seven } from "./below/counter.js";

const count = 40; // the same name as in counter.js
async function render() {
  return [next(), await later(), new Two(seven, count).values, loads()];
}

export default { render };
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        file = folder / (name.replace("__", "/") + ".js")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return folder / "entry.js"


def run(module: Path) -> str:
    """What a module's `render` gives and sends to Python, as JSON."""
    code = (
        f"import m from {module.as_uri()!r}; const sent = [];"
        "const model = { send: (content) => sent.push(content.kind) };"
        "console.log(JSON.stringify([await m.render({ model }), sent]));"
    )
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_linked_module_gives_what_its_modules_give(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    entry = write(tmp_path, entry=ENTRY, below__counter=COUNTER, below__shared=SHARED)
    one = tmp_path / "linked.js"
    one.write_text(linked(entry), "utf-8")
    assert "import" not in one.read_text("utf-8").replace("import.meta", "")
    assert run(entry) == '[["1:1","1:2",[7,40],1],[]]'
    assert run(one) == '[["1:1","1:2",[7,40],1],["drawn"]]'


def test_each_module_stands_once_after_those_that_it_imports(tmp_path: Path) -> None:
    text = linked(write(tmp_path, entry=ENTRY, below__counter=COUNTER, below__shared=SHARED))
    places = [text.index(f"// {name}.js") for name in ("shared", "counter", "entry")]
    assert places == sorted(places)
    assert text.count("let count = 0") == 1
    assert text.count("export default {\n  render(context) {") == 1


def test_style_sheets_follow_the_modules_with_the_own_one_last(tmp_path: Path) -> None:
    entry = write(tmp_path, entry=ENTRY, below__counter=COUNTER, below__shared=SHARED)
    for name in ("entry", "below/shared"):  # counter has none
        (tmp_path / f"{name}.css").write_text(f".{name[-5:]} {{}}")
    assert styles(entry) == ".hared {}\n.entry {}"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"entry": 'import * as x from "./a.js";\nexport default { render };'}, r"import \* as x"),
        ({"entry": 'import x from "./a.js";\nexport default { render };'}, "not understood"),
        ({"entry": 'import "./a.js";\nexport default { render };'}, "not understood"),
        ({"entry": 'import { a } from "package";\nexport default { render };'}, "not understood"),
        ({"entry": "export default { render, initialize };"}, "not understood"),
        ({"entry": "const render = 1;"}, "has to end with"),
        ({"entry": 'import { a } from "./a.js";\nexport default { render };'}, "no module a.js"),
        (
            {
                "entry": 'import { b } from "./a.js";\nexport default { render };',
                "a": "export const a = 1, c = 2;",
            },
            "one name at a time",
        ),
        (
            {
                "entry": 'import { b } from "./a.js";\nexport default { render };',
                "a": "export const { b } = {};",
            },
            "one name at a time",
        ),
        (
            {
                "entry": 'import { b } from "./a.js";\nexport default { render };',
                "a": "export const a = 1;",
            },
            r"entry.js imports b from a.js, which exports a",
        ),
        (
            {
                "entry": 'import { a } from "./a.js";\nexport default { render };',
                "a": 'import { b } from "./b.js";\nexport const a = 1;',
                "b": 'import { a } from "./a.js";\nexport const b = 1;',
            },
            "a.js → b.js → a.js",
        ),
        (
            {
                "entry": 'import { a.b } from "./a.js";\nexport default { render };',
                "a": "export const a = 1;",
            },
            "not a list of names",
        ),
        (
            {
                "entry": 'import { a } from "./a.js";\nexport default { render };',
                "a": 'export * from "./b.js";',
            },
            "not understood",
        ),
    ],
)
def test_what_it_does_not_understand_is_refused(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    with pytest.raises(LinkError, match=message):
        linked(write(tmp_path, **files))


def test_words_in_comments_and_texts_are_no_imports(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        entry='/**\n * import { x } from "./nowhere.js"\n'
        ' * @param {import("./types.js").T} t\n */\n'
        'function render(t) {\n  return "export const y";\n}\n\nexport default { render };\n',
    )
    assert renders(entry)
    assert '"export const y"' in linked(entry)


COMPONENTS = [
    kind
    for name in widgets.__all__
    if isinstance(kind := getattr(widgets, name), type) and issubclass(kind, Component)
]


@pytest.mark.parametrize("kind", COMPONENTS, ids=lambda kind: kind.__name__)
def test_every_component_is_one_module_that_a_browser_could_load(
    kind: type[Component], tmp_path: Path
) -> None:
    text, sheet = kind._esm, kind._css
    assert text.count("export default") == 1
    assert ".cnnvis" in sheet
    module = tmp_path / "module.mjs"
    module.write_text(text, "utf-8")
    code = f"import m from {module.as_uri()!r}; console.log(typeof m.render)"
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", code], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "function", done.stderr


def test_a_class_with_a_text_of_its_own_keeps_it() -> None:
    class Own(Component):
        _esm = "export default { render({ el }) { el.textContent = 'mine'; } };"
        _css = ".mine {}"

    class Heir(Own):
        pass

    assert Own()._esm == Heir()._esm == Own._esm
    assert "mine" in Own._esm
    assert Heir()._css == ".mine {}"


def test_a_composed_widget_s_layout_comes_with_the_component_that_names_it() -> None:
    folder = Path(widgets.__file__).parent / "explorer"
    layout = (folder / "explorer.css").read_text("utf-8")
    header = ExplorerHeader()
    assert header._css.endswith(layout)
    assert (folder / "explorer_header.css").read_text("utf-8") in header._css


SCRIPTS = sorted(Path(widgets.__file__).parent.rglob("*.js"))


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.stem)
def test_modules_import_from_their_own_room_and_the_toolkit(file: Path) -> None:
    root = Path(widgets.__file__).parent
    room = file.relative_to(root).parts[0]
    for other in re.findall(r"(?:from |import\()\"(\.[^\"]+)\"", file.read_text("utf-8")):
        target = (file.parent / other).resolve()
        assert target.exists()
        assert target.relative_to(root).parts[0] in {room, "toolkit"}
