"""Two runs side by side: the choice, the paired verdict, figures with intervals, curves."""

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
from catsdogs.ui.shared import cache
from catsdogs.ui.shared.told import told


def pick(runs: list[Run]) -> tuple[Run, Run]:
    """Let the user choose two runs; the choice is in the URL, so it can be sent and reloaded."""
    ids = {run.run_id: run for run in sorted(runs, key=lambda run: not run.remarks.starred)}
    labels, chosen = remarks.labels(ids.values()), []
    for column, letter, default in zip(st.columns(2), LETTERS, _defaults(runs), strict=True):
        name, key = letter.lower(), f"compare_{letter.lower()}"
        wanted = st.session_state.get(key) or st.query_params.get(name)
        # Set at each run, because only so does a run's new name reach the browser.
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
    """Return what is known of two runs; None, and say why, when one cannot be read."""
    try:
        return cache.pair(a, b)
    except RunError as error:
        st.error(told(error))
        return None


def verdict(pair: Pair) -> float:
    """Say whether the difference is real, and whether it matters; return the margin it may have."""
    told, setting = st.columns([4, 1], vertical_alignment="top")
    points = setting.number_input(
        "Equivalent within (points)",
        *(0.1, 20.0, 100 * DEFAULT_MARGIN, 0.1),
        format="%.1f",
        key="compare_margin",
        persist_state="session",
        help="How large a difference in accuracy would not matter to you.",
    )
    with told:
        if pair.runs["A"].run_id == pair.runs["B"].run_id:
            st.info("This is one run twice. Choose another on one side.")
        _say(pair, points / 100)
    return points / 100


def _say(pair: Pair, margin: float) -> None:
    try:
        result = pair.compared(margin)
    except RunError as error:
        st.warning(told(error))
        return
    box = st.success if result.is_significant else st.info
    said = [f"**{opening}** {detail}" for opening, detail in comparison_text.verdict(result)]
    box("\n\n".join(said), icon=":material/balance:")
    if sound := pair.compared_without_suspects(margin):
        twin = comparison_text.without_suspects(sound[1], sound[0])
        if sound[1].is_significant is result.is_significant:
            st.caption(twin)
        else:
            st.warning(f"**The answer changes** without suspect labels. {twin}")
    for sentence in comparison_text.left_out(result):
        st.caption(sentence)


def figures(pair: Pair) -> None:
    """Show the figures of both runs with their intervals, and what the runs cost."""
    st.subheader("Figures", help=comparison_text.ABOUT_FIGURES)
    st.caption(f"{comparison_text.OWN_FIGURES}, with 95\u00a0% intervals.")
    st.dataframe(comparison_text.figures(pair.figures), key="compare_figures")
    if len(pair.figures) > len(pair.runs):
        st.caption(comparison_text.ABOUT_SUSPECTS)
    elif any(pair.roots.values()):
        st.caption(
            "After a health check on the Dataset page, each figure has a twin here without the "
            "images whose labels are suspect."
        )
    facts = {letter: comparison_text.facts(run) for letter, run in pair.runs.items()}
    st.dataframe(pd.DataFrame(facts).map(printable), key="compare_facts")


def curves(runs: Mapping[str, Run]) -> None:
    """Overlay both runs' curves."""
    st.subheader("Training curves")
    views = {letter: run.view for letter, run in runs.items()}
    for column, metric in zip(st.columns(2), training_charts.METRICS, strict=True):
        column.plotly_chart(
            training_charts.compared_curves(views, metric),
            key=f"compare_curves_{metric}",
            config=CONFIG,
        )


def _defaults(runs: list[Run]) -> tuple[Run, Run]:
    """Return the newest run and, of the others, the newest that it can best be compared with.

    Newest is first of all one's own, and then one that has its model. Best is another model,
    measured on the same images.
    """
    first = max(runs, key=lambda run: (not run.is_reference, run.can_classify))

    def fits(run: Run) -> tuple[bool, bool, bool]:
        is_another = run.config.model != first.config.model
        return _split(run) == _split(first), is_another, run.can_classify

    return first, max((run for run in runs if run is not first), key=fits)


def _split(run: Run) -> tuple[str, int, float]:
    return run.about.dataset.fingerprint, run.config.seed, run.config.validation
