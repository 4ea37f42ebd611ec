"""`cnnvis study coherence`: the agreement between methods as a clustered matrix."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnvis_widgets.progress import progress_bar

FIGURES = ("coherence.png", "coherence.svg")


def add_coherence(command: argparse.ArgumentParser) -> None:
    """The options of `cnnvis study coherence`."""
    command.add_argument("path", metavar="PATH", type=Path, help="the study's folder")
    command.add_argument(
        "--networks", nargs="+", metavar="NAME", help="of the study (default: all)"
    )
    command.add_argument(
        "--neurons",
        nargs="+",
        metavar="RULE",
        help='as the study calls them, e.g. output "top layer" (default: all)',
    )
    command.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where files go (default: PATH/coherence)"
    )
    command.set_defaults(run=_coherence)


def _coherence(options: argparse.Namespace) -> int:
    from cnnvis_widgets.errors import FileError
    from cnnvis_widgets.study.coherence import coherence, comma_separated, markdown, meaning
    from cnnvis_widgets.study.coherence_figure import coherence_figure
    from cnnvis_widgets.study.study import Study

    study = Study.open(options.path)
    with progress_bar("cells") as show:
        matrix = coherence(study, options.networks, options.neurons, progress=show)
    text = f"# Coherence between methods\n\n{meaning(matrix)}\n\n{markdown(matrix)}"
    folder = options.out or options.path / "coherence"
    texts = {"coherence.md": text, "coherence.csv": comma_separated(matrix)}
    figure = coherence_figure(matrix)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in texts.items():
            (folder / name).write_text(content, "utf-8")
        for name in FIGURES:
            figure.savefig(folder / name)
    except OSError as error:
        raise FileError(f"{str(folder)!r} could not be written to: {error}") from error
    print(text, end="")
    print(f"wrote {', '.join((*texts, *FIGURES))} in {folder}")
    return 0
