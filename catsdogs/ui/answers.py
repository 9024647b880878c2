"""What each model says of each dropped image: label, probability, heat map, latency."""

import pandas as pd
import streamlit as st
from PIL import Image
from streamlit.runtime.uploaded_file_manager import UploadedFile

from catsdogs.data import images
from catsdogs.errors import RunError, UnreadableImage
from catsdogs.inference.heatmap import overlay
from catsdogs.inference.predictor import Answer
from catsdogs.runs.store import Run, latest_usable
from catsdogs.text import literal, printable
from catsdogs.ui import cache

_SHOWN_PX = 480
_PER_PAGE = 10

# A file's outcome: P(dog) and the rest by run id, or why it could not be read.
Outcome = dict[str, Answer] | UnreadableImage


def pick(usable: list[Run]) -> list[Run]:
    """Let the user choose the runs that answer; at first the latest of each model and recipe."""
    ids = {run.run_id: run for run in usable}
    chosen = st.multiselect(
        "Models",
        list(ids),
        default=[run.run_id for run in latest_usable()],
        format_func=lambda run_id: printable(ids[run_id].title),
        key="classify_runs",
    )
    return [ids[run_id] for run_id in chosen]


def show(uploads: list[UploadedFile], runs: list[Run]) -> None:
    """Answer for all uploads; show a table of several, and a page of them in detail."""
    runs = _loadable(runs)
    if not runs:
        return
    outcomes = [(upload, _outcome(upload, runs)) for upload in uploads]
    if len(uploads) > 1:
        _table(outcomes, runs)
    opacity = st.slider(
        "Heat map",
        0.0,
        1.0,
        0.65,
        0.05,
        key="classify_opacity",
        help="Tints the regions that made the model say what it says.",
    )
    pages = -(-len(outcomes) // _PER_PAGE)
    page = (
        1 if pages == 1 else st.number_input(f"Page, 1 to {pages}", 1, pages, key="classify_page")
    )
    for upload, outcome in outcomes[(page - 1) * _PER_PAGE : page * _PER_PAGE]:
        with st.container(border=True):
            st.markdown(f"**{literal(upload.name)}**")
            if isinstance(outcome, UnreadableImage):
                st.error(literal(str(outcome)), icon=":material/broken_image:")
            else:
                _card(upload, outcome, runs, opacity)


def _loadable(runs: list[Run]) -> list[Run]:
    """Return the runs whose model loads, and say what is wrong with the others."""
    loadable = []
    for run in runs:
        try:
            cache.predictor(run)
            loadable.append(run)
        except (RunError, OSError) as error:
            st.error(literal(f"{run.title}: {error}"))
    return loadable


def _outcome(upload: UploadedFile, runs: list[Run]) -> Outcome:
    """Return the answers, computed once for each file and run of this session."""
    known = st.session_state.setdefault("classify_answers", {})
    try:
        for run in runs:
            key = (upload.file_id, run.run_id)
            if key not in known:
                known[key] = cache.predictor(run).classify(upload.getvalue())
    except UnreadableImage as error:
        return error
    return {run.run_id: known[upload.file_id, run.run_id] for run in runs}


def _table(outcomes: list[tuple[UploadedFile, Outcome]], runs: list[Run]) -> None:
    rows, names = [], _short_names(runs)
    for upload, outcome in outcomes:
        row: dict[str, object] = {"File": printable(upload.name)}
        for run, name in names.items():
            answer = None if isinstance(outcome, UnreadableImage) else outcome[run]
            row[name] = answer.label if answer else "unreadable"
            row[f"{name}: P(dog)"] = answer.p_dog if answer else None
        rows.append(row)
    probability = st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="%.3f")
    st.dataframe(
        pd.DataFrame(rows),
        column_config={f"{name}: P(dog)": probability for name in names.values()},
        hide_index=True,
        key="classify_table",
    )


def _short_names(runs: list[Run]) -> dict[str, str]:
    """Return a column name by run id: the model alone where that tells the runs apart."""
    models = [run.name for run in runs]
    return {
        run.run_id: printable(run.name if models.count(run.name) == 1 else run.title)
        for run in runs
    }


def _card(
    upload: UploadedFile, outcome: dict[str, Answer], runs: list[Run], opacity: float
) -> None:
    photo = images.load_upright(upload.getvalue(), at_least_px=_SHOWN_PX)
    photo.thumbnail((_SHOWN_PX, _SHOWN_PX), Image.Resampling.BILINEAR)
    if len({answer.label for answer in outcome.values()}) > 1:
        st.warning("The models disagree.", icon=":material/compare_arrows:")
    columns = st.columns(len(runs) + 1)
    columns[0].image(photo, caption="The photo, upright")
    for column, run in zip(columns[1:], runs, strict=True):
        answer = outcome[run.run_id]
        confidence = max(answer.p_dog, 1 - answer.p_dog)
        with column:
            st.image(overlay(photo, answer.heatmap, label=answer.label, opacity=opacity))
            st.markdown(f"### {answer.label.capitalize()}")
            st.progress(confidence, f"{confidence:.1%} sure")
            st.caption(
                f"{literal(run.title)}, trained on {literal(run.about['dataset']['name'])} · "
                f"P(dog) {answer.p_dog:.4f} · {answer.latency_ms:.1f} ms"
            )
