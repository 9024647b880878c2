"""Run one command line: everything the app does, without the app.

With ``--json`` a command prints exactly one JSON document on stdout; progress and messages go to
stderr. Exit status 0: done. 1: failed, with one message that says why. 2: done, but some inputs
could not be read.
"""

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from catsdogs import __version__
from catsdogs.cli import tables
from catsdogs.cli.commands import Command
from catsdogs.cli.help import Parser, program
from catsdogs.cli.outcome import FAILED
from catsdogs.cli.progress import say
from catsdogs.errors import CatsDogsError

# The commands, in the order of the help, and the module that adds each. A command is added by
# ``add_NAME``. Importing all of them takes most of a second and 50 MB.
_COMMANDS = {
    "app": "app",
    "doctor": "machine",
    "data": "dataset_options",
    "train": "run_options",
    "classify": "model_options",
    "explain": "explaining",
    "evaluate": "model_options",
    "compare": "model_options",
    "runs": "run_options",
    "export": "model_options",
    "embed": "dataset_options",
    "serve": "serving",
}
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
    words = sys.argv[1:] if words is None else words
    try:
        options = vars(_parser(words).parse_args(words))
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


def _parser(words: Sequence[str]) -> Parser:
    """Return the parser for ``words``; a bare group of commands is stored as ``group``.

    It has all commands unless the first word is one of them.
    """
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
    for command in [words[0]] if words and words[0] in _COMMANDS else _COMMANDS:
        module = import_module(f"catsdogs.cli.{_COMMANDS[command]}")
        getattr(module, f"add_{command}")(groups)
    return top
