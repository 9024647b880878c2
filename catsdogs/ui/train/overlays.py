"""Which runs the chart shows: the chosen run and those overlaid on it, each in its colour."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from catsdogs.charts import training as training_charts
from catsdogs.charts.style import run_colour
from catsdogs.runs.run import Run
from catsdogs.runs.view import RunView
from catsdogs.ui.shared import run_chips

MOST_OVERLAID = 4
_OVERLAID = "train_overlaid"  # run ids, in the order in which they were added
_SMOOTHING, _LOG_LOSS = "train_smoothing", "train_log_loss"
_USUAL_SMOOTHING = 0.9


@dataclass(frozen=True)
class Overlays:
    """The runs that are drawn over the chosen one."""

    runs: tuple[Run, ...]

    @property
    def is_full(self) -> bool:
        """Whether no further run can be overlaid."""
        return len(self.runs) >= MOST_OVERLAID

    def __contains__(self, run: Run) -> bool:
        """Whether ``run`` is overlaid."""
        return any(other.run_id == run.run_id for other in self.runs)


def of(run: Run, runs: Sequence[Run]) -> Overlays:
    """Return the runs that are overlaid on ``run``; a deleted run is left out."""
    others = {other.run_id: other for other in runs if other.run_id != run.run_id}
    chosen = st.session_state.get(_OVERLAID, [])
    return Overlays(tuple(others[run_id] for run_id in chosen if run_id in others))


def toggle(run: Run) -> None:
    """Overlay ``run``, or remove it from the chart."""
    chosen: list[str] = st.session_state.setdefault(_OVERLAID, [])
    if run.run_id in chosen:
        chosen.remove(run.run_id)
    else:
        chosen.append(run.run_id)


def options() -> None:
    """Draw the popover that sets how the curves are drawn."""
    with st.popover("Chart settings", icon=":material/tune:", type="tertiary", key="train_chart"):
        st.slider(
            "Smoothing",
            min_value=0.0,
            max_value=0.99,
            value=_USUAL_SMOOTHING,
            key=_SMOOTHING,
            persist_state="session",
            help="How much of the earlier batches a point of the training line keeps.",
        )
        st.toggle("Logarithmic loss", key=_LOG_LOSS, persist_state="session")


def chart(run: Run, view: RunView, overlays: Overlays) -> go.Figure | None:
    """Return the chart of ``run``, which is at ``view``; None before its first batch."""
    if not view.batches:
        return None
    drawn = [run, *overlays.runs]
    views = (view, *(other.view for other in overlays.runs))
    return training_charts.training_curves(
        dict(zip(run_chips.names(drawn).values(), views, strict=True)),
        [run_colour(one) for one in drawn],
        smoothing=st.session_state.get(_SMOOTHING, _USUAL_SMOOTHING),
        log_loss=st.session_state.get(_LOG_LOSS, False),
    )


def legend(run: Run, view: RunView, overlays: Overlays) -> None:
    """Name the lines below the chart; with overlaid runs, also their colours."""
    drawn = (run, *overlays.runs) if overlays.runs else ()
    training = "dotted: training photos" if drawn else "grey: training photos"
    star = "" if view.best_epoch is None else "★: best epoch, which is kept"
    lines = " · ".join(filter(None, ["thick line: validation photos", training, star]))
    st.caption("\u2003".join([*map(run_chips.chip, drawn), lines]))
