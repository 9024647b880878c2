"""The answers of two runs for the same images → Plotly charts. No Streamlit here.

``answers`` are tables of ``label`` and ``p_dog``, by the name of the run; ``colours`` have the same
names. The second run is dashed, so that colour is not the only difference.
"""

from collections.abc import Callable, Mapping
from itertools import cycle

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from catsdogs.charts.confusion import confusion_matrix
from catsdogs.charts.style import CLASS_COLOURS, HEIGHT_PX, LEGEND, MAX_POINTS, height_for, styled
from catsdogs.evaluation import thresholds
from catsdogs.evaluation.intervals import Interval
from catsdogs.evaluation.metrics import Evaluation
from catsdogs.evaluation.slices import Kind, Named, Slice
from catsdogs.evaluation.thresholds import Curve
from catsdogs.labels import CAT, DOG, PETS, Classes
from catsdogs.text import counted, unmarked

_BINS = 20
_CHANCE = {"color": "#8393A0", "width": 1, "dash": "dot"}
_SHARES = {"tickformat": ".0%", "range": [-0.02, 1.02], "dtick": 0.2}
# The first run and the second: lines and points differ in more than their colour.
_DASHES, _SYMBOLS = ("solid", "dash"), ("circle", "diamond")
Answers = Mapping[str, pd.DataFrame]
Colours = Mapping[str, str]


def at_threshold(
    answers: Answers,
    evaluations: Mapping[str, Evaluation],
    threshold: float,
    colours: Colours,
    *,
    classes: Classes = PETS,
) -> dict[str, go.Figure]:
    """Return every chart that depends on the threshold, by name."""
    errors = {name: found.ece for name, found in evaluations.items()}
    curves = [roc, precision_recall] if has_both_classes(answers) else []
    figures = [
        *(
            confusion_matrix(np.array(found.confusion_matrix), classes=classes)
            for found in evaluations.values()
        ),
        *(curve(answers, threshold, colours, classes=classes) for curve in curves),
        reliability(answers, errors, colours, classes=classes),
        *histograms(answers, threshold, classes=classes).values(),
    ]
    return dict(zip(names_at_threshold(answers, classes), figures, strict=True))


def names_at_threshold(answers: Answers, classes: Classes = PETS) -> list[str]:
    """Return the names of the charts that ``at_threshold`` returns."""
    matrices = [f"Confusion matrix of {name}" for name in answers]
    curves = ["ROC", "Precision and recall"] if has_both_classes(answers) else []
    return [
        *matrices,
        *curves,
        "Reliability",
        *(f"P({classes.positive}) of {name}" for name in answers),
    ]


def has_both_classes(answers: Answers) -> bool:
    """Return whether each run was measured on both classes: curves need both."""
    return all(table["label"].nunique() == len(PETS.names) for table in answers.values())


def slices(kind: Kind | Named, found: Mapping[str, list[Slice]], colours: Colours) -> go.Figure:
    """Return the accuracy of each run on each slice, with its interval; small slices are faint."""
    figure = go.Figure()
    for number, (name, of_run) in enumerate(found.items()):
        # Side by side, so that the intervals of two runs do not overlap.
        shift = 0.16 * (number - (len(found) - 1) / 2)
        for is_small in (False, True):
            places = [place + shift for place in range(len(of_run))]
            chosen = [
                (place, part, part.accuracy)
                for place, part in zip(places, of_run, strict=True)
                if part.accuracy and part.is_small is is_small
            ]
            marker = {"color": colours[name], "size": 10, "symbol": _SYMBOLS[number]}
            style = {"name": unmarked(name), "marker": marker}
            _add_slices(figure, chosen, is_small=is_small, style=style)
    first = next(iter(found.values()))
    figure.update_xaxes(
        title=kind.unit,
        tickvals=list(range(len(first))),
        ticktext=[_slice_name(parts) for parts in zip(*found.values(), strict=True)],
        range=[-0.5, len(first) - 0.5],
    )
    figure.update_yaxes(title="right", tickformat=".0%", range=_range_of_large(found))
    return styled(figure, kind.title, legend=LEGEND, showlegend=True)


