"""A run's model card: the facts a reader needs before using the model, as Markdown.

The sections follow Mitchell et al., "Model Cards for Model Reporting" (2019, arXiv:1810.03993).
"""

from collections.abc import Sequence

from catsdogs.evaluation.calibration import FOLDS
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL
from catsdogs.reports.rendering import rendered
from catsdogs.runs import looks
from catsdogs.runs.looks import Look
from catsdogs.runs.result import RunResult
from catsdogs.runs.run import Run
from catsdogs.text import counted, literal, printable


def model_card(run: Run, ended: str, result: RunResult, looked: Sequence[Look] = ()) -> str:
    """Return the card of a run that ended "finished" or "stopped" with ``result``.

    ``looked`` are the looks at its test set.
    """
    return rendered(
        "model_card.md.jinja",
        filters={"counted": counted, "literal": literal, "printable": printable},
        run=run,
        config=run.config,
        dataset=run.about.dataset,
        corrections=run.about.annotations,
        result=result,
        looks=looked,
        metrics=looks.latest(result, looked),
        day=looks.day,
        was_stopped=ended == "stopped",
        accepted=1 - DEFAULT_FALSE_REFUSAL,
        folds=FOLDS,
    )
