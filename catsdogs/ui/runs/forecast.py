"""How long a run will take, before it starts and while it runs.

Without an earlier run like it, the estimate rests on the speed of this machine. Measuring it takes
a second, so a page measures at its end, after it has shown everything else.
"""

from collections.abc import Mapping, Sequence

import streamlit as st
from msgspec import UNSET

from catsdogs.dataset.index import Dataset
from catsdogs.runs import machine_speed
from catsdogs.runs.config import RunConfig
from catsdogs.runs.estimate import Estimate, estimate
from catsdogs.runs.machine_speed import MachineSpeed
from catsdogs.runs.models import MODELS
from catsdogs.runs.pace import time_left
from catsdogs.runs.run import Run
from catsdogs.runs.view import RunView
from catsdogs.text import duration

_PHOTOS = 64
_EXPECTED = "expected_phases"  # by run id: an estimate reads earlier runs, so it is made once


def of(config: RunConfig, *, images: int, fingerprint: str, runs: Sequence[Run]) -> Estimate | None:
    """Return the estimate of a run, None while it needs a speed that was not measured yet."""
    speed = _speeds().get(fingerprint)
    measure = None if speed is None else lambda: speed
    return estimate(config, images=images, fingerprint=fingerprint, runs=runs, measure=measure)


def measure(dataset: Dataset) -> None:
    """Measure the machine on photos of ``dataset`` once, then rerun the page."""
    fingerprint = dataset.fingerprint()
    if fingerprint in _speeds():
        return
    paths = dataset.usable["path"].tolist()
    some = paths[:: max(1, len(paths) // _PHOTOS)]
    side = max(info.side for info in MODELS.values())
    _speeds()[fingerprint] = machine_speed.measured(dataset.root, some, side=side)
    st.rerun()


def text(found: Estimate) -> str:
    """Return the range in words: "20 to 40 s", "1 to 3 min", "about 2 min"."""
    low, high = duration(found.low_s), duration(found.high_s)
    if high.endswith("min") and low.endswith("s"):
        low = f"{max(1, round(found.low_s / 60))} min"
    if low == high:
        return f"about {high}"
    least, unit = low.rsplit(" ", 1)
    is_shared = high.split(" ")[1:] == [unit]
    return f"{least if is_shared else low} to {high}"


def left(run: Run, view: RunView, runs: Sequence[Run]) -> str:
    """Return " · about 2 min left" for the whole of an active run; "" when it is not known."""
    seconds = time_left(view, run.config, expected=_expected(run, runs))
    return "" if seconds is None else f" · about {duration(seconds)} left"


def _expected(run: Run, runs: Sequence[Run]) -> Mapping[str, float] | None:
    """Return the seconds of each phase, as they were estimated when the run was first seen."""
    known: dict[str, Mapping[str, float]] = st.session_state.setdefault(_EXPECTED, {})
    images = run.about.dataset.images
    if run.run_id not in known and images is not UNSET:
        found = of(run.config, images=images, fingerprint=run.about.dataset.fingerprint, runs=runs)
        if found:  # Otherwise the machine is still being measured.
            known[run.run_id] = found.phases
    return known.get(run.run_id)


# For the life of the server: it is the same machine. By the fingerprint of the dataset, because
# large photos take longer to decode.
@st.cache_resource(max_entries=1, show_spinner=False)
def _speeds() -> dict[str, MachineSpeed]:
    return {}
