"""How a command is added to the parser: its usage, its help and its function."""

from collections.abc import Callable
from typing import Any

from catsdogs.cli.help import Parser, program
from catsdogs.cli.outcome import Outcome
from catsdogs.cli.quiet import native_libraries_silenced
from catsdogs.distributed.ray_engine import ENGINES, LOCAL

Command = Callable[..., Outcome]
RUN_HELP = "a run's id, or the beginning of it; see: runs list"
DATA_HELP = "a folder, a zip, a tar, a Parquet table or a WebDataset tar of images"
FORCE_HELP = "replace a file that exists; off by default"


def add(groups: Any, name: str, command: Command, usage: str, help_text: str) -> Parser:
    """Add a command. Its parser stores its function as ``command``, and the arguments by name."""
    added: Parser = groups.add_parser(
        name, usage=f"%(prog)s {usage}".strip(), help=help_text, description=_sentence(help_text)
    )
    added.add_argument(
        "--json",
        action="store_true",
        help="print one JSON document for programs instead of tables",
    )

    def quietly(**options: Any) -> Outcome:
        with native_libraries_silenced():
            return command(**options)

    added.set_defaults(command=quietly)
    return added


def add_engine(command: Parser) -> None:
    """Add the options that say where a command computes."""
    command.add_argument(
        "--engine",
        choices=ENGINES,
        default=LOCAL,
        metavar="NAME",
        help="where to compute: local, this machine, or ray, a Ray cluster; default: %(default)s",
    )
    command.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="the cluster of --engine ray; default: that of RAY_ADDRESS, or Ray on this machine",
    )


def group(groups: Any, name: str, help_text: str) -> Any:
    """Add a group of commands. Its parser is stored as ``group``, for the help of a bare group."""
    added: Parser = groups.add_parser(
        name,
        usage="%(prog)s COMMAND [options]",
        help=help_text,
        description=_sentence(help_text),
        epilog=f"Each command has its own help: catsdogs {name} COMMAND --help",
    )
    added.set_defaults(group=added)
    return added.add_subparsers(metavar="COMMAND", prog=f"{program()} {name}", title="commands")


def _sentence(help_text: str) -> str:
    return f"{help_text[0].upper()}{help_text[1:]}."
