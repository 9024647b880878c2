"""Writes a run's model in one format. TensorFlow runs in a process of its own."""

import json
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from catsdogs.errors import RunError
from catsdogs.exports.agreement import Agreement
from catsdogs.exports.formats import FORMATS, LITERT, Format
from catsdogs.exports.metadata import essentials, with_metadata
from catsdogs.runs import layout, model_files
from catsdogs.runs.command import repeating
from catsdogs.runs.run import Run
from catsdogs.system import files, processes
from catsdogs.webpage.page import Classifier, page


def require_possible(form: Format, run: Run) -> None:
    """Check that this machine can write the model of ``run`` in this format.

    Raises:
        RunError: if the run has no Keras file, or if packages are missing.
    """
    why_not = obstacle(form, run)
    if why_not and _lacks_keras(form, run):
        raise RunError(
            f"Expected --format {_words_from_litert()} for a run that came with the project. "
            f"Received: {form.name}. {why_not}"
        )
    if why_not:
        raise RunError(why_not)


def obstacle(form: Format, run: Run) -> str:
    """Return why this machine cannot write the model in this format, and what to do; "" if it can.

    Formats with the same obstacle have the same text.
    """
    if _lacks_keras(form, run):
        return (
            "It came with its LiteRT file only, its weights in float16; for the others train it "
            f"yourself: {repeating(run.config)}"
        )
    missing = [name for name in form.needs if find_spec(name) is None]
    if not missing:
        return ""
    return (
        f"Expected {' and '.join(form.needs)}, which write this format. Received: no "
        f"{' and no '.join(missing)}. Install them, in the folder of the project: "
        f"pip install -r requirements-{form.extra}.txt"
    )


def make(
    form: Format,
    run: Run,
    target: Path,
    *,
    beside: Run | None = None,
    watch: Callable[[], None] = lambda: None,
) -> Agreement | None:
    """Write the model of ``run`` to ``target``; return how it agrees with the run, if measured.

    LiteRT and ONNX files say in their metadata how to feed them. A copy answers as the run does;
    another format is not measured if the run's photos are not on this machine. A web page also
    shows the answers of the run ``beside``. ``watch`` is called a few times a second, and may raise
    to end the work.

    Raises:
        OSError: if ``target`` cannot be written.
        RunError: with the reason, if the model cannot be made.
    """
    require_possible(form, run)
    if form.page_of:
        return _make_page(FORMATS[form.page_of], run, target, beside=beside, watch=watch)
    measured = _make_model(form, run, target, watch)
    if form.suffix == LITERT:
        files.write_bytes(target, with_metadata(target.read_bytes(), essentials(run)))
    return measured


def _make_model(
    form: Format, run: Run, target: Path, watch: Callable[[], None]
) -> Agreement | None:
    if form.copied is not None:
        shutil.copyfile(model_files.intact(run, form.copied), target)
        return None
    paths = str(run.folder), str(target)
    try:
        printed = processes.answer_of(form.program, form.name, *paths, watch=watch)
    except ChildProcessError as error:
        raise RunError(str(error)) from None
    found = json.loads(printed)
    return None if found is None else Agreement(**found)


def _make_page(
    form: Format, run: Run, target: Path, *, beside: Run | None, watch: Callable[[], None]
) -> Agreement | None:
    with TemporaryDirectory() as folder:
        model = Path(folder) / layout.LITERT_MODEL
        measured = _make_model(form, run, model, watch)
        other = None
        if beside is not None:
            other = Classifier(beside, Path(folder) / f"beside-{layout.LITERT_MODEL}")
            _make_model(form, beside, other.file, watch)
        files.write_text(target, page(run, model, beside=other))
    return measured


def _lacks_keras(form: Format, run: Run) -> bool:
    return run.is_reference and not form.from_litert


def _words_from_litert() -> str:
    return " or ".join(form.name for form in FORMATS.values() if form.from_litert)
