"""The command `cnnvis`. It loads TensorFlow only if needed."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cnnvis_widgets import __version__
from cnnvis_widgets.cli.compare import add_compare
from cnnvis_widgets.cli.computing import SHARED, add_computing, add_worker, computing
from cnnvis_widgets.cli.decoder import add_decoder
from cnnvis_widgets.cli.explain import add_explain
from cnnvis_widgets.cli.handout import add_handout
from cnnvis_widgets.cli.models import add_models
from cnnvis_widgets.cli.publishing import add_publishing, publishing
from cnnvis_widgets.cli.questions import add_questions
from cnnvis_widgets.cli.study import add_study
from cnnvis_widgets.errors import CnnvisError, FileError
from cnnvis_widgets.serving import server as serving

FAILED = 2
INTERRUPTED = 130  # the exit code of shells after Ctrl+C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: after `cnnvis`; those of this process by default.

    Returns:
        The exit code: 0, 1 if `doctor` found a problem, 2 after an error, which is printed on
        stderr.
    """
    options = parser().parse_args(arguments)
    options.words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # for a terminal or file that is not UTF-8
            stream.reconfigure(errors="replace")
    try:
        return options.run(options) or 0
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (CnnvisError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    top = argparse.ArgumentParser(
        prog="cnnvis", description="See what a neuron of a convolutional network responds to."
    )
    top.add_argument("--version", action="version", version=f"cnnvis-widgets {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    app = commands.add_parser("app", help="serve the notebooks as pages (Voilà)")
    _add_server_options(app, serving.APP_PORT)
    app.add_argument(
        "--preheat",
        action=argparse.BooleanOptionalAction,
        default=serving.PREHEAT,
        help="keep a started kernel ready for the next visitor of NOTEBOOK (default: %(default)s)",
    )
    app.add_argument(
        "--study", metavar="PATH", type=Path, help="for the notebook rating: what is scored there"
    )
    add_publishing(app)
    add_computing(app)
    app.set_defaults(run=_app)

    lab = commands.add_parser("lab", help="open the notebooks in JupyterLab")
    _add_server_options(lab, serving.LAB_PORT)
    lab.set_defaults(run=lambda o: serving.lab(o.notebook, _server(o)))

    add_worker(commands.add_parser("worker", help="compute for the pages of another machine"))

    add_explain(commands.add_parser("explain", help="explain a neuron on a picture"))

    add_compare(
        commands.add_parser("compare", help="other libraries' explanations beside ours, and why")
    )

    add_models(commands.add_parser("models", help="the networks and their weights"))
    add_study(commands.add_parser("study", help="many explanations, and what metrics say of them"))
    add_handout(commands.add_parser("handout", help="lessons on paper: worksheets, slides"))
    add_questions(commands.add_parser("questions", help="the lessons' questions, for Moodle"))
    decoders = commands.add_parser("decoder", help="decoders for the method upconvnet")
    add_decoder(decoders)

    doctor = commands.add_parser("doctor", help="what is here, what will not work, and why")
    doctor.set_defaults(run=lambda _: _doctor())
    return top


def _add_server_options(command: argparse.ArgumentParser, port: int) -> None:
    command.add_argument(
        "notebook",
        nargs="?",
        default=serving.FIRST,
        metavar="NOTEBOOK",
        help="the name of an included one, or the path of yours (default: %(default)s)",
    )
    command.add_argument("--port", type=int, help=f"default: the first free one from {port}")
    command.add_argument(
        "--host", default="localhost", help="0.0.0.0 to be reached from other machines"
    )
    command.add_argument("--no-browser", action="store_true", help="open no browser")
    command.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of Voilà or JupyterLab itself, as often as needed",
    )


def _app(options: argparse.Namespace) -> int:
    from cnnvis_widgets.serving.forked_kernels import SHARED_ENGINE, forked_kernels

    policy = publishing(options)
    if options.study is not None:
        rated(options.study)
    # First, so that a wrong name is an error, and child processes inherit the policy
    serving.set_policy(serving.find_notebook(options.notebook), policy)
    more = [SHARED_ENGINE] if options.engine == SHARED else []
    with computing(options) as facts, forked_kernels(*more):
        return serving.app(options.notebook, _server(options), options.preheat, policy, facts)


def rated(folder: Path) -> None:
    """Pass the rated study to the pages' kernels.

    Raises:
        FileError: there is no study in that folder.
    """
    from cnnvis_widgets.study.raters import STUDY_VARIABLE
    from cnnvis_widgets.study.store import Store

    if not Store(folder).settings:
        raise FileError(f"There is no study in {str(folder)!r}.")
    os.environ[STUDY_VARIABLE] = str(folder.resolve())


def _server(options: argparse.Namespace) -> serving.Server:
    return serving.Server(options.port, options.host, not options.no_browser, options.option)


def _doctor() -> int:
    from cnnvis_widgets.cli.doctor import examine, report

    checks = examine()
    print(report(checks))
    return int(any(check.wrong for check in checks))


if __name__ == "__main__":
    sys.exit(main())
