"""The best trial of a search: how lucky it was, and its metrics on the locked test set.

The validation photos choose: the trial with the lowest validation loss of its kept epoch wins. Only
the winner is measured on the test set, and only once.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from catsdogs.errors import CatsDogsError
from catsdogs.evaluation.optimism import best_of
from catsdogs.reports import test_look
from catsdogs.runs import looks, model_files, search, store
from catsdogs.runs.looks import LockedMetrics
from catsdogs.runs.run import Run
from catsdogs.runs.search import Search, SearchResult
from catsdogs.searching import proposals
from catsdogs.searching.proposals import Trial
from catsdogs.searching.space import Space


def judge(
    of: Search, space: Space, ended: Sequence[Trial], *, is_final: bool
) -> SearchResult | None:
    """Find the best trial so far and write the result; None while no trial has a model.

    With ``is_final``, the best one is measured on its test set, if it has one.

    Raises:
        DatasetError: if the test photos are no longer those that the run locked away.
        RunError: if a file of the best run is missing or damaged.
    """
    runs = of.trials(store.list_runs()[0])
    numbers, tables = _predictions(runs)
    if not tables:
        return None
    labels, p_dog = tables[0]["label"].to_numpy(), np.stack([one["p_dog"] for one in tables])
    found = best_of(labels, p_dog, seed=of.settings.seed)
    number = numbers[found.position]
    shares, trials = proposals.importance(space, ended)
    result = SearchResult(
        run=runs[number].run_id,
        trial=number,
        candidates=found.candidates,
        images=found.images,
        accuracy=found.accuracy.measured,
        expected_accuracy=found.accuracy.expected,
        loss=found.log_loss.measured,
        expected_loss=found.log_loss.expected,
        test=_tested(of, runs[number]) if is_final else None,
        importance=shares,
        importance_trials=trials,
        is_final=is_final,
    )
    search.save_result(of, result)
    return result


def _predictions(runs: dict[int, Run]) -> tuple[list[int], list[pd.DataFrame]]:
    """Return the numbers of the trials with a model, and their answers for the same photos."""
    numbers, tables = list[int](), list[pd.DataFrame]()
    for number, run in runs.items():
        if not run.is_usable or run.state.is_active:
            continue
        try:
            table = model_files.read_predictions(run).sort_values("path", ignore_index=True)
        except CatsDogsError:
            continue  # Deleted or damaged since: the others can still be compared.
        if not tables or table["digest"].equals(tables[0]["digest"]):
            numbers.append(number)
            tables.append(table)
    return numbers, tables


def _tested(of: Search, run: Run) -> LockedMetrics | None:
    """Return the metrics on the test set; this search looks at it once, also after a kill."""
    if not run.result.test_images:
        return None
    by = f"search {of.name}"
    known = looks.latest(run.result, [one for one in looks.read(run) if one.by == by])
    return known or test_look.look(run, by=by).looks[-1].metrics
