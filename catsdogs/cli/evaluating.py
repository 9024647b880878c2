"""The command ``evaluate``: a run's metrics on a dataset, or on its locked test set."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from catsdogs.cli import labelling, model_tables
from catsdogs.cli.outcome import (
    Outcome,
    no_usable_images,
    refused,
    say_unreadable_slices,
    status_with,
    unreadable,
)
from catsdogs.cli.progress import progress
from catsdogs.comparison.photo_facts import of_answers, photo_facts, suspects
from catsdogs.dataset import index
from catsdogs.distributed.ray_engine import opened
from catsdogs.errors import UnreadableImage
from catsdogs.evaluation import intervals, metrics, slices
from catsdogs.evaluation.weakest import weakest
from catsdogs.images.parallel import Engine, FromFile
from catsdogs.inference import test_set
from catsdogs.inference.elsewhere import Probability
from catsdogs.labels import DOG
from catsdogs.reports import test_look
from catsdogs.runs import looks, store
from catsdogs.runs.looks import Look
from catsdogs.runs.run import Run
from catsdogs.runs.seen_before import TEST, SeenBefore
from catsdogs.sources import opening
from catsdogs.sources.typed import typed_path


def evaluate(
    *,
    run: str,
    data: str | None,
    test: bool,
    classes: str | None,
    own_classes: list[str] | None,
    named: list[str] | None,
    engine: str,
    address: str | None,
) -> Outcome:
    """Evaluate a run's exported model on every usable image of a dataset, or on its test set."""
    found = store.find_with_model(run)
    if test or data is None:
        test_set.require(found)  # Before a cluster is asked for, which takes seconds.
        with opened(engine, address) as where:
            return _on_test_set(found, where)
    path = typed_path(data)
    with progress("scan") as advance:
        dataset = index.scan(opening.open_source(path), progress=advance)
    dataset = labelling.remembered(dataset, classes, named, own_classes)
    found.require_classes(dataset.classes)
    with opened(engine, address) as where:
        return _on_dataset(found, path, dataset, where)


def _on_test_set(run: Run, engine: Engine) -> Outcome:
    with progress("evaluate") as advance:
        looked = test_look.look(run, by="evaluate --test", engine=engine, progress=advance)
    failed = [refused(*item) for item in looked.answers.unreadable.items()]
    return _outcome(run, looked.to_json(), failed)


def _on_dataset(run: Run, data: Path, dataset: index.Dataset, engine: Engine) -> Outcome:
    p_dog, refusals = _answers(run, dataset, engine)
    answered = ~np.isnan(p_dog)
    if not answered.any():
        raise no_usable_images(data, dataset)
    failed = unreadable(dataset) + refusals
    records = dataset.usable[answered].reset_index(drop=True)
    document = _document(run, dataset.root, records, p_dog[answered])
    seen = _seen(run, records, p_dog[answered])
    return _outcome(run, {**document, **seen}, failed)


def _outcome(run: Run, metrics: dict[str, Any], failed: list[dict[str, str]]) -> Outcome:
    classes = run.classes
    result: dict[str, Any] = {"run": run.run_id, "classes": list(classes.names)}
    result |= {**classes.document(metrics), "unreadable": failed}
    return Outcome(result, model_tables.evaluated(result), status_with(failed))


def _answers(
    run: Run, dataset: index.Dataset, engine: Engine
) -> tuple[np.ndarray, list[dict[str, str]]]:
    """Return P(dog) of each usable image, and the reports of those that could not be read.

    P(dog) has shape (N,), with NaN for an image that could not be read.
    """
    records, failed = dataset.usable, list[dict[str, str]]()
    p_dog = np.full(len(records), np.nan)
    reads = [FromFile(dataset.root / name) for name in records["path"]]
    with progress("evaluate") as advance:
        outcomes = zip(records["path"], engine.outcomes(reads, Probability(run)), strict=True)
        for position, (name, outcome) in enumerate(outcomes):
            if isinstance(outcome, UnreadableImage):
                failed.append(refused(name, outcome))
            else:
                p_dog[position] = outcome
            advance(position + 1, len(records))
    return p_dog, failed


def _document(run: Run, root: Path, records: pd.DataFrame, p_dog: np.ndarray) -> dict[str, Any]:
    """Return the metrics of N answers: with intervals, without suspect labels and by slices."""
    say_unreadable_slices(root)
    labels, facts = records["label"].to_numpy(), photo_facts(root)
    document = metrics.evaluate(labels, p_dog, classes=run.classes).to_json()
    document["intervals"] = _as_json(intervals.of_metrics(labels, p_dog))
    document["without_suspects"] = None
    doubted = suspects(records, facts)
    if doubted is not None and not doubted.all():
        sound = intervals.of_metrics(labels[~doubted], p_dog[~doubted])
        document["without_suspects"] = {"suspects": int(doubted.sum()), **_as_json(sound)}
    of_photos = of_answers(records, facts)
    known = slices.measured(of_photos)
    right = (p_dog >= metrics.THRESHOLD) == (labels == DOG)
    document["slices"] = {
        name: [asdict(part) for part in slices.slices(slices.ALL[name], of_photos, right)]
        for name in [*slices.KINDS, *(name for name in slices.NAMED if name in known)]
    }
    document["weakest"] = [asdict(one) for one in weakest(of_photos, right)]
    return document


def _seen(run: Run, records: pd.DataFrame, p_dog: np.ndarray) -> dict[str, Any]:
    """Return how many images the run has seen, and the metrics without its training images.

    Test images among them are a look at the run's test set, which is counted.
    """
    before, digests = SeenBefore.of(run), records["digest"]
    counts, without = before.counts(digests), None
    new = ~digests.isin(before.training or ()).to_numpy()
    if counts["training"] and new.any():
        found = intervals.of_metrics(records["label"].to_numpy()[new], p_dog[new])
        without = {"images": int(new.sum()), **_as_json(found)}
    looked = looks.read(run)
    if in_test := counts[TEST]:
        look = Look(at=looks.now(), images=in_test, by="evaluate --data")
        looked = looks.append(run, look)
    return {"seen": counts, "without_seen": without, "looks": len(looked)}


def _as_json(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asdict(interval) for name, interval in found.items()}
