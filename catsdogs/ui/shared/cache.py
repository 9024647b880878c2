"""Everything the app keeps between reruns, each with its reason and a key that follows the file."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from catsdogs.dataset import index
from catsdogs.health import findings
from catsdogs.health.snapshot import Snapshot, Watch
from catsdogs.inference.panel import Panel, judge
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import layout
from catsdogs.runs.model_files import place
from catsdogs.runs.run import Run
from catsdogs.sources import opening
from catsdogs.ui.shared import leaving

if TYPE_CHECKING:
    from catsdogs.comparison.pair import Pair


def snapshot(root: Path) -> Snapshot:
    """Return what is known of the dataset in ``root``, at most a minute behind its files.

    Raises:
        DatasetError: when the folder is not there.
    """
    # Bytes, because Streamlit cannot hash a path that is not UTF-8.
    return _watch(os.fsencode(root)).snapshot()


def note_tab() -> None:
    """Note that there is this tab, so that it is forgotten when it is closed."""
    if context := get_script_run_ctx():
        _tab(context.session_id)


def forget_datasets() -> None:
    """Make the next ``look`` read the disk again."""
    _watch.clear()


def predictor(run: Run) -> Predictor:
    """Return the run's predictor; one serves all sessions."""
    return _predictor(run, place(run, layout.LITERT_MODEL).stat().st_mtime_ns)


def panel(runs: list[Run], usable: list[Run]) -> Panel:
    """Return ``runs`` ready to answer together, with the judges among ``usable`` that they need.

    Raises:
        RunError, OSError: when a file of one of them is missing or damaged.
    """
    judges = (judge(run, usable) for run in runs)
    files = [place(run, layout.LITERT_MODEL) for run in (*runs, *judges) if run]
    return _panel([(str(file), file.stat().st_mtime_ns) for file in files], runs, usable)


def pair(a: Run, b: Run) -> "Pair":
    """Return what is known to compare two runs by, as their files and their datasets' checks are.

    Raises:
        RunError: when the predictions of a run are missing or damaged.
    """
    files = [place(run, layout.PREDICTIONS) for run in (a, b)]
    for run in (a, b):
        if root := opening.opened(Path(run.config.data)):
            files += [index.table_file(root), findings.summary_file(root)]
    found = _pair(a, b, [file.stat().st_mtime_ns if file.exists() else 0 for file in files])
    return found.of_runs(a, b)


# Streamlit calls nothing else when a tab is closed.
@st.cache_resource(scope="session", on_release=leaving.tab_closed, show_spinner=False)
def _tab(session_id: str) -> str:
    return session_id


# Reading 25,000 files takes seconds; the watch itself follows what changes afterwards.
@st.cache_resource(max_entries=2, show_spinner="Reading the dataset …")
def _watch(root: bytes) -> Watch:
    return Watch(Path(os.fsdecode(root)))


# The bootstrapped intervals take seconds.
@st.cache_resource(
    max_entries=8,
    show_spinner="Computing the intervals …",
    hash_funcs={Run: lambda run: run.run_id},
)
def _pair(a: Run, b: Run, written_at: list[int]) -> "Pair":
    # Here, because SciPy's statistics take a second to import, which other pages do without.
    from catsdogs.comparison.pair import Pair

    found = Pair.read(a, b)
    _ = found.figures  # Kept with the pair.
    return found


# Loading takes a tenth of a second; each takes 20 to 45 MB, which is why only four stay.
@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs={Run: lambda run: run.run_id})
def _predictor(run: Run, mtime_ns: int) -> Predictor:
    return Predictor(run)


# Keeps the models of the panel that was asked last in memory, even where they are more than four.
@st.cache_resource(max_entries=1, show_spinner="Loading the models …")
def _panel(files: list[tuple[str, int]], _runs: list[Run], _usable: list[Run]) -> Panel:
    return Panel(_runs, _usable, predictor)
