"""The searched settings and their ranges, as declared for every run.

``rate=1e-4..1e-2`` is a range, ``schedule=cosine,constant`` a list. The declaration of
a setting says whether its range is searched on a logarithmic scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from catsdogs.errors import ConfigError
from catsdogs.runs.config import SETTINGS, RunConfig
from catsdogs.runs.settings import Choice, Flag, Kind, Number, Text, Whole

SHORT_NAMES = {
    "rate": "learning_rate",
    "batch": "batch_size",
    "fine_tune_rate": "fine_tune_learning_rate",
}
# All trials need the same photos on the same sides: otherwise their losses cannot be compared.
FIXED = ("model", "data", "validation", "test", "split", "seed", "deterministic")
# Enough for any search that can be finished; the settings of each run are checked anyway.
_MOST_CHECKED = 2000
_WORDS = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included."""

    low: float
    high: float
    is_logarithmic: bool = False
    is_whole: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return self.low, self.high

    def __str__(self) -> str:
        """Return the range as the command line takes it."""
        return f"{self.low:g}..{self.high:g}"


@dataclass(frozen=True)
class Values:
    """Two or more values, to choose from."""

    ends: tuple[Any, ...]

    def __str__(self) -> str:
        """Return the list as the command line takes it."""
        return ",".join(map(_word, self.ends))


Axis = Range | Values
Point = dict[str, str | float | bool]  # a value for each searched setting
Space = dict[str, Axis]


def searchable(base: RunConfig) -> list[str]:
    """Return the names of the settings that a search over runs like ``base`` can vary."""
    return [name for name, one in SETTINGS.items() if name not in FIXED and one.applies(base.info)]


def parsed(texts: Sequence[str], base: RunConfig) -> Space:
    """Return the space that texts such as "rate=1e-4..1e-2" describe.

    Raises:
        ConfigError: if a text is not understood, or a value is out of the setting's range.
    """
    space: Space = {}
    for text in texts:
        name, axis = _parsed(text, base)
        if name in space:
            raise ConfigError(f"Expected each searched setting once. Received: {name} twice.")
        space[name] = axis
    if not space:
        raise ConfigError("Expected a setting to search, such as rate=1e-4..1e-2. Received: none.")
    _require_usable(space, base)
    return space


def described(space: Space) -> tuple[str, ...]:
    """Return the texts that ``parsed`` reads."""
    return tuple(f"{name}={axis}" for name, axis in space.items())


def applied(point: Point, base: RunConfig) -> RunConfig:
    """Return ``base`` with the values of the searched settings.

    Raises:
        ConfigError: if a run cannot have these values together.
    """
    return RunConfig.from_json({**base.to_json(), **point})


def _parsed(text: str, base: RunConfig) -> tuple[str, Axis]:
    given, sign, values = text.partition("=")
    name = given.strip().lower().removeprefix("--").replace("-", "_")
    name = SHORT_NAMES.get(name, name)
    names = searchable(base)
    if not sign or name not in names:
        short = [f"{one} for {full}" for one, full in SHORT_NAMES.items() if full in names]
        raise ConfigError(
            "Expected the settings to search as NAME=LOW..HIGH or NAME=A,B. Received: "
            f"{text!r}. Settings of a {base.model}: {', '.join(names)}; {', '.join(short)}."
        )
    kind = SETTINGS[name].kind
    if ".." in values:
        return name, _range(name, kind, values)
    listed = tuple(_value(name, kind, word) for word in values.split(","))
    if len(set(listed)) < max(2, len(listed)):
        raise ConfigError(
            f"Expected two or more different values of {name}, or a range. Received: {values!r}. "
            f"To use one value in all trials, pass --{name.replace('_', '-')}."
        )
    return name, Values(listed)


def _range(name: str, kind: Kind, text: str) -> Range:
    low, _, high = text.partition("..")
    if not isinstance(kind, Whole | Number):
        raise ConfigError(
            f"Expected a list for {name}: {kind.expected}, with commas. Received: {text!r}."
        )
    ends = (_value(name, kind, low), _value(name, kind, high))
    if not ends[0] < ends[1]:
        raise ConfigError(
            f"Expected a range of {name} from low to high, such as 1..10. Received: {text!r}."
        )
    return Range(*ends, kind.logarithmic and ends[0] > 0, isinstance(kind, Whole))


def _value(name: str, kind: Kind, word: str) -> Any:
    """Return the value of a setting that a word stands for."""
    word = word.strip()
    try:
        match kind:
            case Whole():
                return int(word)
            case Number():
                return float(word)
            case Flag():
                return _WORDS[word.lower()]
            case Choice() | Text():
                return word
    except (ValueError, KeyError):
        raise ConfigError(f"Expected {name}: {kind.expected}. Received: {word!r}.") from None


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _require_usable(space: Space, base: RunConfig) -> None:
    """Check the ends of all ranges together, and that every setting has an effect.

    Raises:
        ConfigError: with the first value that no run can have.
    """
    corners = [
        applied(dict(zip(space, ends, strict=True)), base)
        for ends in islice(product(*(axis.ends for axis in space.values())), _MOST_CHECKED)
    ]
    for name in space:
        if not any(SETTINGS[name].matters(config) for config in corners):
            raise ConfigError(
                f"Expected settings that make a difference. Received: {name}, which these runs do "
                "not use."
            )
