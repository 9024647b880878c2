"""Feature maps and first filters as pictures that people can read."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from catsdogs.features.activations import Inside, Stage

MAPS = 6
_TILE_PX, _GAP_PX, _FILTERS_A_ROW = 112, 4, 12
_FILTER_PX = 56


def of_network(found: Inside) -> dict[str, Image.Image]:
    """Return a picture of each stage and of the first filters, by name: stage-1, filters."""
    strips = {f"stage-{number}": of_stage(one) for number, one in enumerate(found.stages, 1)}
    return strips if found.filters is None else {**strips, "filters": of_filters(found.filters)}


def of_stage(stage: Stage) -> Image.Image:
    """Return the strongest maps of a stage side by side, grey, white where a map is strongest."""
    maps = np.moveaxis(stage.strongest(MAPS), -1, 0)
    tiles = [_tile(one / max(float(one.max()), 1e-9), _TILE_PX) for one in maps]
    return _grid(tiles, MAPS)


def of_filters(filters: np.ndarray) -> Image.Image:
    """Return filters (F, k, k, 3) in rows, in colour; grey is a weight of 0.

    All have the same scale, so that a weak filter looks weak.
    """
    largest = max(float(np.abs(filters).max()), 1e-9)
    tiles = [_tile(0.5 + one / (2 * largest), _FILTER_PX) for one in filters]
    return _grid(tiles, _FILTERS_A_ROW)


def _tile(values: np.ndarray, side: int) -> Image.Image:
    """Return values from 0 to 1, (S, S) or (S, S, 3), as RGB; each stays a visible square."""
    image = Image.fromarray(np.rint(values * 255).astype(np.uint8)).convert("RGB")
    return image.resize((side, side), Image.Resampling.NEAREST)


def _grid(tiles: Sequence[Image.Image], columns: int) -> Image.Image:
    """Return the tiles in rows, with transparent gaps."""
    step = tiles[0].width + _GAP_PX
    size = min(len(tiles), columns) * step, -(-len(tiles) // columns) * step
    sheet = Image.new("RGBA", (size[0] - _GAP_PX, size[1] - _GAP_PX))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % columns * step, number // columns * step))
    return sheet
