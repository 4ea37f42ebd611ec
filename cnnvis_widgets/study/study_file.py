"""A study written down in a TOML file, so that it can be kept beside its results and run again."""

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
    r"""The study that a TOML file describes.

    Its keys are the arguments of `cnnvis.Study`. `methods` is a list of names, or a table of names
    of your own, each with `method`, `parameters` and `neurons` (which of the neurons it is asked
    about) as far as they are needed. Paths of pictures and models are relative to the file.

    Args:
        file: the file.
        path: the study's folder; None for the one that the file names, or else for a folder of the
            file's own name beside it.

    Raises:
        FileError: there is no such file, or it is no TOML.
        InvalidValueError: a key that is missing, unknown, or of another kind.
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
    asked = _read(file)
    for name in ("networks", "images", "methods"):
        if not isinstance(asked.get(name), list | dict) or not asked[name]:
            raise InvalidValueError(f"{file.name}: expected {name} as a list or table of names.")
    neurons = asked.get("neurons", "output")
    return Study(
        _with_paths(asked["networks"], file.parent),
        _with_paths(asked["images"], file.parent),
        _methods(file.name, asked["methods"], neurons),
        neurons,
        path or _folder(file, asked),
        seed=asked.get("seed", 0),
        keep=asked.get("keep", "attribution"),
    )


def folder_of(file: str | Path) -> Path:
    """The folder of the study that a TOML file describes; see `study_of_file`."""
    return _folder(Path(file), _read(Path(file)))


def _folder(file: Path, asked: dict[str, Any]) -> Path:
    return file.parent / str(asked.get("path", file.stem))


def _read(file: Path) -> dict[str, Any]:
    try:
        asked = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise FileError(f"There is no file {str(file)!r}.") from error
    except (OSError, ValueError) as error:
        raise FileError(f"{str(file)!r} could not be read as a study: {error}") from error
    if odd := [name for name in asked if name not in KEYS]:
        raise InvalidValueError(
            f"{file.name}: {', '.join(odd)} is unknown. There are: {', '.join(KEYS)}."
        )
    return asked


def _with_paths(names: Any, folder: Path) -> dict[str, Any]:
    """Name → the name, or the path of the file of that name beside the TOML file."""
    given = names.items() if isinstance(names, dict) else ((str(one), one) for one in names)
    return {
        name: folder / one if isinstance(one, str) and (folder / one).is_file() else one
        for name, one in given
    }


def _methods(file: str, methods: Any, neurons: Any) -> Any:
    if isinstance(methods, list):
        return methods
    known = {str(one) for one in (neurons if isinstance(neurons, list) else [neurons])}
    named = {}
    for label, one in methods.items():
        facts = {"method": one} if isinstance(one, str) else dict(one)
        if odd := [name for name in facts if name not in METHOD_KEYS]:
            raise InvalidValueError(
                f"{file}: the method {label!r} has {', '.join(odd)}; it may have "
                f"{', '.join(METHOD_KEYS)}."
            )
        only = facts.get("neurons")
        if only is not None and (strange := [n for n in only if str(n) not in known]):
            raise InvalidValueError(
                f"{file}: the method {label!r} is asked about {', '.join(map(str, strange))}; the "
                f"study's neurons are {', '.join(sorted(known))}."
            )
        named[label] = (facts.get("method", label), facts.get("parameters", {}), only)
    return named
