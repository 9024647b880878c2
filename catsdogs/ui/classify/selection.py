"""The kinds and the orders of answered pictures, without widgets."""

from collections.abc import Callable, Sequence

from catsdogs.inference.answers import Seen
from catsdogs.inference.panel import Decision
from catsdogs.labels import CAT, CLASS_NAMES, DOG, NEITHER

ALL = "All"
_CAT, _DOG = (f"Called {CLASS_NAMES[label]}" for label in (CAT, DOG))
_NEITHER, _BOTH = "Called neither", "May show both"
_APART, _UNREADABLE, _WRONG = "Disagreement", "Unreadable", "Wrong"


def kinds(seen: Sequence[Seen], decision: Decision) -> dict[str, list[int]]:
    """Return the positions of each kind of picture; empty kinds are left out, except "All".

    One run is enough for a picture to count as called something, or as wrong.
    """
    said = [set(one.labels(decision)) for one in seen]
    tests: dict[str, Callable[[int], bool]] = {
        ALL: lambda i: True,
        _CAT: lambda i: CLASS_NAMES[CAT] in said[i],
        _DOG: lambda i: CLASS_NAMES[DOG] in said[i],
        _NEITHER: lambda i: NEITHER in said[i],
        _BOTH: lambda i: any(one.may_show_both(decision) for one in seen[i].answers),
        _APART: lambda i: len(said[i]) > 1,
        _WRONG: lambda i: seen[i].truth is not None and bool(said[i] - {seen[i].truth}),
        _UNREADABLE: lambda i: seen[i].error is not None,
    }
    found = {name: [i for i in range(len(seen)) if test(i)] for name, test in tests.items()}
    return {name: positions for name, positions in found.items() if positions or name == ALL}


def _mean_p_dog(one: Seen) -> float:
    return sum(answer.calibrated_p_dog for answer in one.answers) / len(one.answers)


def _likeness(one: Seen) -> float:
    known = [answer.likeness.similarity for answer in one.answers if answer.likeness]
    return min(known, default=float("inf"))


_ORDERS: dict[str, Callable[[Seen], float]] = {
    "Most like a dog first": lambda one: -_mean_p_dog(one),
    "Most like a cat first": _mean_p_dog,
    "Largest disagreement first": lambda one: -one.spread,
    "Least like training photos first": _likeness,
}
AS_GIVEN, _BY_NAME = "As given", "By name"
ORDERS = (AS_GIVEN, *_ORDERS, _BY_NAME)


def ordered(seen: Sequence[Seen], positions: Sequence[int], order: str) -> list[int]:
    """Return ``positions`` in one of ``ORDERS``, unreadable pictures last."""
    if order == _BY_NAME:
        return sorted(positions, key=lambda i: seen[i].name)
    if order == AS_GIVEN:
        return list(positions)
    key = _ORDERS[order]
    return sorted(positions, key=lambda i: key(seen[i]) if seen[i].answers else float("inf"))
