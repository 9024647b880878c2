"""``catsdogs serve``: trained runs as a REST service."""

from typing import Any

from catsdogs.cli.commands import RUN_HELP
from catsdogs.cli.help import Parser
from catsdogs.cli.outcome import Outcome
from catsdogs.cli.progress import say
from catsdogs.cli.quiet import native_libraries_silenced


def serve(*, host: str, port: int, runs: list[str] | None, allowed_hosts: list[str]) -> Outcome:
    """Serve the named runs, or the best of each model, until Ctrl-C."""
    # Imported here: no other command needs a server.
    from catsdogs.service import server

    with native_libraries_silenced():
        server.serve(host, port, names=allowed_hosts, runs=runs or [], say=say)
    return Outcome(None, [])


def add_serve(groups: Any) -> None:
    """Add the command ``serve``."""
    help_text = "serve trained runs to other programs: a REST API"
    added: Parser = groups.add_parser(
        "serve",
        usage="%(prog)s [--host ADDRESS] [--port PORT] [--run RUN ...] [options]",
        help=help_text,
        description="Serve trained runs to other programs, until you press Ctrl-C. Its address "
        "shows what it offers. Other machines need the token in CATSDOGS_API_TOKEN.",
    )
    added.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="the address to listen on; 0.0.0.0 is every network; default: %(default)s, which is "
        "this machine alone",
    )
    added.add_argument(
        "--port",
        type=int,
        default=8502,
        metavar="PORT",
        help="the port to listen on, 1024 to 65535 are usual, 0 takes a free one; default: "
        "%(default)s",
    )
    added.add_argument(
        "--run",
        dest="runs",
        nargs="+",
        action="extend",
        metavar="RUN",
        help=f"{RUN_HELP}; it answers requests that name none; default: the best run of each model",
    )
    added.add_argument(
        "--allowed-host",
        dest="allowed_hosts",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="a host name that clients may call it by, as a proxy passes it on; default: none",
    )
    added.set_defaults(command=serve, json=False)
