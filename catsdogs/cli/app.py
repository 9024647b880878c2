"""``catsdogs app``: serve the pages with Streamlit, whatever the current folder is."""

import os
import subprocess
import sys
from typing import Any

from catsdogs import paths
from catsdogs.cli.help import Parser
from catsdogs.cli.outcome import Outcome
from catsdogs.errors import ConfigError

DEFAULT_PORT = 8501
_HOME_PAGE = paths.PROJECT_ROOT / "streamlit_app.py"


def serve(*, port: int | None, browser: bool) -> Outcome:
    """Serve the app until Ctrl-C. The server replaces this process where the system can do so.

    Without a ``port``, Streamlit takes the first free one from 8501 on.

    Raises:
        ConfigError: for a port that no server can have.
    """
    if port is not None and not 1 <= port <= 65535:
        raise ConfigError(f"Expected a port from 1 to 65535. Received: {port}.")
    command = server_command(port=port, browser=browser)
    if sys.platform == "win32":
        # Windows cannot replace a process: the terminal would not wait for the new one.
        return Outcome(None, [], subprocess.call(command))
    sys.stdout.flush()
    os.execv(command[0], command)


def server_command(*, port: int | None, browser: bool) -> list[str]:
    """Return the command that starts the server.

    Streamlit reads the configuration beside the page. Flags come last, so that they count.
    """
    # -P: modules in the current folder must not replace those that Streamlit imports.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(_HOME_PAGE)]
    command += [f"--server.port={port}"] if port is not None else []
    return command + ([] if browser else ["--server.headless=true"])


def add_app(groups: Any) -> None:
    """Add the command ``app``."""
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
        help=f"the port to serve on, 1024 to 65535 are usual; default: {DEFAULT_PORT}, or the "
        "next free one",
    )
    added.add_argument(
        "--no-browser",
        dest="browser",
        action="store_false",
        help="only serve, and print the address; by default a browser opens",
    )
    added.set_defaults(command=serve, json=False)
