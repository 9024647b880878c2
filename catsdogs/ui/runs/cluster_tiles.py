"""Clusters of similar photos as tiles: the most typical photo of each, and the accuracy on it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from catsdogs.evaluation.slices import Slice
from catsdogs.health import named_slices
from catsdogs.images.thumbnails import thumbnails
from catsdogs.text import percent
from catsdogs.ui.shared.photo_grid import Tile, photo_grid

_MOST_COLUMNS = 6


def show(
    root: Path | None,
    found: Mapping[str, Sequence[Slice]],
    *,
    key: str,
    on_choose: Callable[[str], None],
) -> None:
    """Draw a tile for each cluster; a click calls ``on_choose`` with its name.

    ``root`` is the folder of the photos. ``found`` holds the slices of each run, by its name.
    """
    typical = named_slices.typical(root) if root else {}
    parts = [of for of in zip(*found.values(), strict=True) if of[0].name in typical]
    if root is None or not parts:
        return
    jpegs = thumbnails(root, [typical[of[0].name] for of in parts], unchanged_only=True)
    tiles = [
        Tile(f"Cluster {of[0].name}", jpeg, _note(of))
        for of, jpeg in zip(parts, jpegs, strict=True)
    ]
    photo_grid(
        tiles,
        key=key,
        on_open=lambda at: on_choose(parts[at][0].name),
        most_columns=_MOST_COLUMNS,
    )


def _note(of_runs: Sequence[Slice]) -> str:
    """Return the accuracy of each run: "97.1 % and 88.0 % right of 52"."""
    known = [percent(part.accuracy.value) for part in of_runs if part.accuracy]
    return f"{' and '.join(known)} right of {of_runs[0].images:,}" if known else "no photos"
