"""The learning-rate range test's process: ``python -m catsdogs.learning.range_test FOLDER``.

A task (``catsdogs.background.tasks``) in a module of its own, because it needs TensorFlow.
``catsdogs.runs.range_test`` explains the test and its result. It sees training photos only: a
rate chosen on validation photos would make the validation score optimistic.
"""

import math
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from catsdogs.background import tasks
from catsdogs.dataset import index
from catsdogs.dataset.split import split
from catsdogs.errors import Cancelled, DatasetError
from catsdogs.features import embeddings
from catsdogs.features.store import Rows
from catsdogs.learning import export, machine, measuring, models, weights
from catsdogs.learning.frameworks import keras
from catsdogs.learning.pipeline import Batches
from catsdogs.runs import effective, range_test
from catsdogs.runs.config import RunConfig
from catsdogs.sources import opening

Advance = Callable[[int, int], None]


def find_rates(subject: str, report: tasks.Report, should_stop: tasks.ShouldStop) -> dict[str, Any]:
    """Do the test that ``subject`` asks for: see ``rates.subject``.

    Returns ``rates``, and for each of them ``losses`` and ``smoothed``; the rate ``suggested``, or
    None; and how many ``images`` it learned from.

    Raises:
        Cancelled: when a stop was asked for.
        DatasetError: when the data cannot be opened or decoded.
        ConfigError: when they cannot be split.
        WeightsUnavailable: for MobileNetV2 without ImageNet weights.
    """
    advancing = partial(_advancing, report, should_stop)
    config = range_test.tested_config(subject)
    dataset = index.scan(opening.open_source(Path(config.data)), progress=advancing("scan"))
    photos = _drawn(dataset.usable, config)
    prepare = _on_backbone if config.info.backbone else _on_pixels
    rows, model = prepare(config, dataset.root, photos, advancing)
    decoded = np.flatnonzero(~photos["path"].isin(rows.missing))
    if not len(decoded):
        raise DatasetError(
            f"Expected photos that decode. Received: {len(photos)} that do not, such as "
            f"{photos['path'].iloc[0]}. Run the health check."
        )
    batches = Batches(
        *(rows, photos["label"].to_numpy(), decoded, config.batch_size),
        shuffle_seed=config.seed,
        smallest_crop=effective.smallest_crop(config),
    )
    weighted = measuring.class_weights(config, batches)
    tested, losses = _sweep(model, batches, weighted, advancing("fit"))
    return {
        "rates": tested,
        "losses": losses,
        "smoothed": range_test.centred(losses),
        "suggested": range_test.suggested(tested, losses),
        "images": len(decoded),
    }


def main(folder: Path) -> int:
    """Do the task in ``folder``; return the exit status of its process."""
    return tasks.main(folder, find_rates)


def _advancing(report: tasks.Report, should_stop: tasks.ShouldStop, phase: str) -> Advance:
    """Return the progress report of a phase; it raises Cancelled once a stop was asked for."""

    def advance(done: int, total: int) -> None:
        if should_stop():
            raise Cancelled("The test was cancelled. The photos decoded so far are kept.")
        report(phase, done, total)

    return advance


def _drawn(records: pd.DataFrame, config: RunConfig) -> pd.DataFrame:
    """Return as many training photos as the test needs, in the proportion of the classes."""
    side = records.iloc[split(records, config.split_rule).train]
    share = min(1.0, range_test.STEPS * config.batch_size / len(side))
    classes = [
        photos.sample(max(1, math.floor(len(photos) * share)), random_state=config.seed)
        for _, photos in side.groupby("label")
    ]
    return pd.concat(classes, ignore_index=True)


def _on_pixels(
    config: RunConfig, root: Path, photos: pd.DataFrame, advancing: Callable[[str], Advance]
) -> tuple[Rows, keras.Model]:
    side = config.info.side
    rows = embeddings.decode(root, photos, side=side, progress=advancing("decode"))
    keras.utils.set_random_seed(config.seed)
    precision = config.precision
    if precision == "auto":
        precision = machine.fastest_precision()
    return rows, models.build(config, precision=precision)


def _on_backbone(
    config: RunConfig, root: Path, photos: pd.DataFrame, advancing: Callable[[str], Advance]
) -> tuple[Rows, keras.Model]:
    advance = advancing("embed")
    advance(0, 0)  # The first time on a machine, the backbone's export comes before any photo.
    backbone = export.backbone_file(weights.find_weights())
    rows = embeddings.embed(root, photos, backbone=backbone, progress=advance)
    keras.utils.set_random_seed(config.seed)
    return rows, models.build_head(embeddings.EMBEDDING_SIZE, dropout=effective.dropout(config))


def _sweep(
    model: keras.Model, batches: Batches, weighted: dict[int, float] | None, advance: Advance
) -> tuple[list[float], list[float]]:
    """Train one batch at each rate; return the rates and the losses, which are all finite."""
    model.compile(keras.optimizers.Adam(), loss="binary_crossentropy")
    losses: list[float] = []
    rising = range_test.rising()
    for done, (rate, batch) in enumerate(zip(rising, _endless(batches), strict=False)):
        advance(done, len(rising))
        model.optimizer.learning_rate = rate
        model.reset_metrics()  # Otherwise Keras would return the mean loss of all batches so far.
        loss = float(model.train_on_batch(*batch, class_weight=weighted))
        if not math.isfinite(loss):
            break
        losses.append(loss)
        if range_test.has_exploded(losses):
            break
    return rising[: len(losses)], losses


def _endless(batches: Batches) -> Iterator[Any]:
    for epoch in count():
        yield from batches.epoch(epoch)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
