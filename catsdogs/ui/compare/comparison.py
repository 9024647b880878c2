"""Two runs side by side: the choice, the paired verdict, metrics with intervals, curves."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from catsdogs.charts import training as training_charts
from catsdogs.charts.style import CONFIG
from catsdogs.comparison.pair import LETTERS, Pair
from catsdogs.errors import RunError
from catsdogs.evaluation.metrics import DEFAULT_MARGIN
from catsdogs.reports import comparison_text
from catsdogs.runs.run import Run
from catsdogs.text import printable
from catsdogs.ui.runs import origin, remarks
from catsdogs.ui.shared import cache, problems
from catsdogs.ui.shared.markdown import verbatim


def pick(runs: list[Run]) -> tuple[Run, Run]:
    """Return the two runs that the user chooses.

    The choice is in the address, so it can be bookmarked and shared.
    """
    ids = {run.run_id: run for run in sorted(runs, key=lambda run: not run.remarks.starred)}
    labels, chosen = remarks.labels(ids.values()), []
    for column, letter, default in zip(st.columns(2), LETTERS, _defaults(runs), strict=True):
        name, key = letter.lower(), f"compare_{letter.lower()}"
        wanted = st.session_state.get(key) or st.query_params.get(name)
        # Set in every script run: otherwise the browser keeps the old name of a renamed run.
        st.session_state[key] = wanted if wanted in ids else default.run_id
        with column.container(horizontal=True, vertical_alignment="bottom"):
            run_id = st.selectbox(
                f"Run {letter}",
                list(ids),
                format_func=lambda run_id: labels[run_id],
                key=key,
                persist_state="session",
            )
            remarks.show(ids[run_id], key=f"compare_remarks_{name}")
        with column:
            origin.show(ids[run_id])
        st.query_params[name] = run_id
        chosen.append(ids[run_id])
    return chosen[0], chosen[1]


def read(a: Run, b: Run) -> Pair | None:
    """Return the data that compares two runs; show why and return None when one is damaged."""
    with problems.shown():
        return cache.pair(a, b)
    return None


def verdict(pair: Pair) -> float:
    """Show whether the difference is real and whether it matters.

    Returns the margin: the difference in accuracy (0 to 1) that does not matter to the user.
    """
    answer, setting = st.columns([4, 1], vertical_alignment="top")
    points = setting.number_input(
        "Equivalent within (points)",
        min_value=0.1,
        max_value=20.0,
        value=100 * DEFAULT_MARGIN,
        step=0.1,
        format="%.1f",
        key="compare_margin",
        persist_state="session",
        help="How large a difference in accuracy would not matter to you.",
    )
    with answer:
        if pair.runs["A"].run_id == pair.runs["B"].run_id:
            st.info("This is one run twice. Choose another on one side.")
        _verdict(pair, points / 100)
    return points / 100


def _verdict(pair: Pair, margin: float) -> None:
    try:
        result = pair.compared(margin)
    except RunError as error:
        st.warning(verbatim(error))
        return
    box = st.success if result.is_significant else st.info
    said = [f"**{opening}** {detail}" for opening, detail in comparison_text.verdict(result)]
    box("\n\n".join(said), icon=":material/balance:")
    _without_suspects(pair, margin, is_significant=result.is_significant)
    for sentence in comparison_text.left_out(result):
        st.caption(sentence)


def _without_suspects(pair: Pair, margin: float, *, is_significant: bool) -> None:
    """Show the verdict without suspect labels, and warn when it differs."""
    without = pair.compared_without_suspects(margin)
    if without is None:
        return
    left_out, result = without
    sentence = comparison_text.without_suspects(result, left_out)
    if result.is_significant is is_significant:
        st.caption(sentence)
    else:
        st.warning(f"**The answer changes** without suspect labels. {sentence}")


def metrics(pair: Pair) -> None:
    """Show the metrics of both runs with their intervals, and the cost of the runs."""
    st.subheader("Figures", help=comparison_text.ABOUT_METRICS)
    st.caption(f"{comparison_text.OWN_METRICS}, with 95\u00a0% intervals.")
    st.dataframe(comparison_text.metric_table(pair.metrics), key="compare_figures")
    if len(pair.metrics) > len(pair.runs):
        st.caption(comparison_text.ABOUT_SUSPECTS)
    elif any(pair.roots.values()):
        st.caption(
            "After a health check on the Dataset page, each figure has a twin here without the "
            "images whose labels are suspect."
        )
    facts = {letter: comparison_text.facts(run) for letter, run in pair.runs.items()}
    st.dataframe(pd.DataFrame(facts).map(printable), key="compare_facts")


def curves(runs: Mapping[str, Run]) -> None:
    """Show the training curves of both runs in the same charts."""
    st.subheader("Training curves")
    views = {letter: run.view for letter, run in runs.items()}
    for column, metric in zip(st.columns(2), training_charts.METRICS, strict=True):
        column.plotly_chart(
            training_charts.compared_curves(views, metric),
            key=f"compare_curves_{metric}",
            config=CONFIG,
        )


def _defaults(runs: list[Run]) -> tuple[Run, Run]:
    """Return the newest run, and the newest of the others that suits it best.

    The user's own runs come before the reference runs, and runs with a model file before those
    without. A run measured on the same images suits best, above all one of another model.
    """
    first = max(runs, key=lambda run: (not run.is_reference, run.can_classify))

    def fits(run: Run) -> tuple[bool, bool, bool]:
        is_another = run.config.model != first.config.model
        return _split(run) == _split(first), is_another, run.can_classify

    return first, max((run for run in runs if run is not first), key=fits)


def _split(run: Run) -> tuple[str, int, float]:
    return run.about.dataset.fingerprint, run.config.seed, run.config.validation
