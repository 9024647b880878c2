"""Run one command line: everything the app does, without the app.

With ``--json`` a command prints exactly one JSON document on stdout; progress and messages go to
stderr. Exit status 0: done. 1: failed, with one message that says why. 2: done, but some inputs
could not be read.
"""

import json
from collections.abc import Sequence
from typing import Any

from catsdogs import __version__
from catsdogs.cli import app, machine, tables
from catsdogs.cli.commands import Command, add
from catsdogs.cli.dataset_options import add_data, add_embed
from catsdogs.cli.explaining import add_explain
from catsdogs.cli.help import Parser, program
from catsdogs.cli.model_options import add_classify, add_compare, add_evaluate, add_export
from catsdogs.cli.outcome import FAILED
from catsdogs.cli.progress import say
from catsdogs.cli.run_options import add_runs, add_train
from catsdogs.cli.serving import add_serve
from catsdogs.errors import CatsDogsError

_EXAMPLES = """\
examples:
  catsdogs app                        open the app in your browser
  catsdogs classify photo.jpg         ask the best models: cat, dog or neither
  catsdogs data health photos/        find duplicates and wrong labels
  catsdogs train --model mobilenet_v2 --data photos/

Each command has its own help: catsdogs COMMAND --help
Exit status: 0 done, 1 failed, 2 done but some files could not be read.
"""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command line (``sys.argv`` by default) and return its exit status.

    Without a command, print the help of the program or of the group of commands.
    """
    try:
        options = vars(_parser().parse_args(words))
    except SystemExit as stop:
        # argparse exits with 2 on a usage error, which would mean "some inputs unreadable" here.
        return FAILED if stop.code else 0
    group = options.pop("group")
    if "command" not in options:
        group.print_help()
        return 0
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
    tables.write(f"{json.dumps(result, indent=2)}\n")


def _parser() -> Parser:
    """Return the parser of all commands; a bare group of commands is stored as ``group``."""
    name = program()
    top = Parser(
        prog=name,
        usage="%(prog)s COMMAND [options]",
        description="Browse, train, compare and use cat and dog classifiers.",
        epilog=_EXAMPLES,
    )
    top.add_argument(
        "--version",
        action="version",
        version=f"catsdogs {__version__}",
        help="print the version and exit",
    )
    top.set_defaults(group=top)
    groups = top.add_subparsers(metavar="COMMAND", prog=name, title="commands")
    for add_to in (
        *(_add_app, _add_doctor, add_data, add_train, add_classify, add_explain, add_evaluate),
        *(add_compare, add_runs, add_export, add_embed, add_serve),
    ):
        add_to(groups)
    return top


def _add_app(groups: Any) -> None:
    help_text = "open the app in your browser"
    added: Parser = groups.add_parser(
        "app",
        usage="%(prog)s [--port PORT] [--no-browser]",
        help=help_text,
        description="Open the app in your browser. It runs until you press Ctrl-C.",
    )
    added.add_argument(
        "--port",
        type=int,
        metavar="PORT",
        help=f"the port to serve on, 1024 to 65535 are usual; default: {app.DEFAULT_PORT}, or the "
        "next free one",
    )
    added.add_argument(
        "--no-browser",
        dest="browser",
        action="store_false",
        help="only serve, and print the address; by default a browser opens",
    )
    added.set_defaults(command=app.serve, json=False)


def _add_doctor(groups: Any) -> None:
    help_text = "say what this machine offers, and what to do about each problem"
    add(groups, "doctor", machine.doctor, "[--json]", help_text)
