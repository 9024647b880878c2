"""``python -m catsdogs …``: everything the app does, without the app.

With ``--json`` a command prints exactly one JSON document on stdout; progress and messages go to
stderr. Exit status 0: done. 1: failed, with one line that says why. 2: done, but some inputs could
not be read.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from catsdogs import __version__
from catsdogs.cli import datasets, models, runs, tables
from catsdogs.cli.outcome import FAILED, Outcome
from catsdogs.cli.progress import say
from catsdogs.errors import CatsDogsError
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL, DEFAULT_MARGIN, THRESHOLD
from catsdogs.inference.rejection import FALSE_REFUSALS
from catsdogs.runs.choices import FLOAT16, INT8
from catsdogs.runs.config import SETTINGS, RunConfig
from catsdogs.runs.settings import Choice, Flag, Setting, Text, Whole

Command = Callable[..., Outcome]
_RUN_HELP = "a run id, or the beginning of one"
_FORCE_HELP = "replace a file that exists"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (``sys.argv`` by default) and return its exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    parser = _parser()
    if not words:
        parser.print_help(sys.stderr)
        return FAILED
    try:
        options = vars(parser.parse_args(words))
    except SystemExit as stop:
        # argparse exits with 2 on a usage error, which would mean "some inputs unreadable" here.
        return FAILED if stop.code else 0
    return _run(options.pop("command"), options, as_json=options.pop("json"))


def _run(command: Command, options: dict[str, Any], *, as_json: bool) -> int:
    """Call a command with its options, print its outcome and return its exit status."""
    try:
        outcome = command(**options)
    except (CatsDogsError, OSError) as error:
        return _failed(str(error), as_json=as_json)
    except KeyboardInterrupt:
        return _failed("Interrupted.", as_json=as_json)
    if as_json:
        _print_json(outcome.result)
    else:
        tables.show(outcome.text)
    return outcome.status


def _failed(message: str, *, as_json: bool) -> int:
    say(f"catsdogs: {message}")
    if as_json:
        _print_json({"error": message})
    return FAILED


def _print_json(result: Any) -> None:
    try:
        print(json.dumps(result, indent=2), flush=True)
    except BrokenPipeError:
        # The reader closed the pipe. Python still flushes at exit, so give it somewhere to write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    """Return the parser of all commands.

    Each stores its function as ``command``, and the function's keyword arguments by name.
    """
    parser = argparse.ArgumentParser(
        prog="python -m catsdogs", description="Cats vs Dogs", allow_abbrev=False
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"catsdogs {__version__}",
        help="print the version and exit",
    )
    groups = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_data(groups)
    _add_embed(groups)
    _add_train(groups)
    _add_evaluate(groups)
    _add_classify(groups)
    _add_compare(groups)
    _add_export(groups)
    _add_runs(groups)
    return parser


def _add(groups: Any, name: str, command: Command, help_text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = groups.add_parser(
        name, help=help_text, description=help_text, allow_abbrev=False
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    parser.set_defaults(command=command)
    return parser


def _group(groups: Any, name: str, help_text: str) -> Any:
    parser = groups.add_parser(name, help=help_text, description=help_text, allow_abbrev=False)
    return parser.add_subparsers(required=True, metavar="COMMAND")


def _add_data(groups: Any) -> None:
    data = _group(groups, "data", "get and inspect datasets")
    _add_sample(data)
    _add_fetch(data)
    for name, command, help_text in (
        ("scan", datasets.scan, "count and measure a dataset's images"),
        ("health", datasets.health, "find what is wrong with a dataset"),
    ):
        parser = _add(data, name, command, help_text)
        parser.add_argument("path", type=Path, help="a folder or a zip")
    _add_annotations(data)


def _add_sample(data: Any) -> None:
    sample = _add(data, "sample", datasets.sample, "draw the sample dataset")
    sample.add_argument(
        "--images",
        type=int,
        default=600,
        help="how many to draw; 100 to 2000 are usual; default: %(default)s",
    )
    sample.add_argument("--out", type=Path, help="a folder; default: data/sample")
    sample.add_argument(
        "--seed",
        type=int,
        default=7,
        help="a whole number; the same seed draws the same images; default: %(default)s",
    )


def _add_fetch(data: Any) -> None:
    fetch = _add(data, "fetch", datasets.fetch, "download and unpack a dataset; resumes")
    fetch.add_argument(
        "--from",
        dest="source",
        required=True,
        metavar="SOURCE",
        help="microsoft, kaggle, the URL of a zip, or the path of one",
    )
    fetch.add_argument("--sha256", help="the checksum that a URL's file must have")
    fetch.add_argument("--out", type=Path, help="a new folder; default: a folder below data/")


def _add_annotations(data: Any) -> None:
    annotations = _add(
        data, "annotations", datasets.exchange_annotations, "exchange decisions about photos as CSV"
    )
    annotations.add_argument("path", type=Path, help="the dataset's folder or zip")
    annotations.add_argument(
        "--import",
        dest="import_from",
        type=Path,
        metavar="CSV",
        help="a file with the columns path, action and label",
    )
    annotations.add_argument(
        "--export",
        dest="export_to",
        type=Path,
        metavar="CSV",
        help="write the decisions to this file",
    )


def _add_embed(groups: Any) -> None:
    embed = _add(groups, "embed", datasets.embed, "compute MobileNetV2 vectors of a dataset")
    embed.add_argument("path", type=Path, help="a folder or a zip")
    embed.add_argument(
        "--engine",
        choices=["local"],
        default="local",
        help="where the vectors are computed; default: %(default)s",
    )
    embed.add_argument("--out", type=Path, help="an .npz file with the arrays paths and vectors")


def _add_train(groups: Any) -> None:
    train = _add(groups, "train", runs.train, "train a model; Ctrl-C stops it gracefully")
    for field in fields(RunConfig):
        _add_setting(train, field.name, SETTINGS[field.name], field.default)


def _add_setting(parser: argparse.ArgumentParser, name: str, of: Setting, default: Any) -> None:
    """Add the option of one training setting."""
    option, explained = f"--{name.replace('_', '-')}", of.help.replace("%", "%%")
    kind, is_required = of.kind, default is MISSING
    default = None if is_required else default
    if isinstance(kind, Flag):
        action = argparse.BooleanOptionalAction if default is None else "store_true"
        parser.add_argument(option, action=action, default=default, help=explained)
        return
    if default is not None:
        explained += " Default: %(default)s."
    if isinstance(kind, Text):
        parser.add_argument(option, type=Path, required=is_required, help=explained)
    elif isinstance(kind, Choice):
        words = list(kind.words)
        parser.add_argument(
            option, choices=words, required=is_required, default=default, help=explained
        )
    else:
        number = int if isinstance(kind, Whole) else float
        parser.add_argument(
            option, type=number, default=default, metavar=of.metavar, help=explained
        )


def _add_evaluate(groups: Any) -> None:
    evaluate = _add(groups, "evaluate", models.evaluate, "evaluate a run on a labelled dataset")
    evaluate.add_argument("run", help=_RUN_HELP)
    evaluate.add_argument(
        "--data", required=True, type=Path, help="a folder or an archive of labelled images"
    )


def _add_classify(groups: Any) -> None:
    classify = _add(groups, "classify", models.classify, "classify image files")
    # Written out, because argparse would show PATH last, where --run takes it for a run.
    classify.usage = "python -m catsdogs classify PATH [PATH ...] [--run RUN ...] [options]"
    classify.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="file, folder or ZIP")
    classify.add_argument(
        "--run",
        dest="runs",
        nargs="+",
        action="extend",
        metavar="RUN",
        help=f"{_RUN_HELP}; default: the best of each model",
    )
    classify.add_argument(
        "--threshold",
        type=float,
        default=THRESHOLD,
        help="the lowest P(dog) that means dog, 0 to 1; default: %(default)s",
    )
    classify.add_argument(
        "--false-refusal",
        type=float,
        choices=FALSE_REFUSALS,
        default=DEFAULT_FALSE_REFUSAL,
        help="the share of pets that may be called neither; default: %(default)s",
    )
    classify.add_argument("--never-neither", action="store_true", help="answer only cat or dog")
    classify.add_argument(
        "--csv", dest="table", type=Path, metavar="FILE", help="also write a table"
    )
    classify.add_argument("--force", action="store_true", help=_FORCE_HELP)


def _add_compare(groups: Any) -> None:
    compare = _add(groups, "compare", models.compare, "compare two runs on the same images")
    compare.add_argument("run_a", help=_RUN_HELP)
    compare.add_argument("run_b", help=_RUN_HELP)
    compare.add_argument(
        "--margin",
        type=float,
        default=DEFAULT_MARGIN,
        help="accuracies that differ by less count as equivalent; 0.005 to 0.05 are usual; "
        "default: %(default)s",
    )
    compare.add_argument("--report", type=Path, help="also write a report: FILE.html or FILE.md")
    compare.add_argument("--force", action="store_true", help=_FORCE_HELP)


def _add_export(groups: Any) -> None:
    export = _add(groups, "export", models.export, "copy a run's model to a file")
    export.add_argument("run", help=_RUN_HELP)
    export.add_argument(
        "--format",
        dest="form",
        choices=[*models.EXPORT_FILES, FLOAT16, INT8],
        required=True,
        help="the file format; the last two are smaller and less precise",
    )
    export.add_argument("--out", required=True, type=Path, help="a new file")
    export.add_argument("--force", action="store_true", help=_FORCE_HELP)


def _add_runs(groups: Any) -> None:
    group = _group(groups, "runs", "list and manage runs")
    _add(group, "list", runs.list_runs, "list all runs, newest first")
    for name, command, help_text in (
        ("show", runs.show, "show a run"),
        ("stop", runs.stop, "end a run after its current batch, keeping its model"),
        ("resume", runs.resume, "continue a run that was stopped, failed or lost"),
        ("delete", runs.delete, "delete a run and its files"),
    ):
        _add(group, name, command, help_text).add_argument("run", help=_RUN_HELP)
    remark = _add(group, "remark", runs.remark, "give a run a name, a note, a star")
    remark.add_argument("run", help=_RUN_HELP)
    remark.add_argument("--name", help="replaces its model's name; empty for none")
    remark.add_argument("--note", help="any text; empty for none")
    remark.add_argument(
        "--star", dest="starred", action=argparse.BooleanOptionalAction, help="mark it, or unmark"
    )
    extend = _add(group, "extend", runs.extend, "train a finished run for some more epochs")
    extend.add_argument("run", help=_RUN_HELP)
    extend.add_argument(
        "--epochs", type=int, required=True, help="how many to add; 1 to 30 are usual"
    )
