"""A run's model as one zip: the model, its labels, its card, and an example that runs it."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from catsdogs.exports.formats import Format
from catsdogs.reports.model_card import model_card
from catsdogs.reports.rendering import rendered
from catsdogs.runs import looks
from catsdogs.runs.run import Run
from catsdogs.system import files

SUFFIX = ".zip"
MODEL = "model"
LABELS, CARD, EXAMPLE = "labels.txt", "MODEL_CARD.md", "example.py"
# Zips have no earlier date. A fixed one makes packages of the same model equal.
_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16


def write_package(form: Format, run: Run, model: Path, target: Path) -> None:
    """Write a zip of ``model``, which ``making.make`` wrote in this format, and what explains it.

    The same model gives the same bytes. A web page comes with its card only: it needs no example.

    Raises:
        OSError: if ``target`` cannot be written.
        RunError: if a file of the run is damaged.
    """
    texts = {name: text.encode() for name, text in _texts(form, run).items()}
    write_zip(target, _model(form, model) | texts)


def write_zip(target: Path, contents: Mapping[str, bytes]) -> None:
    """Write a zip of ``contents``, by name. The same contents give the same bytes.

    Raises:
        OSError: if ``target`` cannot be written.
    """
    with files.replacing(target) as temporary, zipfile.ZipFile(temporary, "w") as written:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _MODE
            entry.create_system = 3  # Unix: otherwise the mode is not used.
            written.writestr(entry, contents[name])


def _model(form: Format, model: Path) -> dict[str, bytes]:
    """Return the model's file, or the files of its folder where it is a zip of one."""
    if form.suffix != SUFFIX:
        return {f"{MODEL}{form.suffix}": model.read_bytes()}
    with zipfile.ZipFile(model) as folder:
        return {name: folder.read(name) for name in folder.namelist()}


def _texts(form: Format, run: Run) -> dict[str, str]:
    """Return the text files of a package by name."""
    card = {CARD: model_card(run, run.state, run.result, looks.read(run))}
    if form.page_of:
        return card
    return card | {
        LABELS: "".join(f"{name}\n" for name in run.classes.names),
        EXAMPLE: _example(form, run),
    }


def _example(form: Format, run: Run) -> str:
    return rendered(
        "example.py.jinja",
        filters={},
        runtime=form.runs_on[0],
        packages=(*form.runs_on, "numpy", "pillow"),
        model=MODEL if form.suffix == SUFFIX else f"{MODEL}{form.suffix}",
        labels=LABELS,
        positive=run.classes.positive,
        output=run.classes.key("p_dog"),
        side=run.config.info.side,
        temperature=run.result.calibration.temperature,
    )
