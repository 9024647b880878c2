"""The split into training, validation and test: seeded, stratified, no picture on two sides.

Each picture gets a number from the seed and its content. In each class, the pictures with the
lowest numbers form the validation side, and those with the highest the test side. So the side of a
picture hardly depends on the others: excluding, relabelling or adding a few moves at most as many
to another side, and the runs before and after remain comparable. The test side does not depend on
the validation share.

A dataset may come with a split of its own (``given_splits``). Then only the missing sides are
drawn, from its training side.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from catsdogs.dataset import duplicates, given_splits
from catsdogs.dataset.table_sides import TEST, TRAIN, VALIDATION
from catsdogs.errors import ConfigError
from catsdogs.labels import CAT, DOG, PETS, Classes

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_VALIDATION, DEFAULT_SEED = 0.2, 7
_CLASSES = 2
_LEFT_OUT = "left out"
_ROWS = 50_000  # at a time


@dataclass(frozen=True)
class Rule:
    """How to split. ``validation`` and ``test`` are shares of the pictures, in (0, 1) and [0, 1).

    With ``own``, the dataset's own validation and test sides are used where it has them.
    """

    validation: float = DEFAULT_VALIDATION
    seed: int = DEFAULT_SEED
    test: float = 0.0
    own: bool = True


DEFAULT_RULE = Rule()


@dataclass(frozen=True)
class Split:
    """The row positions of each side, sorted.

    ``left_out`` are photos of the dataset's own split that have a copy on a side of higher
    precedence: a training photo that is also in test/.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    left_out: np.ndarray


def split(records: "pd.DataFrame", rule: Rule = DEFAULT_RULE, *, classes: Classes = PETS) -> Split:
    """Return the sides of ``records``, which have the columns label, group and perhaps given.

    Rows of one group stay together. ``classes`` are for error messages.

    Raises:
        ConfigError: if a class has too few pictures for one of the sides.
    """
    sides = _own_sides(records, rule)
    shares = _missing(sides, rule)
    free, is_copy = _free(records, sides)
    pictures = free[~is_copy]
    _require_pictures(records, sides, shares, pictures, classes)
    for side, is_chosen in _drawn(pictures, shares, rule.seed).items():
        sides[pictures.index[is_chosen]] = side
    _join_copies(sides, pictures, free[is_copy])
    train, validation, test, left_out = (
        np.flatnonzero(sides == name) for name in (TRAIN, VALIDATION, TEST, _LEFT_OUT)
    )
    return Split(train, validation, test, left_out)


def fingerprint(digests: Iterable[str]) -> str:
    """Return 16 hex digits that identify one side of a split by the digests of its photos."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()[:16]


def require_splittable(
    records: "pd.DataFrame", rule: Rule = DEFAULT_RULE, *, classes: Classes = PETS
) -> None:
    """Check that there are enough pictures of both classes for each side.

    Raises:
        ConfigError: if there are not.
    """
    sides = _own_sides(records, rule)
    free, is_copy = _free(records, sides)
    _require_pictures(records, sides, _missing(sides, rule), free[~is_copy], classes)


def _own_sides(records: "pd.DataFrame", rule: Rule) -> np.ndarray:
    """Return the side of each row in the dataset's own split; TRAIN for all if it has none."""
    sides = np.full(len(records), TRAIN, dtype=object)
    if rule.own and given_splits.is_given(records):
        given = records["given"].to_numpy(dtype=object)
        held_back = np.isin(given, (VALIDATION, TEST))
        sides[held_back] = given[held_back]
        sides[given_splits.strays(records).to_numpy()] = _LEFT_OUT
    return sides


def _missing(sides: np.ndarray, rule: Rule) -> dict[str, float]:
    """Return the share of each side that has to be drawn."""
    wanted = {VALIDATION: rule.validation, TEST: rule.test}
    return {side: share for side, share in wanted.items() if share and side not in sides}


def _free(records: "pd.DataFrame", sides: np.ndarray) -> "tuple[pd.DataFrame, np.ndarray]":
    """Return group and label of the rows without a side yet, by position, and which are copies.

    The first row of each group is not a copy.
    """
    free = records[["group", "label"]].set_axis(np.arange(len(records)))[sides == TRAIN]
    is_copy = duplicates.copied(free["group"]).to_numpy(copy=True)
    is_copy[is_copy] = free["group"][is_copy].duplicated()
    return free, is_copy


