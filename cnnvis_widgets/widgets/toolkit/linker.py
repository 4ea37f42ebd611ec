"""Links the ES modules of a component into the single module that anywidget needs.

anywidget sends a widget's page one module as a string, which cannot import from files beside it.
The files are ordinary modules, for editors, linters, type checkers and tests; the modules of their
static imports are put before them here, each once, in its own scope. There is no parser: `import`
and `export` are recognised at the beginning of a line, in the forms below; any other form is an
error.

    import { h, watch as look } from "../toolkit/base.js";
    export function f() {}        (async, generators)
    export class C {}
    export const a = 1;           (one name; also let)
    export { f, g as other };
    export default { render };    (of a component's own file)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_NAME = r"[A-Za-z_$][\w$]*"
_NAMES = re.compile(rf"^\s*({_NAME})(?:\s+as\s+({_NAME}))?\s*$")
_IMPORT = re.compile(r"^import\s*\{([^}]*)\}\s*from\s*[\"'](\.{1,2}/[^\"'\n]+)[\"'];?[ \t]*$", re.M)
_EXPORTED_NAMES = re.compile(r"^export\s*\{([^}]*)\};?[ \t]*$", re.M)
_EXPORTED = re.compile(
    rf"^export\s+(?=((?:async\s+)?function\b\s*\*?|class|const|let)\s+({_NAME}))", re.M
)
_ENTRY = """const {{ render }} = {entry};
// Python sends again what it sent before this page could hear it.
export default {{
  render(context) {{
    const undo = render(context);
    try {{
      context.model.send({{ kind: "drawn" }});
    }} catch {{
      // The kernel has ended, as when a visitor leaves a page that is still being drawn.
    }}
    return undo;
  }},
}};
"""
_DEFAULT = re.compile(r"^export\s+default\s*\{\s*render,?\s*\};?[ \t]*$", re.M)
_SEVERAL = re.compile(
    rf"^export\s+(?:const|let)\s+(?:[\[{{]|{_NAME}\s*=[^;\n]*,\s*{_NAME}\s*=)", re.M
)
_UNKNOWN_FORM = re.compile(r"^(?:import|export)\b.*$", re.M)


class LinkError(Exception):
    """A module that cannot be linked; the message has its name and the error."""


@dataclass(frozen=True)
class _Module:
    """One file: its imports, its exports, and its text without either."""

    file: Path
    imports: tuple[tuple[Path, tuple[tuple[str, str], ...]], ...]
    exports: tuple[tuple[str, str], ...]  # (local name, exported name)
    renders: bool
    body: str


def linked(file: Path) -> str:
    """A component's module and all its imports as one ES module.

    Args:
        file: JavaScript that ends with ``export default { render };``.

    Returns:
        The text, without imports.

    Raises:
        LinkError: a file is missing, a name is not exported, imports are circular, or a form of
            `import` or `export` is not one of those above.
    """
    entry = _read(file.resolve())
    if not entry.renders:
        raise LinkError(f"{entry.file.name} has to end with `export default {{ render }};`.")
    modules = _in_order(entry)
    names = {module.file: f"m{number}" for number, module in enumerate(modules, 1)}
    scopes = [_scope(module, names, module is entry) for module in modules]
    return "\n".join([*scopes, _ENTRY.format(entry=names[entry.file])])


def styles(file: Path) -> str:
    """The style sheets beside a component's modules (same stem), each once, its own last.

    Args:
        file: the component's JavaScript.

    Raises:
        LinkError: as `linked`.
    """
    sheets = [module.file.with_suffix(".css") for module in _in_order(_read(file.resolve()))]
    return "\n".join(sheet.read_text("utf-8") for sheet in sheets if sheet.exists())


def renders(file: Path) -> bool:
    """Whether a file exists and is a component's module, which exports `render`."""
    return file.exists() and _DEFAULT.search(file.read_text("utf-8")) is not None


@cache
def _read(file: Path) -> _Module:
    if not file.exists():
        raise LinkError(f"There is no module {file.name} in {file.parent.name}/.")
    text = file.read_text("utf-8")
    if several := _SEVERAL.search(text):
        raise LinkError(f"{file.name}: export one name at a time; got `{several.group()}`.")
    imports: dict[Path, list[tuple[str, str]]] = {}
    for match in _IMPORT.finditer(text):
        source = (file.parent / match.group(2)).resolve()
        imports.setdefault(source, []).extend(_pairs(match.group(1), file))
    exports = [(match.group(2), match.group(2)) for match in _EXPORTED.finditer(text)]
    for match in _EXPORTED_NAMES.finditer(text):
        exports += _pairs(match.group(1), file)
    body, renders = text, _DEFAULT.search(text) is not None
    for form in (_IMPORT, _EXPORTED_NAMES, _DEFAULT, _EXPORTED):
        body = form.sub("", body)
    if unknown := _UNKNOWN_FORM.search(body):
        raise LinkError(
            f"{file.name}: `{unknown.group().strip()}` is not understood. Write "
            '`import { name } from "./file.js";`, `export` before a function, a class or one '
            "name, or `export { name };`."
        )
    if renders:
        exports.append(("render", "render"))
    return _Module(
        file,
        tuple((source, tuple(pairs)) for source, pairs in imports.items()),
        tuple(dict.fromkeys(exports)),
        renders,
        body.strip("\n"),
    )


def _pairs(names: str, file: Path) -> list[tuple[str, str]]:
    """The names between the braces of an import or export: (name, name after `as`)."""
    pairs = []
    for name in names.rstrip().removesuffix(",").split(","):
        match = _NAMES.match(name)
        if match is None:
            raise LinkError(f"{file.name}: `{names.strip()}` is not a list of names.")
        pairs.append((match.group(1), match.group(2) or match.group(1)))
    return pairs


def _in_order(entry: _Module) -> list[_Module]:
    """The module and all its imports in topological order."""
    ordered: dict[Path, _Module] = {}

    def walk(module: _Module, path: tuple[Path, ...]) -> None:
        if module.file in path:
            circle = [*path[path.index(module.file) :], module.file]
            raise LinkError(f"Modules import one another: {' → '.join(f.name for f in circle)}.")
        if module.file in ordered:
            return
        for source, names in module.imports:
            imported = _read(source)
            exported = {outside for _, outside in imported.exports}
            for name, _ in names:
                if name not in exported:
                    raise LinkError(
                        f"{module.file.name} imports {name} from {source.name}, which exports "
                        f"{', '.join(sorted(exported)) or 'nothing'}."
                    )
            walk(imported, (*path, module.file))
        ordered[module.file] = module

    walk(entry, ())
    return list(ordered.values())


def _scope(module: _Module, names: dict[Path, str], entry: bool) -> str:
    imports = [
        f"const {{ {_joined(pairs, ': ')} }} = {names[source]};" for source, pairs in module.imports
    ]
    exports = [("render", "render")] if entry else list(module.exports)
    returned = ", ".join(o if i == o else f"{o}: {i}" for i, o in exports)
    return "\n".join(
        [
            f"// {module.file.name}",
            f"const {names[module.file]} = (() => {{",
            *imports,
            module.body,
            f"return {{ {returned} }};",
            "})();",
        ]
    )


def _joined(pairs: tuple[tuple[str, str], ...], between: str) -> str:
    return ", ".join(a if a == b else f"{a}{between}{b}" for a, b in pairs)
