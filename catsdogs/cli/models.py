"""Commands on trained models: evaluate, classify, compare, export."""

import json
import shutil
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rich.filesize import decimal

from catsdogs.cli import model_tables, tables
from catsdogs.cli.outcome import Outcome, no_usable_images, refused, status_with, unreadable
from catsdogs.cli.progress import progress
from catsdogs.comparison.photo_facts import of_answers, photo_facts, suspects
from catsdogs.dataset import index
from catsdogs.errors import ConfigError, RunError, UnreadableImage
from catsdogs.evaluation import metrics
from catsdogs.images import picture
from catsdogs.inference.answers import Read, csv, see_all, zipped
from catsdogs.inference.folder_task import pictures
from catsdogs.inference.panel import Decision, Panel
from catsdogs.inference.predictor import Predictor
from catsdogs.labels import DOG
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.choices import FLOAT16, INT8
from catsdogs.runs.command import repeating
from catsdogs.runs.run import Run
from catsdogs.sources import opening
from catsdogs.system import files, processes

EXPORT_FILES = {"keras": layout.KERAS_MODEL, "litert": layout.LITERT_MODEL}


def evaluate(options: Namespace) -> Outcome:
    """Evaluate a run's exported model on every usable image of a dataset."""
    run = store.find_with_model(options.run)
    with progress("scan") as advance:
        dataset = index.scan(opening.open_source(options.data), progress=advance)
    records = dataset.usable
    predictor = Predictor(run)
    p_dog, failed = np.full(len(records), np.nan), unreadable(dataset)
    with progress("evaluate") as advance:
        outcomes = predictor.p_dog_of_files(dataset.root, list(records["path"]))
        for position, (name, outcome) in enumerate(outcomes):
            if isinstance(outcome, UnreadableImage):
                failed.append(refused(name, outcome))
            else:
                p_dog[position] = outcome
            advance(position + 1, len(records))
    answered = ~np.isnan(p_dog)
    if not answered.any():
        raise no_usable_images(options.data, dataset)
    labels = records["label"].to_numpy()[answered]
    figures = metrics.evaluate(labels, p_dog[answered]).to_json()
    # Imported here, because SciPy's statistics take over a second to import.
    from catsdogs.evaluation import intervals, slices

    said = p_dog[answered]
    facts, table = photo_facts(dataset.root), records[answered].reset_index(drop=True)
    doubted = suspects(table, facts)
    figures["intervals"] = _as_json(intervals.of_metrics(labels, said))
    figures["without_suspects"] = None
    if doubted is not None and not doubted.all():
        sound = intervals.of_metrics(labels[~doubted], said[~doubted])
        figures["without_suspects"] = {"suspects": int(doubted.sum()), **_as_json(sound)}
    right = (said >= metrics.THRESHOLD) == (labels == DOG)
    figures["slices"] = {
        name: [asdict(part) for part in slices.slices(kind, of_answers(table, facts), right)]
        for name, kind in slices.KINDS.items()
    }
    result = {"run": run.run_id, **figures, "unreadable": failed}
    return Outcome(result, model_tables.evaluated(result), status_with(failed))


def classify(options: Namespace) -> Outcome:
    """Classify files with the named runs, or with the best of each model."""
    if not 0 <= options.threshold <= 1:
        raise ConfigError(
            f"Expected a threshold from 0 to 1. Received: {options.threshold:g}. P(dog) is one."
        )
    if options.csv:
        _require_new_file(options.csv.expanduser().absolute(), force=options.force)
    runs = [store.find_with_model(name) for name in options.runs or []] or store.best_usable()
    if not runs:
        raise RunError(
            "Expected a trained run. Received: none yet. Train one first: "
            "python -m catsdogs train --help"
        )
    opening = list(_pictures(options.paths))
    refused = None if options.never_neither else options.false_refusal
    decision = Decision(options.threshold, refused)
    usable = [run for run in store.list_runs()[0] if run.can_classify]
    panel, seen = Panel(runs, usable, Predictor), []
    with progress("classify") as advance:
        for one in see_all(opening, panel):
            seen.append(one.without_heatmaps())
            advance(len(seen), len(opening))
    if options.csv:
        _write(options.csv, csv(seen, {run.run_id: run.run_id for run in runs}, decision))
    answers = [one.to_json(decision) for one in seen]
    failed = any(one.error for one in seen)
    return Outcome(answers, model_tables.classified(answers), status_with(failed))


