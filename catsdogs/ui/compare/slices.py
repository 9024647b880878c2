"""Where a run is weaker: in words, in a table that opens the photos, and in a chart."""

import streamlit as st

from catsdogs.charts import evaluation as evaluation_charts
from catsdogs.charts.style import CONFIG, run_colour
from catsdogs.comparison.disagreements import OfSlice
from catsdogs.comparison.pair import Pair
from catsdogs.evaluation.slices import ALL, KINDS, SMALL
from catsdogs.health import named_slices
from catsdogs.reports import slice_text
from catsdogs.text import literal, printable
from catsdogs.ui.compare import chosen
from catsdogs.ui.runs import cluster_tiles
from catsdogs.ui.shared import problems

_TABLE, _CHART, _KIND = "compare_weakest", "compare_slice", "compare_slices"


def show(pair: Pair, threshold: float) -> None:
    """Show where each run is weaker; a click on a row or a point shows its photos."""
    for root in pair.known_roots:
        with problems.shown():
            named_slices.read(root)
    if not pair.measured:
        st.caption(
            "The sizes of these photos are unknown: their dataset is not on this machine, or was "
            "not read yet."
        )
        return
    _weakest(pair, threshold)
    _by_kind(pair, threshold)


def _weakest(pair: Pair, threshold: float) -> None:
    found = pair.named(pair.weakest(threshold))
    for name, of_run in found.items():
        st.markdown(slice_text.sentence(literal(name), of_run))
    if not (ranked := slice_text.ranked(found)):
        return
    st.caption("Choose a row to see its photos.", help=slice_text.ABOUT)

    def open_row() -> None:
        for row in st.session_state[_TABLE].selection.rows:
            _open(*ranked[row])

    st.dataframe(
        slice_text.table(found).map(printable),
        hide_index=True,
        key=_TABLE,
        height=250,
        on_select="ignore" if pair.both.empty else open_row,
        selection_mode="single-row",
        alt="Accuracy and p of both runs for each kind of photos",
    )


def _by_kind(pair: Pair, threshold: float) -> None:
    kind = st.segmented_control(
        "Group by",
        pair.measured,
        default=pair.measured[0],
        required=True,
        format_func=lambda name: ALL[name].title,
        key=_KIND,
    )
    colours = {name: run_colour(run) for name, run in pair.named(pair.runs).items()}
    if kind == "cluster":
        cluster_tiles.show(
            pair.place[0],
            pair.named(pair.slices(kind, threshold)),
            key="compare_clusters",
            on_choose=lambda name: _open(kind, name),
        )
    figure = evaluation_charts.slices(ALL[kind], pair.named(pair.slices(kind, threshold)), colours)

    def open_point() -> None:
        for point in st.session_state[_CHART].selection.points:
            _open(kind, point["customdata"][0])

    st.plotly_chart(
        figure,
        key=_CHART,
        config=CONFIG,
        on_select="ignore" if pair.both.empty else open_point,
        selection_mode="points",
        alt=printable(f"Accuracy of both runs by {ALL[kind].title.lower()}"),
    )
    is_checked = {*KINDS, "cluster"} <= set(pair.measured)
    more = "" if is_checked else " A health check adds light, sharpness and similar photos."
    st.caption(f"Groups of fewer than {SMALL} photos are faint: they say little.{more}")


def _open(kind: str, name: str) -> None:
    chosen.choose(OfSlice(kind, name))
