"""Do the answers that the labelling queue asks for teach more than as many answers at random?

    python -m benchmarks.labelling DATASET [--hidden N] [--answers N] [--also DATASET] [--json]

DATASET is a folder, archive or link with labels. For each of five seeds, N random photos form the
queue, without their labels, and the others are the fixed test set. The same oracle answers both
ways: the labels of the dataset. After every batch the classifier of the queue learns from all
answers so far. Prints the accuracy on the test set with as many answers at random and from the
queue, and their paired difference over the seeds with its 95 % interval (Student's t). ``--also``
measures both on the photos of another dataset, too. It also prints how many of the suggestions
above 99 % are right, and how long a round takes.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

from catsdogs.dataset import index
from catsdogs.evaluation.metrics import THRESHOLD
from catsdogs.features import embeddings
from catsdogs.labels import DOG
from catsdogs.sources import opening
from catsdogs.suggestions import head, order
from catsdogs.suggestions.suggested import BATCH

_SEEDS = 5


# The positions answered so far and the suggestions → the positions to answer next.
Choose = Callable[[list[int], np.ndarray | None], np.ndarray]


class Photos(NamedTuple):
    """The vectors (N, D) and the labels (N,) of photos."""

    vectors: np.ndarray
    labels: np.ndarray

    def at(self, positions: np.ndarray) -> "Photos":
        return Photos(self.vectors[positions], self.labels[positions])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("--hidden", type=int, default=1500)
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--also")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    photos = _photos(arguments.dataset)
    also = _photos(arguments.also) if arguments.also else None
    with threadpool_limits(1):
        seeds = [
            _one_seed(photos, also, arguments.hidden, arguments.answers, seed)
            for seed in range(_SEEDS)
        ]
    found = {name: _compared(seeds, name) for name in seeds[0]["queue"]["accuracy"]}
    sure = np.sum([one["queue"]["sure"] for one in seeds], axis=0)
    document = {
        "test_sets": found,
        "above_99_percent": {"right": int(sure[0]), "of": int(sure[1])},
        "slowest_round_s": round(max(one["queue"]["round_s"] for one in seeds), 2),
    }
    print(json.dumps(document, indent=2) if arguments.json else _in_words(document))


def _photos(source: str) -> Photos:
    dataset = index.scan(opening.opened(Path(source)))
    usable = dataset.usable
    found = embeddings.embed(dataset.root, usable, backbone=embeddings.exported_backbone())
    readable = np.flatnonzero(found.places[:, 0] >= 0)
    return Photos(found.take(readable), usable["label"].to_numpy()[readable])


def _one_seed(photos: Photos, also: Photos | None, hidden: int, answers: int, seed: int) -> dict:
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(photos.labels))
    queue = photos.at(drawn[:hidden])
    tests = {"rest": photos.at(drawn[hidden:])} | ({"also": also} if also else {})
    by_chance = rng.permutation(hidden)[:answers]
    return {
        "random": _answered(queue, tests, answers, lambda done, _: by_chance[len(done) :]),
        "queue": _answered(queue, tests, answers, lambda done, p: _next(queue, done, p)),
    }


def _next(queue: Photos, done: list[int], p_positive: np.ndarray | None) -> np.ndarray:
    left = np.setdiff1d(np.arange(len(queue.labels)), done)
    known = None if p_positive is None else p_positive[left]
    return left[order.of(queue.vectors[left], known)]


def _answered(queue: Photos, tests: dict[str, Photos], answers: int, choose: Choose) -> dict:
    """Answer in batches, learning after each; measure the last classifier."""
    done: list[int] = []
    found, slowest = None, 0.0
    while len(done) < answers:
        p_positive = None if found is None else found(queue.vectors)
        done += choose(done, p_positive)[: min(BATCH, answers - len(done))].tolist()
        labelled = queue.at(np.array(done))
        started = time.perf_counter()
        if len(set(labelled.labels.tolist())) > 1:
            found, _ = head.fit(*labelled, np.arange(len(done)))
        slowest = max(slowest, time.perf_counter() - started)
    left = queue.at(np.setdiff1d(np.arange(len(queue.labels)), done))
    p_positive = found(left.vectors)
    is_sure = np.maximum(p_positive, 1 - p_positive) > 0.99
    return {
        "accuracy": {name: _right(found, test).mean() for name, test in tests.items()},
        "sure": (_right(found, left)[is_sure].sum(), is_sure.sum()),
        "round_s": slowest,
    }


def _right(found: head.Head, photos: Photos) -> np.ndarray:
    return (found(photos.vectors) >= THRESHOLD) == (photos.labels == DOG)


def _compared(seeds: list[dict], name: str) -> dict:
    ours, others = (
        np.array([one[way]["accuracy"][name] for one in seeds]) for way in ("queue", "random")
    )
    difference = ours - others
    half = stats.t.ppf(0.975, _SEEDS - 1) * difference.std(ddof=1) / _SEEDS**0.5
    return {
        "random": [round(float(value), 4) for value in others],
        "queue": [round(float(value), 4) for value in ours],
        "difference": round(float(difference.mean()), 4),
        "low": round(float(difference.mean() - half), 4),
        "high": round(float(difference.mean() + half), 4),
    }


def _in_words(document: dict) -> str:
    lines = []
    for name, one in document["test_sets"].items():
        lines.append(f"{name}: random {one['random']}")
        lines.append(f"{name}: queue  {one['queue']}")
        lines.append(
            f"{name}: queue - random = {100 * one['difference']:.2f} points "
            f"({100 * one['low']:.2f} to {100 * one['high']:.2f})"
        )
    sure = document["above_99_percent"]
    lines.append(f"suggestions above 99 %: {sure['right']:,} of {sure['of']:,} right")
    lines.append(f"slowest fit: {document['slowest_round_s']} s")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
