"""A comparison of two runs as one file: HTML that works offline, or Markdown."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from catsdogs.charts import evaluation as evaluation_charts
from catsdogs.charts import training as training_charts
from catsdogs.charts.style import run_colour
from catsdogs.comparison.disagreements import of_kind
from catsdogs.comparison.pair import Pair
from catsdogs.errors import RunError
from catsdogs.evaluation.slices import ALL
from catsdogs.reports import comparison_text, paper, slice_text
from catsdogs.reports.paper import Photo
from catsdogs.reports.rendering import rendered
from catsdogs.runs.command import repeating
from catsdogs.text import printable, unmarked

_PHOTOS_A_GALLERY = 12
_CHART_PX = 600  # the height of a chart on its own page
# Characters that Markdown would interpret inside a line.
_ACTIVE = re.compile(r"([\\`*_\[\]<>|])")


@dataclass(frozen=True)
class Report:
    """The contents of a report, in order."""

    pair: Pair
    threshold: float
    verdict: list[tuple[str, str]]
    notes: list[str]
    tables: dict[str, pd.DataFrame]
    answers: dict[str, pd.DataFrame]  # tables at the threshold
    charts: dict[str, go.Figure]
    galleries: dict[str, list[Photo]]

    def as_html(self) -> str:
        """Return one page that works offline: it contains its charts, pictures and script."""
        charts, plotly = paper.charts(self.charts), get_plotlyjs()
        return self._rendered("comparison.html.jinja", paper.html, charts=charts, plotly=plotly)

    def as_markdown(self) -> str:
        """Return the sentences, the tables and the names of the photos."""
        return self._rendered("comparison.md.jinja", _markdown)

    def _rendered(
        self, template: str, table: Callable[[pd.DataFrame], str], **values: object
    ) -> str:
        return rendered(
            template,
            filters={
                "literal": _literal,
                "printable": printable,
                "repeating": repeating,
                "table": table,
            },
            report=self,
            made=f"{datetime.now().astimezone():%Y-%m-%d %H:%M}",
            **values,
        )


def report(pair: Pair, *, threshold: float, margin: float) -> Report:
    """Return the report on two runs at a threshold on P(dog).

    Raises:
        ConfigError: if ``margin`` is out of range.
    """
    verdict, notes = _verdict(pair, margin)
    return Report(
        pair=pair,
        threshold=threshold,
        verdict=verdict,
        notes=[
            *comparison_text.caveats(pair.named(pair.runs)),
            *comparison_text.baselines(pair.named(pair.balances)),
            *notes,
        ],
        tables={
            comparison_text.OWN_METRICS: comparison_text.metric_table(
                pair.named(pair.metrics), classes=pair.classes
            ),
            "The two runs": pd.DataFrame(
                {name: comparison_text.facts(run) for name, run in pair.named(pair.runs).items()}
            ).map(printable),
            comparison_text.DIFFERS: comparison_text.difference_table(
                pair.runs["A"], pair.runs["B"], pair.names
            ).set_index(""),
        },
        answers=_answers(pair, threshold),
        charts=charts(pair, threshold),
        galleries={} if pair.both.empty else _galleries(pair, threshold),
    )


def charts(pair: Pair, threshold: float) -> dict[str, go.Figure]:
    """Return every chart of a comparison, by the names in ``chart_names``."""
    colours = {name: run_colour(run) for name, run in pair.named(pair.runs).items()}
    views = {name: run.view for name, run in pair.named(pair.runs).items()}
    found = {
        metric.capitalize(): training_charts.compared_curves(views, metric, list(colours.values()))
        for metric in training_charts.METRICS
    }
    answers, evaluations = pair.named(pair.answers), pair.named(pair.evaluations(threshold))
    found |= evaluation_charts.at_threshold(
        answers, evaluations, threshold, colours, classes=pair.classes
    )
    for kind in pair.measured:
        slices = pair.named(pair.slices(kind, threshold))
        found[_by(kind)] = evaluation_charts.slices(ALL[kind], slices, colours)
    return found


def chart_names(pair: Pair) -> list[str]:
    """Return the names of ``charts`` without drawing them."""
    metrics = [metric.capitalize() for metric in training_charts.METRICS]
    moving = evaluation_charts.names_at_threshold(pair.named(pair.answers), pair.classes)
    return [*metrics, *moving, *map(_by, pair.measured)]


def chart_page(pair: Pair, threshold: float, name: str) -> str:
    """Return one chart as an HTML page that works offline."""
    runs = " · ".join(unmarked(run.title) for run in pair.runs.values())
    title = f"{unmarked(name)}<br><sub>{runs} · threshold {threshold:.6g}</sub>"
    layout = {"title": title, "height": _CHART_PX, "margin": {"t": 90}}
    return str(paper.styled(charts(pair, threshold)[name]).update_layout(layout).to_html())


def _by(kind: str) -> str:
    return f"By {ALL[kind].title.lower()}"


def _verdict(pair: Pair, margin: float) -> tuple[list[tuple[str, str]], list[str]]:
    try:
        result = pair.compared(margin)
    except RunError as error:
        return [], [str(error), comparison_text.OWN_ANSWERS]
    notes = comparison_text.left_out(result, pair.names)
    if sound := pair.compared_without_suspects(margin):
        twin = comparison_text.without_suspects(sound[1], sound[0], pair.names)
        if sound[1].is_significant is not result.is_significant:
            twin = f"The result changes without suspect labels. {twin}"
        notes = [twin, comparison_text.ABOUT_SUSPECTS, *notes]
    return comparison_text.verdict(result, pair.names), notes


def _answers(pair: Pair, threshold: float) -> dict[str, pd.DataFrame]:
    tables = {}
    for name, found in pair.named(pair.evaluations(threshold)).items():
        tables[f"Confusion matrix of {name}"] = comparison_text.matrix(found, classes=pair.classes)
        tables[f"Classification report of {name}"] = comparison_text.report(
            found, classes=pair.classes
        ).round(4)
    weaknesses = slice_text.table(pair.named(pair.weakest(threshold)))
    if not weaknesses.empty:
        tables[slice_text.TITLE] = weaknesses.set_index(weaknesses.columns[0]).map(printable)
    return tables


def _galleries(pair: Pair, threshold: float) -> dict[str, list[Photo]]:
    found = {}
    for kind, positions in of_kind(pair.both, threshold).items():
        photos = pair.both.iloc[positions[:_PHOTOS_A_GALLERY]]
        if len(photos):
            title = f"{kind.in_words(pair.names)}: {len(photos):,} of {len(positions):,}"
            found[title] = _photos(pair, photos)
    return found


def _photos(pair: Pair, photos: pd.DataFrame) -> list[Photo]:
    root, column = pair.place
    named = list(zip(photos[column], pair.digests_here(photos["digest"]), strict=True))
    notes = [
        comparison_text.answered(row, pair.names, classes=pair.classes)
        for row in photos.to_dict("records")
    ]
    return paper.gallery(root, named, notes)


def _literal(text: str) -> str:
    return _ACTIVE.sub(r"\\\1", printable(text))


def _markdown(table: pd.DataFrame) -> str:
    lines = [
        ["", *(_literal(str(column)) for column in table.columns)],
        ["---", *["---:"] * len(table.columns)],
    ]
    lines += [[_literal(str(cell)) for cell in row] for row in table.itertuples(name=None)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