def _add_slices(
    figure: go.Figure,
    chosen: list[tuple[float, Slice, Interval]],
    *,
    is_small: bool,
    style: Mapping[str, object],
) -> None:
    """Add a point with an interval for each (place on the x axis, slice, accuracy)."""
    figure.add_scatter(
        x=[place for place, _, _ in chosen],
        y=[right.value for _, _, right in chosen],
        error_y={
            "array": [right.high - right.value for _, _, right in chosen],
            "arrayminus": [right.value - right.low for _, _, right in chosen],
            "thickness": 1.5,
        },
        legendgroup=style["name"],
        showlegend=not is_small,
        mode="markers",
        opacity=0.3 if is_small else 1,
        customdata=[(part.name, part.images, right.low, right.high) for _, part, right in chosen],
        hovertemplate=(
            "%{customdata[0]}: %{y:.2%} right (%{customdata[2]:.2%} to "
            "%{customdata[3]:.2%}), %{customdata[1]:,} photos"
        ),
        **style,
    )


def accuracies(found: Mapping[str, Interval], colours: Colours) -> go.Figure:
    """Return the accuracy of each run with its interval, the best on top."""
    figure = go.Figure()
    for name in sorted(found, key=lambda name: found[name].value):
        right = found[name]
        figure.add_scatter(
            x=[right.value],
            y=[unmarked(name)],
            error_x={"array": [right.high - right.value], "arrayminus": [right.value - right.low]},
            mode="markers",
            marker={"color": colours[name], "size": 10},
            hovertemplate=f"%{{x:.2%}} right ({right.low:.2%} to {right.high:.2%})<extra></extra>",
        )
    figure.update_xaxes(title="right", tickformat=".1%")
    return styled(figure, "Accuracy", showlegend=False)


def roc(
    answers: Answers, threshold: float, colours: Colours, *, classes: Classes = PETS
) -> go.Figure:
    """Return the runs' receiver operating characteristics, marked at ``threshold``."""
    figure = go.Figure()
    _add_line(figure, [0, 1], [0, 1], "chance")
    _add_curves(figure, answers, threshold, colours, of=thresholds.roc, area="AUC")
    negatives, positives = (unmarked(classes.plural(label)) for label in (CAT, DOG))
    figure.update_xaxes(title=f"{negatives} classified as {positives}", **_SHARES)
    figure.update_yaxes(title=f"{positives} classified as {positives}", **_SHARES)
    return styled(figure, "ROC", legend=LEGEND, height=height_for(1 + len(answers)))


def precision_recall(
    answers: Answers, threshold: float, colours: Colours, *, classes: Classes = PETS
) -> go.Figure:
    """Return both runs' precision over recall for the positive class, marked at ``threshold``."""
    figure = go.Figure()
    of = thresholds.precision_recall
    _add_curves(figure, answers, threshold, colours, of=of, area="AP")
    one, several = unmarked(classes.positive), unmarked(classes.plural(DOG))
    figure.update_xaxes(title=f"recall: {several} found", **_SHARES)
    figure.update_yaxes(title=f"precision: correct “{one}” answers", tickformat=".0%")
    return styled(figure, "Precision and recall", legend=LEGEND)


def reliability(
    answers: Answers,
    errors: Mapping[str, float | None],
    colours: Colours,
    *,
    classes: Classes = PETS,
) -> go.Figure:
    """Return the share of dogs over P(dog); ``errors`` are the runs' calibration errors."""
    figure = go.Figure()
    _add_line(figure, [0, 1], [0, 1], "perfectly calibrated")
    for (name, table), dash in zip(answers.items(), cycle(_DASHES), strict=False):
        x, y = thresholds.calibration(table["label"].to_numpy(), table["p_dog"].to_numpy())
        figure.add_scatter(
            x=x,
            y=y,
            name=f"{unmarked(name)}, ECE {errors[name]:.3f}",
            mode="lines+markers",
            line={"color": colours[name], "dash": dash},
        )
    figure.update_xaxes(title=_probability(classes), range=[0, 1], tickformat=".0%")
    share = f"share of {unmarked(classes.plural(DOG))}"
    figure.update_yaxes(title=share, range=[0, 1], tickformat=".0%")
    return styled(figure, "Reliability", legend=LEGEND, height=height_for(1 + len(answers)))


