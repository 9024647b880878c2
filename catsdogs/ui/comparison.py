"""Two runs side by side: the choice, the paired verdict, figures, matrices, reports, curves."""

import json

import pandas as pd
import streamlit as st

from catsdogs import figures
from catsdogs.errors import RunError
from catsdogs.evaluation.comparison import Comparison, compare
from catsdogs.evaluation.metrics import Evaluation
from catsdogs.labels import CLASS_NAMES
from catsdogs.runs import store
from catsdogs.runs.store import EVALUATION, Run
from catsdogs.ui.text import literal

# The usual convention, named where it is used: below it, "chance" is no good explanation.
_SIGNIFICANT = 0.05


def pick(runs: list[Run]) -> tuple[Run, Run]:
    """Let the user choose two runs; the choice is in the URL, so it can be sent and reloaded."""
    ids = {run.run_id: run for run in runs}
    first = runs[0]
    second = next((run for run in runs if run.config.model != first.config.model), runs[1])
    chosen = []
    for column, letter, default in zip(st.columns(2), "ab", (first, second), strict=True):
        wanted = st.query_params.get(letter, "")
        run_id = column.selectbox(
            f"Run {letter.upper()}",
            list(ids),
            index=list(ids).index(wanted if wanted in ids else default.run_id),
            format_func=lambda run_id: ids[run_id].title,
            key=f"compare_{letter}",
        )
        st.query_params[letter] = run_id
        chosen.append(ids[run_id])
    return chosen[0], chosen[1]


def verdict(a: Run, b: Run) -> None:
    """Say in a sentence whether the difference is real."""
    if a.run_id == b.run_id:
        st.info("This is one run twice. Choose another on one side.")
        return
    try:
        result = compare(store.read_predictions(a), store.read_predictions(b))
    except RunError as error:
        st.warning(literal(str(error)))
        return
    text = _sentence(result)
    if result.mcnemar_p < _SIGNIFICANT:
        st.success(text, icon=":material/balance:")
    else:
        st.info(text, icon=":material/balance:")


def side_by_side(pair: tuple[Run, Run]) -> None:
    """Show both runs' figures in one table, then each one's matrix and report in a column."""
    facts = {
        f"{letter}: {run.config.title}": _facts(run) for letter, run in zip("AB", pair, strict=True)
    }
    st.table(pd.DataFrame(facts))
    for column, letter, run in zip(st.columns(2), "AB", pair, strict=True):
        with column:
            st.subheader(f"{letter}: {run.config.title}")
            _matrix_and_report(run, letter)


def curves(pair: tuple[Run, Run]) -> None:
    """Overlay both runs' curves."""
    st.subheader("Training curves")
    views = {letter: run.view for letter, run in zip("AB", pair, strict=True)}
    for column, metric in zip(st.columns(2), figures.METRICS, strict=True):
        column.plotly_chart(figures.compared_curves(views, metric), key=f"compare_curves_{metric}")


def _sentence(result: Comparison) -> str:
    gap = result.difference
    better = "A" if gap.value > 0 else "B"
    flips = f"A alone is right on {result.a_right_b_wrong:,}, B alone on {result.b_right_a_wrong:,}"
    if result.mcnemar_p < _SIGNIFICANT:
        opening = f"**{better} is better**, and chance is a poor explanation."
    else:
        opening = "**Not enough evidence of a difference**: chance may explain it."
    return (
        f"{opening} On the {result.images:,} validation images that both share, accuracy A − B is "
        f"{_points(gap.value)} points (95\u00a0% interval {_points(gap.low)} to "
        f"{_points(gap.high)}). {flips} (exact McNemar test, p = {result.mcnemar_p:.2g})."
    )


def _points(share: float) -> str:
    return f"{share * 100:+.2f}".replace("-", "−")


def _facts(run: Run) -> dict[str, str]:
    result = run.result
    return {
        "Validation accuracy": f"{result['val_accuracy']:.2%}",
        "Validation loss": f"{result['val_loss']:.4f}",
        "Validation images": f"{result['val_images']:,}",
        "Training images": f"{result['train_images']:,}",
        "Dataset": literal(run.about["dataset"]["name"]),
        "Parameters": f"{result['parameters']:,}",
        "Model file": f"{result['model_bytes'] / 1e6:.1f} MB",
        "Forward pass": f"{result['latency_ms']:.1f} ms an image",
        "Training took": f"{result['seconds']['total']:.0f} s",
    }


def _matrix_and_report(run: Run, letter: str) -> None:
    evaluation = _evaluation(run)
    if evaluation is not None:
        st.plotly_chart(figures.confusion_matrix(evaluation), key=f"compare_matrix_{letter}")
        _report(evaluation)


def _evaluation(run: Run) -> Evaluation | None:
    try:
        return Evaluation(**json.loads((run.folder / EVALUATION).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        st.error(
            literal(f"The evaluation of {run.run_id} cannot be read ({error}). Train it again.")
        )
        return None


def _report(evaluation: Evaluation) -> None:
    rows = [*CLASS_NAMES, "macro avg"]
    table = pd.DataFrame({name: evaluation.report[name] for name in rows}).T
    share = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        table.astype({"support": int}),
        column_config=dict.fromkeys(("precision", "recall", "f1-score"), share),
    )
