"""Preparing a run's downloads: every format made, measured and timed.

``python -m catsdogs.exports.preparing FOLDER`` is the same as a task, whose subject is a run's id.
"""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from catsdogs.background import tasks
from catsdogs.errors import Cancelled, CatsDogsError
from catsdogs.exports import downloads, making, measuring
from catsdogs.exports.downloads import Download, Prepared, Quality
from catsdogs.exports.formats import FORMATS, Format
from catsdogs.exports.package import SUFFIX, write_package
from catsdogs.inference import latency
from catsdogs.inference.latency import Latency, Model
from catsdogs.runs import layout, store
from catsdogs.runs.run import Run
from catsdogs.system import files
from catsdogs.system.locks import exclusive
from catsdogs.webpage.page import page

KIND = tasks.Kind("export", "catsdogs.exports.preparing")
_WAIT, _MEASURE, _TIME = "wait", "measure", "time"
PHASES = {
    _WAIT: "Waiting for the downloads of another run …",
    **{name: f"Making the file: {form.title}" for name, form in FORMATS.items()},
    _MEASURE: "Measuring on the validation photos",
    _TIME: "Timing all formats, one after the other …",
}
_POLL_S = 0.2


@dataclass
class _Made:
    """The files in ``bare``, their packages in ``folder``, and the models to measure, by format.

    ``problems`` holds the reasons for formats that could not be made, ``stated`` the figures of
    those that this process cannot run.
    """

    bare: Path
    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    packages: dict[str, Path] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    stated: dict[str, Quality] = field(default_factory=dict)


def prepare(run: Run, report: tasks.Report, watch: Callable[[], None]) -> Prepared:
    """Make all formats of ``run`` that this machine can write, measure and keep them.

    A format that fails is an entry with its reason. ``watch`` is called often, and may raise to end
    the work; earlier files then stay.

    Raises:
        OSError: if the files cannot be kept.
    """
    with _alone(report, watch), TemporaryDirectory() as bare, _new_folder(run) as folder:
        made = _Made(Path(bare), folder)
        for done, form in enumerate(FORMATS.values()):
            report(form.name, done, len(FORMATS))
            _try_to_make(form, run, made, watch)
        found, no_photos = _measured(run, made, report, watch)
        report(_TIME, 0, 0)
        watch()
        taken = latency.measured(made.models)
        prepared = Prepared(
            tuple(_download(form, made, found, taken) for form in FORMATS.values()), no_photos
        )
        made.models.clear()  # Windows does not remove open files.
        downloads.keep(run, prepared, folder)
    return prepared


@contextmanager
def _alone(report: tasks.Report, watch: Callable[[], None]) -> Iterator[None]:
    """Wait until no other process prepares downloads: it would disturb the times."""
    downloads.places().mkdir(parents=True, exist_ok=True)

    def wait() -> None:
        report(_WAIT, 0, 0)
        watch()
        time.sleep(_POLL_S)

    with exclusive(downloads.places() / ".lock", wait=wait):
        yield


@contextmanager
def _new_folder(run: Run) -> Iterator[Path]:
    """Yield an empty folder, which is removed unless it was renamed."""
    folder = downloads.places() / f".new-{run.run_id}"
    for left in downloads.places().glob(".new-*"):  # By processes that were killed.
        shutil.rmtree(left, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _try_to_make(form: Format, run: Run, made: _Made, watch: Callable[[], None]) -> None:
    """Add a format to ``made``: its file, its package and its model, or the reason against it."""
    watch()
    # A page holds the model of another format.
    why_not = making.obstacle(form, run) or made.problems.get(form.page_of)
    if why_not:
        made.problems[form.name] = why_not
        return
    file = made.bare / f"{form.name}{form.suffix}"
    target = made.folder / f"{run.run_id}-{form.name}{SUFFIX}"
    try:
        found = None
        if form.page_of in made.files:
            files.write_text(file, page(run, made.files[form.page_of]))
        else:
            found = making.make(form, run, file, watch=watch)
        model = measuring.loaded(form, file)
        write_package(form, run, file, target)
    except Cancelled:
        raise
    except (CatsDogsError, OSError) as error:
        made.problems[form.name] = str(error)
        return
    made.files[form.name], made.packages[form.name] = file, target
    quality = measuring.stated(found) if found else None
    if model is not None:
        made.models[form.name] = model
    elif quality is not None:
        made.stated[form.name] = quality


def _measured(
    run: Run, made: _Made, report: tasks.Report, watch: Callable[[], None]
) -> tuple[dict[str, Quality], str]:
    """Return the quality of each format, or why none could be measured."""

    def progress(done: int, total: int) -> None:
        watch()
        report(_MEASURE, done, total)

    report(_MEASURE, 0, 0)
    try:
        photos = measuring.photos_of(run)
        found = measuring.qualities(made.models, photos, progress=progress)
    except Cancelled:
        raise
    except (CatsDogsError, OSError) as error:
        return made.stated, str(error)
    own, label = (photos.table[name].to_numpy() for name in ("p_dog", "label"))
    # The run's predictions are the answers of its Keras model.
    exact = [form.name for form in FORMATS.values() if form.copied == layout.KERAS_MODEL]
    return made.stated | found | {name: measuring.quality(own, own, label) for name in exact}, ""


def _download(
    form: Format, made: _Made, found: dict[str, Quality], taken: dict[str, Latency]
) -> Download:
    if form.name not in made.packages:
        return Download(form.name, problem=made.problems[form.name])
    file = made.packages[form.name]
    return Download(
        form.name,
        file=file.name,
        size_bytes=file.stat().st_size,
        # A page holds the model of another format.
        quality=found.get(form.page_of or form.name),
        latency=taken.get(form.name),
    )


def work(subject: str, report: tasks.Report, should_stop: tasks.ShouldStop) -> dict[str, Any]:
    """Do the task for the run with the id ``subject``; the result is empty.

    Raises:
        Cancelled: once ``should_stop`` returns True; earlier files then stay.
    """

    def watch() -> None:
        if should_stop():
            raise Cancelled("Preparing the downloads was cancelled.")

    prepare(store.find_with_model(subject), report, watch)
    return {}


def main(folder: Path) -> int:
    """Do the task in ``folder``; return the exit status of its process."""
    return tasks.main(folder, work)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