def compare(options: Namespace) -> Outcome:
    """Compare two runs on the validation images they share."""
    # Here, because SciPy's statistics take over a second to import.
    from catsdogs.comparison.pair import Pair
    from catsdogs.evaluation.slices import KINDS

    if options.report:
        _require_report_name(options.report)
        _require_new_file(options.report.expanduser().absolute(), force=options.force)
    a, b = store.find_usable(options.run_a), store.find_usable(options.run_b)
    pair = Pair.read(a, b)
    sound = pair.compared_without_suspects(options.margin)
    result = {
        **{"a": a.run_id, "b": b.run_id, **pair.compared(options.margin).to_json()},
        "caveats": {letter: run.caveat for letter, run in (("a", a), ("b", b)) if run.caveat},
        "without_suspects": {"suspects": sound[0], **sound[1].to_json()} if sound else None,
        "slices": {
            name: {
                letter.lower(): [asdict(part) for part in parts]
                for letter, parts in pair.slices(name, metrics.THRESHOLD).items()
            }
            for name in KINDS
        },
    }
    if options.report:
        from catsdogs.reports import comparison

        made = comparison.report(pair, threshold=metrics.THRESHOLD, margin=options.margin)
        is_html = options.report.suffix.lower() == ".html"
        _write(options.report, made.as_html() if is_html else made.as_markdown())
    return Outcome(result, model_tables.compared(result))


def export(options: Namespace) -> Outcome:
    """Copy a run's model file, or a smaller version of it, to a path of the user's choice."""
    run, out = store.find_with_model(options.run), options.out.expanduser().absolute()
    _require_new_file(out, force=options.force)
    if run.is_reference and options.format != "litert":
        raise RunError(
            f"Expected --format litert for a run that came with the project. Received: "
            f"{options.format}. It came with that one file, its weights in float16; for the others "
            f"train it yourself: {repeating(run.config)}"
        )
    if options.format in (INT8, FLOAT16):
        with TemporaryDirectory() as folder:
            source = Path(folder) / layout.LITERT_MODEL
            figures = _quantized(options.format, run, source)
            _copy(source, out, shown=options.out)
    else:
        figures = {}
        _copy(model_files.intact(run, EXPORT_FILES[options.format]), out, shown=options.out)
    size = out.stat().st_size
    result = {"run": run.run_id, "format": options.format, "out": str(options.out), "bytes": size}
    result |= figures
    told = {**result, "bytes": None, "size": decimal(size)}
    return Outcome(result, [tables.facts(told)])


def _quantized(form: str, run: Run, out: Path) -> dict[str, Any]:
    """Write the run's model in lower precision and measure it; see ``learning.quantization``."""
    with progress("export"):
        try:
            said = processes.answer_of(
                "catsdogs.learning.quantization", form, str(run.folder), str(out)
            )
        except ChildProcessError as error:
            raise RunError(str(error)) from None
    return dict(json.loads(said))


def _as_json(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: asdict(interval) for name, interval in figures.items()}


def _require_report_name(path: Path) -> None:
    if path.suffix.lower() not in (".html", ".md"):
        raise ConfigError(
            f"Expected a file that ends in .html or .md. Received: {path}. A report is one or the "
            "other."
        )


def _write(path: Path, text: str) -> None:
    try:
        files.write_text(path.expanduser().absolute(), text)
    except OSError as error:
        raise RunError(
            f"Expected to write {path}. Received: {error}. Choose another place."
        ) from None


def _copy(source: Path, out: Path, *, shown: Path) -> None:
    try:
        with files.replacing(out) as temporary:
            shutil.copyfile(source, temporary)
    except OSError as error:
        raise RunError(
            f"Expected to copy {source.name} to {shown}. Received: {error}. Choose another place."
        ) from None


def _require_new_file(out: Path, *, force: bool) -> None:
    if not out.parent.is_dir():
        raise ConfigError(
            f"Expected a folder that exists. Received: {out.parent}. Make it first, or choose "
            "another one."
        )
    if out.is_dir():
        raise ConfigError(f"Expected the name of a file. Received: {out}, which is a folder.")
    if out.exists() and not force:
        raise ConfigError(
            f"Expected a new file. Received: {out}, which exists already. Choose another name, or "
            "add --force to replace it."
        )


def _pictures(given: list[Path]) -> Iterator[tuple[str, Read]]:
    """Yield each picture's name and a function that reads it, also from folders and ZIPs.

    Raises:
        DatasetError: for a folder without pictures.
    """
    for path in given:
        if path.is_dir():
            yield from ((str(p), partial(picture.read_bytes, p)) for p in pictures(path))
        elif path.suffix.lower() == ".zip" and path.is_file():
            members = zipped(str(path), path)
            yield from ((f"{path}/{name}", read) for name, read in members)
        else:
            yield str(path), partial(picture.read_bytes, path)