def _join_copies(sides: np.ndarray, pictures: "pd.DataFrame", copies: "pd.DataFrame") -> None:
    """Give copies the side of their picture."""
    import pandas as pd

    originals = pictures["group"][pictures["group"].isin(copies["group"])]
    place = pd.Series(originals.index, index=originals.to_numpy())
    sides[copies.index] = sides[place[copies["group"]]]


def _drawn(pictures: "pd.DataFrame", shares: dict[str, float], seed: int) -> "dict[str, pd.Series]":
    """Return a mask of the ``pictures`` that form each side in ``shares``."""
    import pandas as pd

    drawn = pd.Series(_drawn_numbers(seed, pictures["group"]), index=pictures.index)
    rank = drawn.groupby(pictures["label"]).rank(method="first")
    size = pictures["label"].map(pictures["label"].value_counts())
    is_chosen = {
        VALIDATION: rank <= (size * shares.get(VALIDATION, 0)).round(),
        TEST: rank > size - (size * shares.get(TEST, 0)).round(),
    }
    return {side: is_chosen[side] for side in shares}


def _require_pictures(
    records: "pd.DataFrame",
    sides: np.ndarray,
    shares: dict[str, float],
    pictures: "pd.DataFrame",
    classes: Classes,
) -> None:
    _require_drawable(pictures, shares, classes)
    if VALIDATION not in shares:
        _require_both_classes(records["label"][sides == VALIDATION], VALIDATION, classes)


def _require_drawable(pictures: "pd.DataFrame", shares: dict[str, float], classes: Classes) -> None:
    per_class = pictures["label"].value_counts()
    # Each class is divided by the same shares, rounded to whole pictures: each side needs one.
    rest = 1 - sum(shares.values())
    left = per_class - sum((per_class * share).round() for share in shares.values())
    is_enough = len(per_class) == _CLASSES and left.min() >= 1
    if not is_enough or per_class.min() * min(rest, *shares.values(), 1) < 1:
        raise ConfigError(
            f"Expected different photos of both classes for {_named(shares)} side. Received: "
            f"{len(pictures)} different photos, {_of_each(per_class, classes)}{_said(shares)}. "
            f"Choose a larger dataset or another {'share' if shares else 'split'}."
        )


def _of_each(count: "pd.Series", classes: Classes) -> str:
    return " and ".join(f"{count.get(label, 0)} of {classes.plural(label)}" for label in (CAT, DOG))


def _named(shares: dict[str, float]) -> str:
    *others, last = ["the training", *(f"the {side}" for side in shares)]
    both = "both " if len(shares) == 1 else ""
    return f"{both}{', '.join(others)} and {last}" if others else last


def _said(shares: dict[str, float]) -> str:
    said = " and ".join(f"a {side} share of {share:g}" for side, share in shares.items())
    return f", at {said}" if said else ""


def _require_both_classes(labels: "pd.Series", side: str, classes: Classes) -> None:
    count = labels.value_counts()
    if len(count) < _CLASSES:
        raise ConfigError(
            f"Expected photos of both classes on the dataset's own {side} side. Received: "
            f"{_of_each(count, classes)}. Add photos, or choose "
            "--split ours, which draws the sides from all photos."
        )


def _drawn_numbers(seed: int, groups: "pd.Series") -> np.ndarray:
    salted = hashlib.blake2b(digest_size=8, salt=seed.to_bytes(hashlib.blake2b.SALT_SIZE))
    found = np.empty(len(groups), dtype=np.uint64)
    # In parts, because the texts of a million photos take 100 MB.
    for start in range(0, len(groups), _ROWS):
        hashes = []
        for group in groups.iloc[start : start + _ROWS].tolist():
            # Copying it takes less time than preparing another.
            one = salted.copy()
            one.update(group.encode())
            hashes.append(one.digest())
        found[start : start + _ROWS] = np.frombuffer(b"".join(hashes), ">u8")
    return found
