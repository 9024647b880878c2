"""Which two runs to compare first, among all usable ones."""

from collections.abc import Iterable, Sequence

from catsdogs.runs.run import Run


def best_pair(runs: Sequence[Run]) -> tuple[Run, Run]:
    """Return the best run and its strongest rival on the same validation photos.

    They come from the split that has at least two runs: first the user's own, then the newest.
    ``runs`` are at least two.
    """
    splits: dict[tuple[str, int, float], list[Run]] = {}
    for run in runs:
        splits.setdefault(_split(run), []).append(run)

    def telling(group: Iterable[Run]) -> tuple[bool, bool, str]:
        runs = list(group)
        newest = max(run.about.created_at for run in runs)
        return len(runs) > 1, not all(run.is_reference for run in runs), newest

    best = _strongest(max(splits.values(), key=telling))
    return best, rival(best, runs)


def rival(run: Run, runs: Iterable[Run]) -> Run:
    """Return the strongest of the other ``runs``, if possible on the same validation photos.

    A run on other classes is the last choice, and before it a repetition with the same settings.
    """

    def fits(other: Run) -> tuple[bool, bool, bool, float]:
        same_photos = _split(other) == _split(run)
        same_classes = other.classes == run.classes
        return same_classes, same_photos, other.config != run.config, other.result.val_accuracy

    return max((other for other in runs if other.run_id != run.run_id), key=fits)


def _strongest(runs: Iterable[Run]) -> Run:
    # If two runs are equal, one with a model file can do more.
    return max(runs, key=lambda run: (run.result.val_accuracy, run.can_classify))


def _split(run: Run) -> tuple[str, int, float]:
    return run.about.dataset.fingerprint, run.config.seed, run.config.validation
