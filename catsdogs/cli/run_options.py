"""Options of the commands on runs. Those of ``train`` follow from the declared settings."""

import argparse
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import msgspec

from catsdogs.cli import labelling, runs, searches
from catsdogs.cli.commands import FORCE_HELP, RUN_HELP, add, group
from catsdogs.cli.help import Parser, explained, metavar, words
from catsdogs.distributed import ray_engine
from catsdogs.runs.config import SETTINGS, RunConfig
from catsdogs.runs.search import SAMPLERS, SearchSettings
from catsdogs.runs.settings import Choice, Flag, Kind, Number, Setting, Text, Whole

_SEARCH = {one.name: one.default for one in msgspec.structs.fields(SearchSettings)}
_TYPES: dict[type[Kind], type] = {Whole: int, Number: float, Text: str}


def add_train(groups: Any) -> None:
    """Add the command ``train``."""
    usage = "--model NAME --data PATH [options]"
    help_text = "train a model; Ctrl-C stops it and keeps the best weights"
    train = add(groups, "train", runs.train, usage, help_text)
    for field in fields(RunConfig):
        _add_setting(train, field.name, SETTINGS[field.name], field.default)
    train.add_argument(
        "--on",
        choices=ray_engine.ENGINES,
        default=ray_engine.LOCAL,
        metavar="NAME",
        help=f"{ray_engine.RAY} trains each run on a machine of the cluster at --address or "
        f"RAY_ADDRESS; default: {ray_engine.LOCAL}, this machine",
    )
    train.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="the cluster of --engine ray or --on ray; default: that of RAY_ADDRESS",
    )
    labelling.add_options(train)
    _add_search(train)


def _add_search(train: Parser) -> None:
    train.add_argument(
        "--search",
        nargs="+",
        action="extend",
        metavar="NAME=VALUES",
        help="train several runs that differ in these settings, and report the best: "
        "rate=1e-4..1e-2 is a range, schedule=cosine,constant a list; the same command continues "
        "a search; default: one run",
    )
    train.add_argument(
        "--trials",
        type=int,
        metavar="N",
        help=f"how many runs a search trains, 10 to 50 are usual; default: {_SEARCH['trials']}",
    )
    train.add_argument(
        "--sampler",
        choices=list(SAMPLERS),
        metavar="NAME",
        help=f"how a search chooses the next run: {words(SAMPLERS)}; default: {_SEARCH['sampler']}",
    )
    train.add_argument(
        "--prune",
        action="store_true",
        help="stop runs of a search early that are worse than the median of the others; off by "
        "default",
    )
    train.add_argument(
        "--search-seed",
        type=int,
        metavar="N",
        help=f"decides what a search tries, any whole number from 0; default: {_SEARCH['seed']}",
    )
    train.add_argument(
        "--at-once",
        type=int,
        metavar="N",
        help="how many runs of a search train at the same time; CATSDOGS_WORKERS must allow as "
        f"many, except on a cluster; default: {_SEARCH['at_once']}",
    )


def _add_setting(parser: Parser, name: str, of: Setting, default: Any) -> None:
    """Add the option of one training setting."""
    option, kind = f"--{name.replace('_', '-')}", of.kind
    is_required = default is MISSING
    given: dict[str, Any] = {"default": None if is_required else default}
    given["help"] = explained(of, default)
    if isinstance(kind, Flag):
        action = argparse.BooleanOptionalAction if default is None else "store_true"
        parser.add_argument(option, action=action, **given)
        return
    given |= {"required": is_required, "metavar": metavar(of)}
    if isinstance(kind, Choice):
        given["choices"] = list(kind.words)
    else:
        given["type"] = _TYPES[type(kind)]
    parser.add_argument(option, **given)


def add_runs(groups: Any) -> None:
    """Add the group ``runs``."""
    managed = group(groups, "runs", "list your runs, and manage them")
    add(managed, "list", runs.list_runs, "[--json]", "list all runs, newest first")
    for name, command, help_text in (
        ("show", runs.show, "show a run's settings, epochs and metrics"),
        ("stop", runs.stop, "stop a run after its current batch and keep its model"),
        ("resume", runs.resume, "continue a run that was stopped, failed or lost"),
        ("delete", runs.delete, "delete a run and its files"),
    ):
        added = add(managed, name, command, "RUN [--json]", help_text)
        added.add_argument("run", metavar="RUN", help=RUN_HELP)
    _add_report(managed)
    _add_remark(managed)
    _add_searches(managed)
    verify = add(
        managed, "verify", runs.verify, "RUN [--keep] [--json]", "train a run again and compare"
    )
    verify.add_argument("run", metavar="RUN", help=RUN_HELP)
    verify.add_argument(
        "--keep", action="store_true", help="keep the repetition; by default it is deleted"
    )
    extend = add(
        managed, "extend", runs.extend, "RUN --epochs N", "train a finished run for more epochs"
    )
    extend.add_argument("run", metavar="RUN", help=RUN_HELP)
    extend.add_argument(
        "--epochs",
        type=int,
        required=True,
        metavar="N",
        help="how many epochs to add, 1 to 30 are usual",
    )


def _add_searches(managed: Any) -> None:
    listed = "list all searches, newest first"
    add(managed, "searches", searches.list_searches, "[--json]", listed)
    help_text = "show a search: its runs, the best one and how good that is"
    shown = add(managed, "search", searches.show, "SEARCH [--resume] [--json]", help_text)
    shown.add_argument(
        "search_name",
        metavar="SEARCH",
        help="a search's name, or the beginning of it; see: runs searches",
    )
    shown.add_argument(
        "--resume", action="store_true", help="continue it and follow it; by default it is shown"
    )


def _add_report(managed: Any) -> None:
    help_text = "write everything about a run to one HTML page"
    report = add(managed, "report", runs.report, "RUN --out FILE [--force] [--json]", help_text)
    report.add_argument("run", metavar="RUN", help=RUN_HELP)
    report.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="FILE",
        help="the file to write, a new one; its name ends in .html",
    )
    report.add_argument("--force", action="store_true", help=FORCE_HELP)


def _add_remark(managed: Any) -> None:
    help_text = "give a run a name, a note or a star"
    remark = add(managed, "remark", runs.remark, "RUN [options]", help_text)
    remark.add_argument("run", metavar="RUN", help=RUN_HELP)
    remark.add_argument(
        "--name",
        metavar="NAME",
        help='a name instead of the model\'s, up to 80 characters; "" removes it; '
        "default: unchanged",
    )
    remark.add_argument(
        "--note", metavar="NOTE", help='any text; "" removes it; default: unchanged'
    )
    remark.add_argument(
        "--star",
        dest="starred",
        action=argparse.BooleanOptionalAction,
        help="add or remove the star; default: unchanged",
    )
