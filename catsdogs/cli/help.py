"""How help looks: 80 columns at most, short usage lines, and what each training setting takes."""

import argparse
import shutil
import sys
from collections.abc import Iterable
from dataclasses import MISSING
from pathlib import Path
from typing import Any, NoReturn

from catsdogs.cli.outcome import FAILED
from catsdogs.cli.progress import say
from catsdogs.runs.choices import RECIPES
from catsdogs.runs.config import RunConfig
from catsdogs.runs.models import MODELS
from catsdogs.runs.settings import Choice, Flag, Kind, Number, Setting, Text, Whole

_MOST_COLUMNS = 80
_METAVARS: dict[type[Kind], str] = {Whole: "N", Number: "X", Choice: "NAME", Text: "PATH"}


class Parser(argparse.ArgumentParser):
    """A parser without abbreviated options, with help that fits 80 columns."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_Formatter, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Print the usage and what is wrong, and exit."""
        self.print_usage(sys.stderr)
        say(f"{self.prog}: error: {message}. See: {self.prog} --help")
        self.exit(FAILED)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        columns = min(shutil.get_terminal_size().columns, _MOST_COLUMNS)
        super().__init__(prog, max_help_position=26, width=columns)


def program() -> str:
    """Return the name that the command line was started by."""
    is_module = Path(sys.argv[0]).parts[-2:] == ("catsdogs", "__main__.py")
    return "python -m catsdogs" if is_module else "catsdogs"


def words(choices: Iterable[object]) -> str:
    """Return "a, b or c"."""
    *others, last = map(str, choices)
    return f"{', '.join(others)} or {last}" if others else last


def explained(of: Setting, default: Any) -> str:
    """Return the help of a training setting: its meaning, its choices and its default."""
    parts = [of.help]
    if isinstance(of.kind, Choice):
        parts.append(f"Choices: {words(of.kind.words)}.")
    if default is not MISSING and not (isinstance(of.kind, Flag) and default is False):
        parts.append(f"Default: {_default(of) if default is None else default}.")
    return " ".join(parts).replace("%", "%%")


def metavar(of: Setting) -> str:
    """Return how help names the value of a training setting."""
    return of.metavar or _METAVARS[type(of.kind)]


def _default(of: Setting) -> str:
    """Return the value that counts when a setting is left out, for each model where they differ."""
    recommended, plain = ({m: _effective(of, m, r) for m in MODELS} for r in RECIPES)
    values = set(recommended.values())
    by_model = [f"{value} for {model}" for model, value in recommended.items()]
    text = values.pop() if len(values) == 1 else ", ".join(by_model)
    return text if plain == recommended else f"{text}; the plain recipe has its own"


def _effective(of: Setting, model: str, recipe: str) -> str:
    assert of.effective is not None
    value = of.effective(RunConfig(model, "photos", recipe=recipe))
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.10f}".rstrip("0") if isinstance(value, float) else str(value)