def histograms(
    answers: Answers, threshold: float, *, classes: Classes = PETS
) -> dict[str, go.Figure]:
    """Return the histogram of P(dog) of each run, on axes of the same height."""
    counts = [histogram(table, label) for table in answers.values() for label in (CAT, DOG)]
    most = max(int(counted.max()) for counted in counts)
    return {
        name: probabilities(table, threshold, most=most, classes=classes).update_layout(
            title=f"{unmarked(name)}: {_probability(classes)}", height=HEIGHT_PX // 2 + 60
        )
        for name, table in answers.items()
    }


def probabilities(
    table: pd.DataFrame, threshold: float, *, most: int, classes: Classes = PETS
) -> go.Figure:
    """Return the histogram of P(dog) for both classes; the axis ends at ``most`` photos."""
    figure = go.Figure()
    edges = np.linspace(0, 1, _BINS + 1)
    for label, name in enumerate(map(unmarked, classes.names)):
        counted = histogram(table, label)
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counted,
            name=name,
            marker={"color": CLASS_COLOURS[label]},
            hovertemplate=(
                f"%{{y:,}} {unmarked(classes.plural(label))} near %{{x:.0%}}<extra></extra>"
            ),
        )
    figure.add_vline(x=threshold, line=_CHANCE)
    figure.update_xaxes(title=_probability(classes), range=[0, 1], tickformat=".0%")
    # Nearly all images are at the ends; a linear scale would hide the uncertain ones between.
    top = np.log10(max(most, 1)) + 0.1
    figure.update_yaxes(title="photos", type="log", range=[-0.3, top], dtick=1)
    return styled(figure, None, barmode="group", bargap=0.1, legend=LEGEND)


def _probability(classes: Classes) -> str:
    return f"P({unmarked(classes.positive)})"


def histogram(table: pd.DataFrame, label: int) -> np.ndarray:
    """Return how many images of a class fall into each bin of P(dog)."""
    of_class = table["p_dog"][table["label"] == label]
    return np.histogram(of_class, np.linspace(0, 1, _BINS + 1))[0]


def _range_of_large(found: Mapping[str, list[Slice]]) -> list[float] | None:
    """Return the range of all points, and of the intervals of slices with enough images.

    The wide interval of a small slice would squeeze the others.
    """
    parts = [part for of_run in found.values() for part in of_run]
    lows = [
        part.accuracy.value if part.is_small else part.accuracy.low
        for part in parts
        if part.accuracy
    ]
    if all(part.is_small for part in parts):
        return None
    margin = 0.1 * (1 - min(lows))
    return [min(lows) - margin, 1 + margin]


def _slice_name(of_runs: tuple[Slice, ...]) -> str:
    """Return the name of a slice and its image count, for each run if the counts differ."""
    name, counts = of_runs[0].name, dict.fromkeys(part.images for part in of_runs)
    told = f"{name}<br>{' and '.join(counted(count, 'photo') for count in counts)}"
    is_small = all(part.is_small for part in of_runs)
    return f"<span style='color: #8393A0'>{told}</span>" if is_small else told


def _add_curves(
    figure: go.Figure,
    answers: Answers,
    threshold: float,
    colours: Colours,
    *,
    of: Callable[[np.ndarray, np.ndarray], Curve],
    area: str,
) -> None:
    for (name, table), dash in zip(answers.items(), cycle(_DASHES), strict=False):
        colour = colours[name]
        curve = of(table["label"].to_numpy(), table["p_dog"].to_numpy())
        chosen = _spread(len(curve.x))
        figure.add_scatter(
            x=curve.x[chosen],
            y=curve.y[chosen],
            name=f"{unmarked(name)}, {area} {curve.area:.4f}",
            mode="lines",
            line={"color": colour, "width": 2, "dash": dash},
            legendgroup=name,
        )
        x, y = curve.at(threshold)
        figure.add_scatter(
            x=[x],
            y=[y],
            name=f"{unmarked(name)} at {threshold:.2f}",
            mode="markers",
            marker={"color": colour, "size": 12, "line": {"width": 2, "color": "white"}},
            legendgroup=name,
            showlegend=False,
        )


def _add_line(figure: go.Figure, x: list[float], y: list[float], name: str) -> None:
    figure.add_scatter(x=x, y=y, name=name, mode="lines", line=_CHANCE, hoverinfo="skip")


def _spread(count: int) -> np.ndarray:
    """Return at most ``MAX_POINTS`` positions, including the first and the last."""
    return np.unique(np.linspace(0, count - 1, min(count, MAX_POINTS)).astype(int))
