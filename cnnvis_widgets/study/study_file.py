"""Reads a study's settings from a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.errors import FileError, InvalidValueError

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

KEYS = ("networks", "images", "methods", "neurons", "path", "seed", "keep")
METHOD_KEYS = ("method", "parameters", "neurons")


def study_of_file(file: str | Path, path: str | Path | None = None) -> Study:
    r"""Create the study that a TOML file describes.

    Its keys are the arguments of `cnnvis.Study`. `methods` is a list of names, or a table of your
    own names, each with optional `method`, `parameters` and `neurons` (those that the method is
    applied to). Paths of pictures and models are relative to the file.

    Args:
        file: the file.
        path: the study's folder; None for the file's `path`, or else for a folder with the file's
            name beside it.

    Raises:
        FileError: the file does not exist, or is not TOML.
        InvalidValueError: a key that is missing, unknown, or of the wrong type.
        UnknownNameError: no such method, parameter or picture.

    Examples:
        >>> _ = Path("my.toml").write_text(
        ...     'networks = ["mini_vgg"]\nimages = ["scene:1"]\nmethods = ["saliency"]\n'
        ... )
        >>> study_of_file("my.toml")
        <Study in 'my': 0 of 1 runs>
    """
    from cnnvis_widgets.study.study import Study

    file = Path(file)
    settings = _read(file)
    for name in ("networks", "images", "methods"):
        if not isinstance(settings.get(name), list | dict) or not settings[name]:
            raise InvalidValueError(f"{file.name}: expected {name} as a list or table of names.")
    neurons = settings.get("neurons", "output")
    return Study(
        _with_paths(settings["networks"], file.parent),
        _with_paths(settings["images"], file.parent),
        _methods(file.name, settings["methods"], neurons),
        neurons,
        path or _folder(file, settings),
        seed=settings.get("seed", 0),
        keep=settings.get("keep", "attribution"),
    )


def folder_of(file: str | Path) -> Path:
    """The folder of the study that a TOML file describes; see `study_of_file`."""
    return _folder(Path(file), _read(Path(file)))


def _folder(file: Path, settings: dict[str, Any]) -> Path:
    return file.parent / str(settings.get("path", file.stem))


def _read(file: Path) -> dict[str, Any]:
    try:
        settings = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise FileError(f"There is no file {str(file)!r}.") from error
    except (OSError, ValueError) as error:
        raise FileError(f"{str(file)!r} could not be read as a study: {error}") from error
    if unknown := [name for name in settings if name not in KEYS]:
        raise InvalidValueError(
            f"{file.name}: {', '.join(unknown)} is unknown. There are: {', '.join(KEYS)}."
        )
    return settings


def _with_paths(names: Any, folder: Path) -> dict[str, Any]:
    """Name → value; values that are files beside the TOML file become paths."""
    items = names.items() if isinstance(names, dict) else ((str(value), value) for value in names)
    return {
        name: folder / value if isinstance(value, str) and (folder / value).is_file() else value
        for name, value in items
    }


def _methods(file: str, methods: Any, neurons: Any) -> Any:
    if isinstance(methods, list):
        return methods
    study_neurons = {str(spec) for spec in (neurons if isinstance(neurons, list) else [neurons])}
    named = {}
    for label, spec in methods.items():
        facts = {"method": spec} if isinstance(spec, str) else dict(spec)
        if unknown := [name for name in facts if name not in METHOD_KEYS]:
            raise InvalidValueError(
                f"{file}: the method {label!r} has {', '.join(unknown)}; it may have "
                f"{', '.join(METHOD_KEYS)}."
            )
        selected = facts.get("neurons")
        if selected is not None and (
            unmatched := [n for n in selected if str(n) not in study_neurons]
        ):
            raise InvalidValueError(
                f"{file}: the method {label!r} is asked about {', '.join(map(str, unmatched))}; "
                f"the study's neurons are {', '.join(sorted(study_neurons))}."
            )
        named[label] = (facts.get("method", label), facts.get("parameters", {}), selected)
    return named
