"""The photos of a run that came with the project, in the user's own copy of Dogs vs. Cats.

A photo is found by its content. Copies of another size have other contents, so a photo is then
found by Kaggle's number: "cat.123.jpg" is the same picture in every copy. Other people's photos
have such names too, so numbers count only in a dataset that shows Kaggle's, in one of two ways:

* At least 20 photos of the run are there with the same content, and 99 % of those have the number
  that the run knows. The originals have that, whole or in part.
* No content contradicts the numbers, and 95 % of at least 1,000 photos of the run are there by
  number and label. A folder that somebody numbered by hand has neither so many nor the same ones.

A name counts only if it is unique on both sides, if both sides agree on its label, and if its
content is not that of another photo of the run.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from catsdogs.dataset import index
from catsdogs.runs.run import Run
from catsdogs.sources import current, opening

_LEAST_SAME, _SHARE_SAME = 20, 0.99
_LEAST_NAMED, _SHARE_NAMED = 1000, 0.95
_KAGGLE_NAME = r"(?i)(?:^|[\\/])((?:cat|dog)\.\d+)\.jpe?g$"


@dataclass(frozen=True)
class Located:
    """A run's predictions with the paths of its photos in ``root``; None where they are not known.

    ``files`` holds the digest of the file here for each digest of the run that was found by number.
    """

    root: Path | None
    predictions: pd.DataFrame
    files: dict[str, str] = field(default_factory=dict)

    def named(self, rows: pd.DataFrame) -> list[tuple[str, str]]:
        """Return the path and the digest of the file here of ``rows`` of ``predictions``."""
        digests = (self.files.get(digest, digest) for digest in rows["digest"])
        return list(zip(rows["path"], digests, strict=True))


def root_of(run: Run) -> Path | None:
    """Return the folder that may hold a run's photos, None if it is not on this machine.

    If that of a run that came with the project cannot be found, it is the current dataset.
    """
    own = opening.opened(Path(run.config.data))
    if own is not None or not run.is_reference:
        return own
    path = current.path()
    return opening.opened(path) if path else None


def locate(run: Run, predictions: pd.DataFrame) -> Located:
    """Return where the photos of ``predictions`` are; reads only the last scan of the dataset."""
    root = root_of(run)
    if root is None or not run.is_reference:
        return Located(root, predictions)
    dataset = index.last_scan(root)
    if dataset is None:
        return Located(opening.opened(Path(run.config.data)), predictions)
    found, files = matched(predictions, dataset.pictures)
    if found.isna().all():
        return Located(opening.opened(Path(run.config.data)), predictions)
    return Located(root, predictions.assign(path=found.fillna(predictions["path"])), files)


def matched(predictions: pd.DataFrame, records: pd.DataFrame) -> tuple[pd.Series, dict[str, str]]:
    """Return the path in ``records`` of each prediction, NaN where unknown, and ``Located.files``.

    Both tables have the columns ``path``, ``label`` and ``digest``.
    """
    known = predictions.assign(number=_numbers(predictions["path"]))
    here = records.assign(number=_numbers(records["path"]))
    paths = _by_content(known, here)
    named = _by_number(known, here)
    if not _is_kaggles(known, here, named):
        return paths, {}
    named = named[paths[named.index].isna() & ~named["digest"].isin(known["digest"])]
    files = dict(zip(known.loc[named.index, "digest"], named["digest"], strict=True))
    return paths.fillna(named["path"].reindex(paths.index)), files


def _numbers(paths: pd.Series) -> pd.Series:
    """Return "cat.123" of each path; NaN where a name is not like Kaggle's."""
    return paths.astype("object").str.extract(_KAGGLE_NAME, expand=False).str.lower()


def _by_content(known: pd.DataFrame, here: pd.DataFrame) -> pd.Series:
    """Return the path of a file with the same content; of several, the one with the same number."""
    pairs = known.reset_index().merge(here, on="digest", suffixes=("", "_here"))
    same_first = pairs.assign(other=pairs["number"] != pairs["number_here"])
    best = same_first.sort_values(["other", "path_here"]).groupby("index")["path_here"].first()
    return best.reindex(known.index)


def _by_number(known: pd.DataFrame, here: pd.DataFrame) -> pd.DataFrame:
    """Return path and digest of the file with the same unique number and label, by prediction."""
    ours, theirs = (
        one[one["number"].notna() & ~one["number"].duplicated(keep=False)] for one in (known, here)
    )
    pairs = ours.reset_index()[["index", "number", "label"]].merge(theirs, on=["number", "label"])
    return pairs.set_index("index")[["path", "digest"]]


def _is_kaggles(known: pd.DataFrame, here: pd.DataFrame, named: pd.DataFrame) -> bool:
    """Return whether ``here`` has Kaggle's numbers; see the module's docstring."""
    contents = known.merge(here, on="digest", suffixes=("", "_here"))
    contents = contents[contents["number"].notna() & contents["number_here"].notna()]
    same = int((contents["number"] == contents["number_here"]).sum())
    agrees = same >= _SHARE_SAME * len(contents)
    is_whole = len(named) >= max(_LEAST_NAMED, _SHARE_NAMED * len(known))
    return agrees and (same >= _LEAST_SAME or is_whole)
