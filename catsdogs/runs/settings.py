"""How a training setting is declared: its range, and its texts for a form and the command line.

``RunConfig`` declares each setting once, as a field. Validation, the form, the command line and the
command that repeats a run are derived from these declarations.
"""

import os
from collections.abc import Callable, Collection
from dataclasses import Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from catsdogs.errors import ConfigError
from catsdogs.runs.models import ModelInfo

if TYPE_CHECKING:
    from catsdogs.runs.config import RunConfig

Value = TypeVar("Value")
_KEY = "setting"


@dataclass(frozen=True)
class Whole:
    """Whole numbers from ``low`` to ``high``.

    A search draws the logarithm of a ``logarithmic`` setting evenly.
    """

    low: int
    high: int
    logarithmic: bool = False

    def accepts(self, value: int) -> bool:
        """Tell whether ``value`` lies in the range."""
        return self.low <= value <= self.high

    @property
    def expected(self) -> str:
        """The range in words."""
        return f"{self.low} to {self.high}"


@dataclass(frozen=True)
class Number:
    """Numbers for which ``accepts`` holds; ``expected`` is that range in words.

    ``step`` and ``form`` (a printf format) are for the field of a form. A search draws the
    logarithm of a ``logarithmic`` setting evenly.
    """

    accepts: Callable[[float], bool]
    expected: str
    step: float
    form: str = "%g"
    logarithmic: bool = False


@dataclass(frozen=True)
class Choice:
    """One of some words; ``title`` returns what a form calls each."""

    words: Collection[str]
    title: Callable[[str], str]

    def accepts(self, value: str) -> bool:
        """Tell whether ``value`` is one of the words."""
        return value in self.words

    @property
    def expected(self) -> str:
        """The words."""
        return f"one of {', '.join(self.words)}"


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    expected: str = "yes or no"

    def accepts(self, value: bool) -> bool:
        """Accept both."""
        return True


@dataclass(frozen=True)
class Text:
    """Text for which ``accepts`` holds; ``expected`` is that in words."""

    accepts: Callable[[str], bool]
    expected: str


Kind = Whole | Number | Choice | Flag | Text


@dataclass(frozen=True)
class Setting:
    """One setting of a run.

    ``label`` and ``help`` are for forms and the command line; ``noun`` is its name in errors, by
    default the label in lower case. ``effective`` returns the value that counts in a config, for
    settings where None stands for the recipe's own. ``applies`` tells which models the setting
    concerns, ``is_said`` for which configs the command that repeats a run mentions it. ``allowed``
    tells whether the other settings permit its value, and ``expected`` replaces the range's words
    in the error. A form shows the setting for configs where it ``matters``, and with ``by_recipe``
    keeps a field of its own for each model and recipe; ``help_for`` returns a help text for one
    model. ``metavar`` names the value on the command line.
    """

    kind: Kind
    label: str
    help: str
    noun: str = ""
    effective: Callable[["RunConfig"], Any] | None = None
    applies: Callable[[ModelInfo], bool] = lambda model: True
    is_said: Callable[["RunConfig"], bool] = lambda config: True
    allowed: Callable[["RunConfig"], bool] = lambda config: True
    expected: Callable[[], str] | None = None
    matters: Callable[["RunConfig"], bool] = lambda config: True
    by_recipe: bool = False
    help_for: Callable[[ModelInfo], str] | None = None
    metavar: str | None = None


def setting(default: Value, kind: Kind, label: str, help_text: str, **more: Any) -> Value:
    """Return a dataclass field that declares a setting; ``more`` are other parts of ``Setting``."""
    made: Value = field(default=default, metadata={_KEY: Setting(kind, label, help_text, **more)})
    return made


def required(kind: Kind, label: str, help_text: str) -> Any:
    """Return a dataclass field that declares a setting without a default."""
    return field(metadata={_KEY: Setting(kind, label, help_text)})


def declared(config: type) -> dict[str, Setting]:
    """Return the settings that the fields of the dataclass ``config`` declare, by name."""
    return {one.name: one.metadata[_KEY] for one in fields(config) if _KEY in one.metadata}


def check(config: "RunConfig") -> None:
    """Check the type and the range of every setting.

    Raises:
        ConfigError: naming the first value that is out of range.
    """
    for one in fields(config):
        _require_type(one, getattr(config, one.name))
    for name, found in declared(type(config)).items():
        value = getattr(config, name)
        fits = value is None or (found.kind.accepts(value) and found.allowed(config))
        expected = found.expected() if found.expected else found.kind.expected
        shown = repr(value)[:80] if isinstance(found.kind, Text) else value
        require(fits, found.noun or found.label.lower(), expected, shown)


def is_path(text: str) -> bool:
    """Return whether the operating system accepts ``text`` as a path."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def is_rate(value: float) -> bool:
    """Tell whether ``value`` can be a learning rate."""
    return 0 < value <= 10


def require(holds: bool, noun: str, expected: str, received: Any) -> None:
    """Check one condition.

    Raises:
        ConfigError: when it does not hold.
    """
    if not holds:
        raise ConfigError(f"Expected {noun}: {expected}. Received: {received}.")


def _require_type(one: "Field[Any]", received: Any) -> None:
    accepted: Any = one.type
    if accepted in (float, float | None):
        accepted = accepted | int
    is_flag = isinstance(received, bool)  # To Python, True is a whole number too.
    fits = isinstance(received, accepted) and is_flag <= (one.type in (bool, bool | None))
    name, declared_type = one.name.replace("_", " "), getattr(one.type, "__name__", str(one.type))
    require(fits, name, declared_type, repr(received)[:80])
