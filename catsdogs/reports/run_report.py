"""Everything about one run as one HTML page that works offline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from catsdogs.charts import evaluation as evaluation_charts
from catsdogs.charts import training as training_charts
from catsdogs.charts.style import run_colour
from catsdogs.comparison.own_answers import OwnAnswers
from catsdogs.evaluation.metrics import THRESHOLD
from catsdogs.evaluation.slices import ALL
from catsdogs.reports import comparison_text, paper, run_text, slice_text
from catsdogs.reports.paper import Photo
from catsdogs.reports.rendering import rendered
from catsdogs.runs import in_words, layout, log, looks, model_files
from catsdogs.runs.narration import narrate
from catsdogs.runs.run import Run
from catsdogs.text import printable

_MOST_PHOTOS = 24


@dataclass(frozen=True)
class Report:
    """The contents of a report on a run, in order. ``photos`` are its most confident mistakes."""

    run: Run
    answers: OwnAnswers
    tables: Mapping[str, pd.DataFrame]
    charts: Mapping[str, go.Figure]
    photos: list[Photo]

    def as_html(self) -> str:
        """Return one page that works offline: it contains its charts, pictures and script."""
        right = run_text.accuracy(self.run)
        return rendered(
            "run.html.jinja",
            filters={"printable": printable, "table": paper.html},
            report=self,
            run=self.run,
            headline=narrate(self.run.view, self.run.config),
            right=f"{right.value:.2%}",
            between=run_text.between(right),
            lineage=in_words.lineage(self.run),
            has_usage=bool(self.run.view.usages),
            no_usage=run_text.NO_USAGE,
            mistakes=len(self.answers.mistakes),
            weakest=slice_text.sentence("This run", self.answers.weakest).replace("**", ""),
            charts=paper.charts(self.charts),
            card=_card(self.run),
            log=log.tail(self.run),
            plotly=get_plotlyjs(),
            made=f"{datetime.now().astimezone():%Y-%m-%d %H:%M}",
        )


def report(run: Run) -> Report:
    """Return the report on a run with a model.

    Raises:
        RunError: when the predictions of the run are missing or damaged.
    """
    answers = OwnAnswers.read(run)
    return Report(run, answers, _tables(answers), _charts(answers), _photos(answers))


def _tables(answers: OwnAnswers) -> dict[str, pd.DataFrame]:
    run, classes, evaluation = answers.run, answers.classes, answers.evaluation
    tables = {
        "Metrics with 95 % intervals": run_text.metrics(answers.metrics, classes=classes),
        "Confusion matrix": comparison_text.matrix(evaluation, classes=classes),
        "Classification report": comparison_text.report(evaluation, classes=classes).round(4),
        "About the run": run_text.about(run),
        "Settings, as they were in effect": run_text.settings(run),
    }
    if (locked := looks.latest(run.result, looks.read(run))) is not None:
        tables["Test set"] = comparison_text.locked_metrics(locked)
    weaknesses = slice_text.table({comparison_text.ACCURACY: answers.weakest})
    if not weaknesses.empty:
        tables[slice_text.TITLE] = weaknesses.set_index(weaknesses.columns[0])
    return tables


def _charts(answers: OwnAnswers) -> dict[str, go.Figure]:
    run, name = answers.run, printable(answers.run.short_name)
    colours, tables = {name: run_colour(run)}, {name: answers.table}
    found = {}
    if run.view.batches:
        found["Curves"] = training_charts.training_curves({name: run.view}, [run_colour(run)])
    if (usage := training_charts.usage_chart(run.view)) is not None:
        found["Use of the machine"] = usage
    evaluations = {name: answers.evaluation}
    found |= evaluation_charts.at_threshold(
        tables, evaluations, THRESHOLD, colours, classes=answers.classes
    )
    for kind in answers.measured:
        slices = {name: answers.slices(kind)}
        found[ALL[kind].title] = evaluation_charts.slices(ALL[kind], slices, colours)
    return found


def _photos(answers: OwnAnswers) -> list[Photo]:
    rows = answers.mistakes.head(_MOST_PHOTOS)
    notes = [
        comparison_text.own_answer(label, p_dog, classes=answers.classes)
        for label, p_dog in zip(rows["label"], rows["p_dog"], strict=True)
    ]
    return paper.gallery(answers.located.root, answers.located.named(rows), notes)


def _card(run: Run) -> str:
    try:
        text = model_files.place(run, layout.MODEL_CARD).read_text("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(printable(line) for line in text.splitlines())
