"""The kinds of photos on which a run is weaker: in words, in a table, in charts; their photos."""

import streamlit as st

from catsdogs.charts import evaluation as evaluation_charts
from catsdogs.charts.style import CONFIG, run_colour
from catsdogs.comparison.own_answers import OwnAnswers
from catsdogs.evaluation.slices import ALL, SMALL, title
from catsdogs.health import named_slices
from catsdogs.reports import comparison_text, slice_text
from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.runs import answered_photos, cluster_tiles
from catsdogs.ui.shared import cache, problems, run_chips

_TABLE, _CHOSEN, _PHOTOS = "run_weakest", "run_slice", "run_slice_photos"


def show(run: Run) -> None:
    """Show where the run is weaker; a click on a row shows its photos."""
    answers = cache.own_answers(run)
    if root := answers.located.root:
        with problems.shown():
            named_slices.read(root)
    if not answers.measured:
        st.caption(
            "The sizes of these photos are unknown: their dataset is not on this machine, or was "
            "not read yet."
        )
        return
    st.markdown(slice_text.sentence(literal(run_chips.name(run)), answers.weakest))
    _table(answers)
    _chart(run, answers)
    _photos(run, answers)


def _table(answers: OwnAnswers) -> None:
    found = {comparison_text.ACCURACY: answers.weakest}
    if not (ranked := slice_text.ranked(found)):
        return
    st.caption("Choose a row to see its photos.", help=slice_text.ABOUT)

    def open_row() -> None:
        for row in st.session_state[_TABLE].selection.rows:
            _choose(title(*ranked[row]))

    st.dataframe(
        slice_text.table(found).map(printable),
        hide_index=True,
        key=_TABLE,
        height=250,
        on_select=open_row,
        selection_mode="single-row",
        alt="Accuracy and p of the run for each kind of photos",
    )


def _choose(name: str) -> None:
    st.session_state[_CHOSEN] = name
    answered_photos.forget(_PHOTOS)


def _chart(run: Run, answers: OwnAnswers) -> None:
    kind = st.segmented_control(
        "Group by",
        answers.measured,
        default=answers.measured[0],
        required=True,
        format_func=lambda name: ALL[name].title,
        key="run_slices",
    )
    name = run_chips.name(run)
    if kind == "cluster":
        cluster_tiles.show(
            answers.located.root,
            {name: answers.slices(kind)},
            key="run_clusters",
            on_choose=lambda of: _choose(title("cluster", of)),
        )
    figure = evaluation_charts.slices(
        ALL[kind], {name: answers.slices(kind)}, {name: run_colour(run)}
    )
    alt = printable(f"Accuracy of {name} by {ALL[kind].title.lower()}")
    st.plotly_chart(figure, key="run_slices_chart", config=CONFIG, alt=alt)
    st.caption(f"Groups of fewer than {SMALL} photos are faint: they say little.")


def _photos(run: Run, answers: OwnAnswers) -> None:
    """Show the photos of a slice; a list offers all of them, for the keyboard too."""
    found = {
        title(kind, part.name): (kind, part)
        for kind in answers.measured
        for part in answers.slices(kind)
        if part.images
    }
    if st.session_state.get(_CHOSEN) not in found:
        st.session_state[_CHOSEN] = None
    chosen = st.selectbox(
        "Photos of",
        list(found),
        format_func=lambda name: f"{name} · {found[name][1].images:,}",
        key=_CHOSEN,
        placeholder="Choose a kind of photos",
        on_change=lambda: answered_photos.forget(_PHOTOS),
        width=320,
    )
    if chosen is not None:
        kind, part = found[chosen]
        rows = answers.of_slice(kind, part.name)
        answered_photos.show(run, answers.located, rows, key=_PHOTOS, reveal=chosen)
