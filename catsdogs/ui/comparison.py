"""Two runs side by side: the choice, the paired verdict, figures, matrices, reports, curves."""

import pandas as pd
import streamlit as st

from catsdogs import figures
from catsdogs.errors import RunError
from catsdogs.evaluation.comparison import DEFAULT_MARGIN, Comparison, compare
from catsdogs.runs import store
from catsdogs.runs.store import Run
from catsdogs.ui import compared_runs
from catsdogs.ui.text import literal


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
    """Say whether the difference is real, and whether it is small enough not to matter."""
    if a.run_id == b.run_id:
        st.info("This is one run twice. Choose another on one side.")
        return
    told, setting = st.columns([4, 1], vertical_alignment="top")
    margin = setting.number_input(
        "Equivalent within (points)",
        *(0.1, 20.0, 100 * DEFAULT_MARGIN, 0.1),
        format="%.1f",
        key="compare_margin",
        help="How large a difference in accuracy would not matter to you.",
    )
    with told:
        try:
            _say(_compared(a, b, margin / 100, *map(_written_at, (a, b))))
        except RunError as error:
            st.warning(literal(str(error)))


def _say(result: Comparison) -> None:
    box = st.success if result.is_significant else st.info
    box("\n\n".join([_difference(result), _equivalence(result)]), icon=":material/balance:")
    if left_out := _left_out(result):
        st.caption(left_out)


# The bootstrap takes a third of a second.
@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={Run: lambda run: run.run_id})
def _compared(a: Run, b: Run, margin: float, *written_at: int) -> Comparison:
    return compare(store.read_predictions(a), store.read_predictions(b), margin=margin)


def _written_at(run: Run) -> int:
    path = run.folder / store.PREDICTIONS
    return path.stat().st_mtime_ns if path.exists() else 0


def facts(pair: tuple[Run, Run]) -> None:
    """Show both runs' figures in one table."""
    columns = {
        f"{letter}: {run.config.title}": _facts(run) for letter, run in zip("AB", pair, strict=True)
    }
    st.table(pd.DataFrame(columns))


def curves(pair: tuple[Run, Run]) -> None:
    """Overlay both runs' curves."""
    st.subheader("Training curves")
    views = {letter: run.view for letter, run in zip("AB", pair, strict=True)}
    for column, metric in zip(st.columns(2), figures.METRICS, strict=True):
        column.plotly_chart(figures.compared_curves(views, metric), key=f"compare_curves_{metric}")


def _difference(result: Comparison) -> str:
    gap = result.difference
    better = "A" if gap.value > 0 else "B"
    flips = f"A alone is right on {result.a_right_b_wrong:,}, B alone on {result.b_right_a_wrong:,}"
    if result.is_significant:
        opening = f"**{better} is better**, and chance is a poor explanation."
    else:
        opening = "**Not enough evidence of a difference**: chance may explain it."
    return (
        f"{opening} On the {result.images:,} validation images that both share, accuracy A − B is "
        f"{_points(gap.value)} points (95\u00a0% interval {_points(gap.low)} to "
        f"{_points(gap.high)}). {flips} (exact McNemar test, p = {result.mcnemar_p:.2g})."
    )


def _equivalence(result: Comparison) -> str:
    found = result.equivalence
    margin, p = f"{found.margin * 100:g} points", f"two one-sided tests, p = {found.p:.2g}"
    if found.shown:
        return f"They are **equivalent within {margin}**: a larger difference is ruled out ({p})."
    return f"They are **not shown to be equivalent** within {margin} ({p})."


def _left_out(result: Comparison) -> str:
    """Say which images do not count, and why that is fair."""
    said = []
    for letter, count in (("A", result.only_in_a), ("B", result.only_in_b)):
        if count:
            said.append(
                f"{count:,} validation images of {letter} are not the other run's, which may have "
                "been trained on them: they do not count."
            )
    if result.relabelled:
        said.append(
            f"{result.relabelled:,} images were labelled differently when the two runs began, and "
            "do not count."
        )
    return " ".join(said)


def _points(share: float) -> str:
    return f"{share * 100:+.2f}".replace("-", "−")


def _facts(run: Run) -> dict[str, str]:
    result = run.result
    right = compared_runs.accuracy(run)
    return {
        "Validation accuracy": f"{right.value:.2%}",
        "95\u00a0% interval": f"{right.low:.2%} to {right.high:.2%}",
        "Validation loss": f"{result['val_loss']:.4f}",
        "Validation images": f"{result['val_images']:,}",
        "Training images": f"{result['train_images']:,}",
        "Dataset": literal(run.about["dataset"]["name"]),
        "Parameters": f"{result['parameters']:,}",
        "Model file": f"{result['model_bytes'] / 1e6:.1f} MB",
        "Forward pass": f"{result['latency_ms']:.1f} ms an image",
        "Training took": f"{result['seconds']['total']:.0f} s",
    }
