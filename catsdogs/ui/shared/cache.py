"""All caches of the app, each with the reason for it and a key that follows its files."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from catsdogs.comparison import locating
from catsdogs.comparison.own_answers import OwnAnswers
from catsdogs.comparison.pair import Pair
from catsdogs.comparison.several import Several
from catsdogs.dataset import annotations, corrections, index, labelling, rescan, table_sides
from catsdogs.errors import DatasetError
from catsdogs.features import embeddings
from catsdogs.features.litert import LiteRTModel
from catsdogs.health import findings, named_slices
from catsdogs.health.snapshot import VALIDATION, Snapshot, Watch
from catsdogs.inference import latency
from catsdogs.inference.latency import Latency
from catsdogs.inference.panel import Panel, judge
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import layout
from catsdogs.runs.model_files import intact, place
from catsdogs.runs.run import Run
from catsdogs.suggestions import suggested
from catsdogs.suggestions.suggested import Suggestions
from catsdogs.system import allocator
from catsdogs.ui.shared import class_counts


def snapshot(root: Path) -> Snapshot:
    """Return the snapshot of the dataset in ``root``, at most a minute behind its files.

    Raises:
        DatasetError: when the folder does not exist.
    """
    # Bytes, because Streamlit cannot hash a path that is not UTF-8.
    return _watch(os.fsencode(root)).snapshot()


def suggestions(root: Path) -> Suggestions | None:
    """Return the suggested labels for the dataset in ``root``; None if there are none."""
    file = suggested.summary_file(root)
    return _suggestions(os.fsencode(root), file.stat().st_mtime_ns if file.exists() else 0)


@dataclass(frozen=True)
class Overview:
    """The current dataset at a glance. ``counts`` are those of its classes, as Markdown.

    ``photo`` is the path and digest of one of its photos.

    It is clean when a health check left no suspect label without a decision.
    """

    counts: str
    fingerprint: str
    photo: tuple[str, str] | None
    is_checked: bool
    is_clean: bool


def overview(root: Path) -> Overview | None:
    """Return the dataset in ``root`` at a glance, as it was scanned last; None without a scan."""
    sources = *_of_dataset(root), findings.summary_file(root)
    changed_at = [file.stat().st_mtime_ns if file.exists() else 0 for file in sources]
    return _overview(os.fsencode(root), changed_at)


def validation_photos(root: Path, each: int) -> list[tuple[str, str]]:
    """Return paths and digests of ``each`` photos of both classes from the validation side.

    It is the side of a run with the default settings, as the folder was scanned last; empty if it
    was not, or is too small. The classes are mixed, and the choice stays the same.
    """
    changed_at = [file.stat().st_mtime_ns if file.exists() else 0 for file in _of_dataset(root)]
    return _validation_photos(os.fsencode(root), each, changed_at)


def _of_dataset(root: Path) -> tuple[Path, ...]:
    """Return the files that decide which label and which side each photo of a dataset has."""
    decided = annotations.log_file(root), labelling.file(root), table_sides.file(root)
    return index.table_file(root), corrections.switch(root), *decided


def prepare(root: Path) -> None:
    """Compute what each page shows of the dataset in ``root``."""
    allocator.return_large_blocks()
    with suppress(DatasetError):
        overview(root)
        found = snapshot(root)
        _ = found.flags, found.mixed, found.queues


def forget_datasets() -> None:
    """Make the next ``snapshot`` read the disk again."""
    _watch.clear()


@dataclass(frozen=True)
class Backbone:
    """MobileNetV2's base, which turns photos into vectors, and its file."""

    file: Path
    model: LiteRTModel


def backbone() -> Backbone:
    """Return MobileNetV2's base.

    Raises:
        WeightsUnavailable: if its weights are missing and cannot be downloaded.
    """
    return _backbone()


def forget_backbone() -> None:
    """Make the next ``backbone`` look for its weights again."""
    _backbone.clear()


def predictor(run: Run) -> Predictor:
    """Return the run's predictor, which all sessions share."""
    return _predictor(run, place(run, layout.LITERT_MODEL).stat().st_mtime_ns)


def panel(runs: list[Run], usable: list[Run]) -> Panel:
    """Return a panel of ``runs`` with their models loaded, and the judges that they need.

    A judge is the run among ``usable`` that detects pictures of neither cats nor dogs.

    Raises:
        RunError, OSError: when a file of a run is missing or damaged.
    """
    judges = (judge(run, usable) for run in runs)
    files = [place(run, layout.LITERT_MODEL) for run in (*runs, *judges) if run]
    return _panel([(str(file), file.stat().st_mtime_ns) for file in files], runs, usable)


def latencies(runs: list[Run]) -> dict[str, Latency]:
    """Return the latency of each run that has a model, by id, measured for all together.

    Raises:
        RunError: when a model is missing or damaged.
    """
    able = [run for run in runs if run.can_classify]
    files = [place(run, layout.LITERT_MODEL) for run in able]
    written_at = [file.stat().st_mtime_ns if file.exists() else 0 for file in files]
    return _latencies([str(file) for file in files], written_at, able)


def pair(a: Run, b: Run) -> Pair:
    """Return the data that compares two runs, up to date with the files of runs and datasets.

    Raises:
        RunError: when the predictions of a run are missing or damaged.
    """
    return _pair(a, b, *_of_runs([a, b])).of_runs(a, b)


