"""The meanings of the map's colours: columns of the photos, and answers of the runs."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from catsdogs.charts import point_colours
from catsdogs.charts.dataset import SIDE_SHADES
from catsdogs.charts.point_colours import GREY, Colouring
from catsdogs.charts.style import CLASS_COLOURS
from catsdogs.health.snapshot import Snapshot
from catsdogs.labels import DOG
from catsdogs.runs import store
from catsdogs.runs.run import Run
from catsdogs.text import printable
from catsdogs.ui.shared import cache, run_chips

# The colours of some photos, rows of a snapshot's table.
Colours = Callable[[pd.DataFrame], Colouring]
_SUSPICION = {"suspect label": "#D64550", "outlier": "#8D6CC8", "as expected": GREY}
# The measures, and their columns.
_NUMBERS = {
    "brightness": "brightness",
    "sharpness": "sharpness",
    "colourfulness": "colour",
    "information": "entropy",
    "width (px)": "width_px",
    "height (px)": "height_px",
    "aspect ratio": "aspect_ratio",
    "probability of its label": "label_quality",
    "similarity to its neighbours": "similarity",
}


def all_of(snapshot: Snapshot) -> dict[str, Colours]:
    """Return the colours to choose from, by their meaning."""
    return {
        "class": lambda photos: _class(snapshot, photos),
        "side of the split": lambda photos: _side(snapshot, photos),
        "suspicion": lambda photos: _suspicion(snapshot, photos),
        "cluster": _cluster,
        "near duplicates": _duplicates,
        "tag": lambda photos: point_colours.categories(photos["tags"].map(_first_tag)),
        "format": lambda photos: point_colours.categories(photos["format"]),
        **{name: _number(column) for name, column in _NUMBERS.items()},
        "file size (kB)": lambda photos: point_colours.scale(photos["size_bytes"] / 1000),
        **_of_runs(snapshot),
    }


def _class(snapshot: Snapshot, photos: pd.DataFrame) -> Colouring:
    names = [printable(name) for name in snapshot.dataset.classes.names]
    texts = photos["label"].map(dict(enumerate(names))).fillna("")
    return point_colours.categories(texts, dict(zip(names, CLASS_COLOURS, strict=True)))


def _side(snapshot: Snapshot, photos: pd.DataFrame) -> Colouring:
    return point_colours.categories(snapshot.sides[photos.index], SIDE_SHADES)


def _suspicion(snapshot: Snapshot, photos: pd.DataFrame) -> Colouring:
    suspect, outlier = (snapshot.flags[name].loc[photos.index] for name in ("suspect", "outlier"))
    texts = np.select([suspect, outlier], ["suspect label", "outlier"], "as expected")
    return point_colours.categories(pd.Series(texts), _SUSPICION)


def _first_tag(names: tuple[str, ...]) -> str:
    return printable(names[0]) if names else ""


def _cluster(photos: pd.DataFrame) -> Colouring:
    numbers = photos["cluster"].astype(int)
    texts = ("cluster " + (numbers + 1).astype(str)).where(numbers >= 0, "")
    return point_colours.categories(texts)


def _duplicates(photos: pd.DataFrame) -> Colouring:
    return point_colours.groups(
        photos["near_group"], inside="near duplicates, a colour for each group", outside="others"
    )


def _number(column: str) -> Colours:
    return lambda photos: point_colours.scale(photos[column])


def _of_runs(snapshot: Snapshot) -> dict[str, Colours]:
    """Return the colours by the probability and by the error of each run on these classes."""
    classes = snapshot.dataset.classes
    able = [run for run in store.list_runs()[0] if run.is_usable and run.classes == classes]
    names = run_chips.names(able)
    found = dict[str, Colours]()
    for run in able:
        name = names[run.run_id]
        found[f"P({printable(classes.positive)}) of {name}"] = _answers(run, is_error=False)
        found[f"error of {name}"] = _answers(run, is_error=True)
    return found


def _answers(run: Run, *, is_error: bool) -> Colours:
    def colours(photos: pd.DataFrame) -> Colouring:
        located = cache.own_answers(run).located
        answers = located.predictions
        errors = (answers["p_dog"] - (answers["label"] == DOG)).abs()
        values = (errors if is_error else answers["p_dog"]).to_numpy()
        digests = answers["digest"].map(located.files).fillna(answers["digest"])
        by_digest = pd.Series(values, index=digests).groupby(level=0).first()
        return point_colours.scale(photos["digest"].map(by_digest), ends=(0.0, 1.0))

    return colours
