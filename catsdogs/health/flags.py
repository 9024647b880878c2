"""Findings as Boolean flags of each photo: the page counts them, the gallery filters by them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from catsdogs.dataset import duplicates
from catsdogs.images import joined
from catsdogs.labels import UNLABELLED

SMALL_PX, EXTREME_ASPECT = 64, 3.0
# Chosen by viewing the darkest and softest of 12,000 photos: beyond these, people hesitate.
DARK, BLURRED, COLOURLESS = 35.0, 35.0, 1.0
# Beyond almost all of 2,002 photos (docs/log.md).
BRIGHT, LEAST_BITS = 215.0, 4.0
_GREY_MODES = ("1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L")
_SUFFIXES = {
    **dict.fromkeys(("JPEG", "MPO"), (".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".pjp", ".mpo")),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "AVIF": (".avif", ".avifs"),
    "HEIF": (".heic", ".heif", ".hif"),
}


@dataclass(frozen=True)
class Flag:
    """A kind of finding. ``measured`` flags need a health check, the others only a scan."""

    title: str
    help: str
    holds: Callable[[pd.DataFrame], pd.Series]
    measured: bool = False


def _has_other_suffix(paths: pd.Series, formats: pd.Series) -> pd.Series:
    found = ~_suffix_fits(paths, formats)
    # Few suffixes are in capitals.
    found[found] = ~_suffix_fits(paths[found].str.lower(), formats[found])
    return pd.Series(found, index=paths.index)


def _suffix_fits(paths: pd.Series, formats: pd.Series) -> np.ndarray:
    fits = np.zeros(len(paths), dtype=bool)
    for name, suffixes in _SUFFIXES.items():
        if (is_one := formats == name).any():
            fits |= (is_one & paths.str.endswith(suffixes)).to_numpy(dtype=bool)
    return fits


FLAGS = {
    "suspect": Flag(
        "Suspect labels",
        "A classifier trained on the other photos predicts the other class.",
        lambda t: t["label_quality"] < 0.5,
        measured=True,
    ),
    "outlier": Flag(
        "Outliers",
        "Unlike all other photos: perhaps of neither class.",
        lambda t: t["outlier"] == 1,
        measured=True,
    ),
    "exact": Flag(
        "Exact duplicates",
        "The same bytes as another file.",
        lambda t: duplicates.copied(t["digest"]),
    ),
    "near": Flag(
        "Near duplicates",
        "The same picture as another file, re-encoded, scaled or cropped.",
        lambda t: t["near_group"] >= 0,
        measured=True,
    ),
    "listed": Flag(
        "On public lists",
        "At least two public lists of this dataset's oddities name this number.",
        lambda t: t["hint"] != "",
        measured=True,
    ),
    "small": Flag(
        "Small",
        f"Under {SMALL_PX} pixels wide or high.",
        lambda t: (t["width_px"] < SMALL_PX) | (t["height_px"] < SMALL_PX),
    ),
    "extreme": Flag(
        "Extreme shape",
        f"More than {EXTREME_ASPECT:g} times as long as wide.",
        lambda t: ~t["aspect_ratio"].between(1 / EXTREME_ASPECT, EXTREME_ASPECT),
    ),
    "grey": Flag(
        "Grey",
        "Without colour: by the file's colour mode or, after a health check, by its pixels.",
        lambda t: t["mode"].isin(_GREY_MODES) | (t["colour"] < COLOURLESS),
    ),
    "cmyk": Flag("CMYK", "In the colours of printing.", lambda t: t["mode"] == "CMYK"),
    "rotated": Flag(
        "Turned by EXIF",
        "Upright only in programs that apply the EXIF orientation, as this app does.",
        lambda t: t["orientation"] > 1,
    ),
    "trailing": Flag(
        "Trailing bytes",
        "The file continues after the end of the picture.",
        lambda t: t["trailing_bytes"] > 0,
    ),
    "mismatch": Flag(
        "Wrong file extension",
        "The file has another format than its name says.",
        lambda t: _has_other_suffix(t["path"], t["format"]),
    ),
    "dark": Flag(
        "Very dark",
        f"A mean grey level under {DARK:g} of 255.",
        lambda t: t["brightness"] < DARK,
        measured=True,
    ),
    "bright": Flag(
        "Very bright",
        f"A mean grey level above {BRIGHT:g} of 255.",
        lambda t: t["brightness"] > BRIGHT,
        measured=True,
    ),
    "low_information": Flag(
        "Little information",
        f"So few grey levels that a pixel has under {LEAST_BITS:g} bits (entropy, of 8 at most).",
        lambda t: t["entropy"] < LEAST_BITS,
        measured=True,
    ),
    "blurred": Flag(
        "Very blurred",
        f"A variance of the Laplacian under {BLURRED:g}, at 256 pixels.",
        lambda t: t["sharpness"] < BLURRED,
        measured=True,
    ),
    "undecodable": Flag(
        "Does not decode",
        "The header is intact, but the pixels are damaged.",
        lambda t: t["decode_error"] != "",
        measured=True,
    ),
    "relabelled": Flag(
        "Relabelled by you",
        "The label differs from the file's name.",
        lambda t: t["label"] != t["named_label"],
    ),
    "excluded": Flag("Excluded by you", "Left out of training.", lambda t: t["excluded"]),
    "correction": Flag(
        "Corrections",
        "Classified wrongly, and joined to the dataset under their right label.",
        lambda t: joined.are_joined(t["path"]),
    ),
    "unlabelled": Flag(
        "Without a label",
        "Neither the name nor the folder names a class.",
        lambda t: t["label"] == UNLABELLED,
    ),
}
# Flags of photos that are readable but unusual.
ODD = (
    *("small", "extreme", "grey", "cmyk", "rotated", "trailing", "mismatch"),
    *("dark", "bright", "low_information", "blurred"),
)


def flags(table: pd.DataFrame) -> pd.DataFrame:
    """Return a Boolean column for each of ``FLAGS``. ``table`` is that of ``findings.joined``."""
    return pd.DataFrame({name: flag.holds(table).astype(bool) for name, flag in FLAGS.items()})
