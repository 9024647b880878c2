"""Commands in processes of their own, forked from one that has imported the command line.

Importing it with its large libraries takes a second each time.
"""

import multiprocessing
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from catsdogs.__main__ import main

PROJECT = Path(__file__).resolve().parent.parent
MOST_SECONDS = 600
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(
    [
        *("catsdogs.cli.parser", "catsdogs.cli.dataset_options", "catsdogs.cli.explaining"),
        *("catsdogs.cli.model_options", "catsdogs.cli.run_options"),
        *("ai_edge_litert.interpreter", "pandas", "scipy.stats"),
    ]
)


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


def run(words: list[str], environment: dict[str, str], folder: Path) -> Said:
    """Run ``python -m catsdogs`` with ``words``; two files in ``folder`` take what it prints."""
    out, err = folder / "stdout", folder / "stderr"
    command = _FORKING.Process(target=_command, args=(words, environment, out, err))
    # A new process runs the main module again, and a test of a page leaves its script there.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", sys.modules[__name__])
        command.start()
    command.join(MOST_SECONDS)
    assert command.exitcode is not None, words
    return Said(command.exitcode, out.read_text("utf-8"), err.read_text("utf-8"))


def _command(words: list[str], environment: dict[str, str], out: Path, err: Path) -> None:
    """Run a command in this process, with its output in two files."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(PROJECT)
    for descriptor, target in ((0, Path(os.devnull)), (1, out), (2, err)):
        opened = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.argv = [str(PROJECT / "catsdogs" / "__main__.py"), *words]
    main()
