"""Writes a run's model in one format. TensorFlow runs in a process of its own."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from catsdogs.errors import RunError
from catsdogs.exports.agreement import Agreement
from catsdogs.exports.formats import FORMATS, Format
from catsdogs.runs import layout, model_files
from catsdogs.runs.command import repeating
from catsdogs.runs.run import Run
from catsdogs.system import files, processes
from catsdogs.webpage.page import page


def require_possible(form: Format, run: Run) -> None:
    """Check that this machine can write the model of ``run`` in this format.

    Raises:
        RunError: if the run has no Keras file, or if packages are missing.
    """
    if run.is_reference and not form.from_litert:
        raise RunError(
            f"Expected --format {_words_from_litert()} for a run that came with the project. "
            f"Received: {form.name}. It came with its LiteRT file only, its weights in float16; "
            f"for the others train it yourself: {repeating(run.config)}"
        )
    missing = [name for name in form.needs if find_spec(name) is None]
    if missing:
        raise RunError(
            f"Expected {' and '.join(form.needs)}, which write this format. Received: no "
            f'{" and no ".join(missing)}. Install them: pip install "catsdogs[{form.extra}]", or '
            f"in a clone of the project: pip install {' '.join(form.needs)}"
        )


def make(form: Format, run: Run, target: Path) -> Agreement | None:
    """Write the model of ``run`` to ``target``; return how it agrees with the run, if measured.

    Raises:
        OSError: if ``target`` cannot be written.
        RunError: with the reason, if the model cannot be made.
    """
    require_possible(form, run)
    if form.copied is not None:
        shutil.copyfile(model_files.intact(run, form.copied), target)
        return None
    if form.page_of:
        return _make_page(FORMATS[form.page_of], run, target)
    try:
        printed = processes.answer_of(form.program, form.name, str(run.folder), str(target))
    except ChildProcessError as error:
        raise RunError(str(error)) from None
    found = json.loads(printed)
    return None if found is None else Agreement(**found)


def _make_page(form: Format, run: Run, target: Path) -> Agreement | None:
    with TemporaryDirectory() as folder:
        model = Path(folder) / layout.LITERT_MODEL
        measured = make(form, run, model)
        files.write_text(target, page(run, model))
    return measured


def _words_from_litert() -> str:
    return " or ".join(form.name for form in FORMATS.values() if form.from_litert)
