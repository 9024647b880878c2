"""The limits for "both" of a run, measured on its validation photos."""

from pathlib import Path

import numpy as np

from catsdogs.features.litert import LiteRTModel
from catsdogs.images.parallel import Progress
from catsdogs.inference import both
from catsdogs.learning.preparing import Sides
from catsdogs.runs.first_estimate import LIMITING_PHOTOS
from catsdogs.runs.result import BothResult


def both_limits(sides: Sides, root: Path, litert: Path, progress: Progress) -> BothResult | None:
    """Return the limits of the exported, fine-tuned model ``litert``; None for few photos."""
    generator = np.random.default_rng(sides.config.seed)
    paths = generator.permutation(sides.val_records["path"].to_numpy())[:LIMITING_PHOTOS]
    return both.measured(LiteRTModel(litert), root, paths.tolist(), progress)