def own_answers(run: Run) -> OwnAnswers:
    """Return a run's answers on its validation images, up to date with its files.

    Raises:
        RunError: when its predictions are missing or damaged.
    """
    return _own_answers(run, *_of_runs([run]))


def several(runs: list[Run]) -> Several:
    """Return what compares three to six runs, up to date with their files.

    Raises:
        ConfigError: for fewer or more runs.
        RunError: when predictions are missing or damaged, or when the runs share no photo.
    """
    return _several(runs, *_of_runs(runs))


def _of_runs(runs: list[Run]) -> tuple[list[bytes], list[int]]:
    """Return the folders of the runs' datasets, and when the files behind a comparison changed."""
    files = [place(run, layout.PREDICTIONS) for run in runs]
    roots = [locating.root_of(run) for run in runs]
    for root in filter(None, roots):
        files += [index.table_file(root), findings.summary_file(root), named_slices.file(root)]
    written_at = [file.stat().st_mtime_ns if file.exists() else 0 for file in files]
    return [os.fsencode(root) if root else b"" for root in roots], written_at


# Reading 25,000 files takes seconds; the watch itself follows later changes.
@st.cache_resource(max_entries=2, show_spinner="Reading the dataset …")
def _watch(root: bytes) -> Watch:
    return Watch(Path(os.fsdecode(root)))


# An answer in the queue draws its page again: reading 12,000 suggestions takes as long as that.
@st.cache_resource(max_entries=2, show_spinner=False)
def _suggestions(root: bytes, written_at: int) -> Suggestions | None:
    return suggested.load(Path(os.fsdecode(root)))


# The sidebar of every page shows it.
@st.cache_resource(max_entries=4, show_spinner=False)
def _overview(root: bytes, changed_at: list[int]) -> Overview | None:
    found = _known(root)
    if found is None:
        return None
    usable = found.dataset.usable
    photos = zip(usable["path"][:1], usable["digest"][:1], strict=True)
    is_doubtful = found.table["label_quality"] < 0.5
    return Overview(
        class_counts.of(usable["label"], found.dataset.classes),
        found.dataset.fingerprint(),
        next(photos, None),
        is_checked=found.findings is not None,
        is_clean=found.findings is not None and bool(found.table["reviewed"][is_doubtful].all()),
    )


def _known(root: bytes) -> Snapshot | None:
    """Return a dataset as it was scanned last, without reading its folder; None if it was not.

    A second copy of a large dataset would take hundreds of megabytes, and ``snapshot`` begins with
    the last scan of a large one, too.
    """
    folder = Path(os.fsdecode(root))
    if index.last_scan_size(folder) >= rescan.MANY:
        with suppress(DatasetError):
            return _watch(root).snapshot()
    dataset = index.last_scan(folder)
    found = findings.load(folder)
    return None if dataset is None else Snapshot(dataset, found, is_current=False)


# Home shows them at every visit, and splitting 25,000 photos takes a while.
@st.cache_resource(max_entries=4, show_spinner=False)
def _validation_photos(root: bytes, each: int, changed_at: list[int]) -> list[tuple[str, str]]:
    found = _known(root)
    if found is None:
        return []
    is_there = (found.sides == VALIDATION).to_numpy()
    rows = found.mixed[is_there[found.mixed]]
    photos = found.table[["path", "digest", "label"]].iloc[rows].groupby("label").head(each)
    return list(zip(photos["path"], photos["digest"], strict=True))


# The bootstrap intervals take seconds.
@st.cache_resource(
    max_entries=8,
    show_spinner="Computing the intervals …",
    hash_funcs={Run: lambda run: run.run_id},
)
def _pair(a: Run, b: Run, roots: list[bytes], written_at: list[int]) -> Pair:
    found = Pair.read(a, b)
    _ = found.metrics  # Computed now, cached with the pair.
    return found


# Its metrics, once somebody asks for them, take a second.
@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Run: lambda run: run.run_id})
def _own_answers(run: Run, roots: list[bytes], written_at: list[int]) -> OwnAnswers:
    return OwnAnswers.read(run)


# Reading six tables of answers takes 0.1 s.
@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs={Run: lambda run: run.run_id})
def _several(runs: list[Run], roots: list[bytes], written_at: list[int]) -> Several:
    return Several.read(runs)


# Exporting it takes seconds, once.
@st.cache_resource(max_entries=1, show_spinner="Preparing MobileNetV2 …")
def _backbone() -> Backbone:
    file = embeddings.exported_backbone()
    return Backbone(file, LiteRTModel(file))


# Loading takes 0.1 s. Only four stay, because each takes 20 to 45 MB.
@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs={Run: lambda run: run.run_id})
def _predictor(run: Run, mtime_ns: int) -> Predictor:
    return Predictor(run)


# Measuring two models takes two seconds, and more on a busy machine.
@st.cache_resource(max_entries=16, show_spinner="Measuring the forward passes …")
def _latencies(files: list[str], written_at: list[int], _runs: list[Run]) -> dict[str, Latency]:
    models = {run.run_id: LiteRTModel(intact(run, layout.LITERT_MODEL)) for run in _runs}
    return latency.measured(models)


# Keeps all models of the latest panel in memory, even if there are more than four.
@st.cache_resource(max_entries=1, show_spinner="Loading the models …")
def _panel(files: list[tuple[str, int]], _runs: list[Run], _usable: list[Run]) -> Panel:
    return Panel(_runs, _usable, predictor)
