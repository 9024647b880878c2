"""A run's model card: the facts a reader needs before using the model, as Markdown.

The sections follow Mitchell et al., "Model Cards for Model Reporting" (2019, arXiv:1810.03993).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import UnsetType

from catsdogs.errors import RunError
from catsdogs.evaluation.calibration import FOLDS
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL, THRESHOLD
from catsdogs.features.litert import LiteRTModel
from catsdogs.inference.both import FALSE_ALARMS
from catsdogs.inference.rejection import References
from catsdogs.labels import CAT, DOG
from catsdogs.reports.rendering import rendered
from catsdogs.runs import effective, layout, looks
from catsdogs.runs.doubt import doubt
from catsdogs.runs.looks import Look
from catsdogs.runs.result import RunResult
from catsdogs.runs.run import Run
from catsdogs.text import counted, literal, printable

# The outputs of a LiteRT file, in the words of the card.
_MEANINGS = {
    "p_dog": "P({1}), from 0 for {2} to 1 for {3}, without the temperature of the app",
    "heatmap": "evidence by place: positive for {3}, negative for {2}; row 0 is the top",
    "embedding": "the input of the last layer: similar pictures have similar directions",
}


@dataclass(frozen=True)
class _Output:
    """An output of the LiteRT file. ``shape`` is "1, 7, 7"."""

    name: str
    shape: str
    meaning: str


def model_card(run: Run, ended: str, result: RunResult, looked: Sequence[Look] = ()) -> str:
    """Return the card of a run that ended "finished" or "stopped" with ``result``.

    ``looked`` are the looks at its test set. The outputs are read from the run's LiteRT file, if it
    exists.

    Raises:
        RunError: if that file is damaged.
    """
    balanced = result.val_balanced_accuracy
    return rendered(
        "model_card.md.jinja",
        filters={
            "counted": counted,
            "literal": literal,
            "string": json.dumps,
            "plain": _plain,
            "printable": printable,
        },
        run=run,
        config=run.config,
        centre_crop=effective.centre_crop(run.config),
        dataset=run.about.dataset,
        corrections=run.about.annotations,
        result=result,
        looks=looked,
        metrics=looks.latest(result, looked),
        day=looks.day,
        balanced=None if isinstance(balanced, UnsetType) else balanced,
        doubt=doubt(replace(run.view, result=result), run.config),
        side=run.config.info.side,
        classes=run.classes,
        threshold=THRESHOLD,
        output=run.classes.key("p_dog"),
        outputs=_outputs(run),
        litert_model=layout.LITERT_MODEL,
        keras_model=layout.KERAS_MODEL,
        was_stopped=ended == "stopped",
        stated=DEFAULT_FALSE_REFUSAL,
        false_alarms=FALSE_ALARMS,
        references=_references(run.folder),
        folds=FOLDS,
    )


def _references(folder: Path) -> References | None:
    """Return the run's references; None if they cannot be read: the card needs no model."""
    try:
        return References.read(folder)
    except RunError:
        return None


def _plain(text: object) -> str:
    """Return a text of a page with ordinary spaces."""
    return str(text).replace("\N{NO-BREAK SPACE}", " ")


def _outputs(run: Run) -> list[_Output]:
    """Return the outputs of the LiteRT file, P(dog) first; none where there is no such file."""
    file, classes = run.folder / layout.LITERT_MODEL, run.classes
    words = [literal(one) for one in (*classes.names, classes.one(CAT), classes.one(DOG))]
    shapes = LiteRTModel(file).output_shapes if file.is_file() else {}
    return [
        _Output(classes.key(name), ", ".join(map(str, shapes[name])), meaning.format(*words))
        for name, meaning in _MEANINGS.items()
        if name in shapes
    ]
