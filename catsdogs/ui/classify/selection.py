"""The kinds and the orders of answered pictures, without widgets."""

from collections.abc import Callable, Sequence
from functools import partial

from catsdogs.inference.answers import Seen
from catsdogs.inference.panel import Decision
from catsdogs.labels import CAT, DOG, NEITHER, PETS, Classes

ALL = "All"
_NEITHER, _BOTH = "Called neither", "May show both"
_APART, _UNREADABLE, _WRONG = "Disagreement", "Unreadable", "Wrong"


def kinds(
    seen: Sequence[Seen], decision: Decision, classes: Classes = PETS
) -> dict[str, list[int]]:
    """Return the positions of each kind of picture; empty kinds are left out, except "All".

    One run is enough for a picture to count as called something, or as wrong.
    """
    said = [set(one.labels(decision)) for one in seen]
    tests: dict[str, Callable[[int], bool]] = {
        ALL: lambda i: True,
        **{f"Called {name}": partial(_is_called, said, name) for name in classes.names},
        _NEITHER: lambda i: NEITHER in said[i],
        _BOTH: lambda i: any(one.may_show_both(decision) for one in seen[i].answers),
        _APART: lambda i: len(said[i]) > 1,
        _WRONG: lambda i: seen[i].truth is not None and bool(said[i] - {seen[i].truth}),
        _UNREADABLE: lambda i: seen[i].error is not None,
    }
    found = {name: [i for i in range(len(seen)) if test(i)] for name, test in tests.items()}
    return {name: positions for name, positions in found.items() if positions or name == ALL}


def _is_called(said: Sequence[set[str]], name: str, position: int) -> bool:
    return name in said[position]


def _mean_p_dog(one: Seen) -> float:
    return sum(answer.calibrated_p_dog for answer in one.answers) / len(one.answers)


def _likeness(one: Seen) -> float:
    known = [answer.likeness.similarity for answer in one.answers if answer.likeness]
    return min(known, default=float("inf"))


AS_GIVEN, _BY_NAME = "As given", "By name"


def orders(classes: Classes = PETS) -> list[str]:
    """Return the names of the orders."""
    return [AS_GIVEN, *_keys(classes), _BY_NAME]


def _keys(classes: Classes) -> dict[str, Callable[[Seen], float]]:
    return {
        f"Most like {classes.one(DOG)} first": lambda one: -_mean_p_dog(one),
        f"Most like {classes.one(CAT)} first": _mean_p_dog,
        "Largest disagreement first": lambda one: -one.spread,
        "Least like training photos first": _likeness,
    }


def ordered(
    seen: Sequence[Seen], positions: Sequence[int], order: str, classes: Classes = PETS
) -> list[int]:
    """Return ``positions`` in one of ``orders(classes)``, unreadable pictures last."""
    if order == _BY_NAME:
        return sorted(positions, key=lambda i: seen[i].name)
    if order == AS_GIVEN:
        return list(positions)
    key = _keys(classes)[order]
    return sorted(positions, key=lambda i: key(seen[i]) if seen[i].answers else float("inf"))
