"""Commands on trained models: classify, compare, export."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.filesize import decimal
from rich.text import Text

from catsdogs.cli import model_tables, out_file, tables, together
from catsdogs.cli.outcome import Outcome, say_unreadable_slices, status_with
from catsdogs.cli.progress import progress, say
from catsdogs.comparison.differences import Difference, differences
from catsdogs.comparison.pair import Pair
from catsdogs.dataset.summary import in_words
from catsdogs.distributed.ray_engine import LOCAL, opened
from catsdogs.errors import ConfigError, RunError
from catsdogs.evaluation import metrics
from catsdogs.evaluation.slices import KINDS, NAMED
from catsdogs.exports import making, package
from catsdogs.exports.agreement import Agreement
from catsdogs.exports.formats import FORMATS, Format
from catsdogs.inference.answers import Seen, csv, see_all
from catsdogs.inference.elsewhere import Answers, see_by
from catsdogs.inference.gathering import Gathered, at_address, gathered
from catsdogs.inference.kaggle import clip_of, numbers_of, promise, submission
from catsdogs.inference.panel import Decision, Panel
from catsdogs.inference.predictor import Predictor
from catsdogs.reports import comparison_text
from catsdogs.runs import store
from catsdogs.runs.run import Run
from catsdogs.sources import web_picture
from catsdogs.sources.typed import typed_paths
from catsdogs.system import files
from catsdogs.text import counted


def classify(
    *,
    paths: list[str],
    runs: list[str] | None,
    threshold: float,
    false_refusal: float,
    never_neither: bool,
    table: Path | None,
    kaggle: Path | None,
    force: bool,
    engine: str,
    address: str | None,
) -> Outcome:
    """Classify files with the named runs, or with the best of each model."""
    decision = Decision(threshold, None if never_neither else false_refusal)
    for target in (table, kaggle):
        if target:
            out_file.require_new(target.expanduser().absolute(), force=force)
    asked = store.named_or_best(runs or [])
    if kaggle and kaggle == table:
        raise ConfigError(f"Expected two files. Received: {kaggle} for --csv and --kaggle.")
    if kaggle and len(asked) != 1:
        raise ConfigError(
            f"Expected one run for --kaggle. Received: {len(asked)}. Name one with --run."
        )
    found = _gathered(paths)
    given = found.sources
    if kaggle:
        numbers_of([name for name, _ in given])  # Raises before the pictures are classified.
    usable = [run for run in store.list_runs()[0] if run.can_classify]
    panel = Panel(asked, usable, Predictor)
    seen: list[Seen] = []
    with opened(engine, address) as where, progress("classify") as advance:
        is_local = engine == LOCAL
        found_by = (
            see_all(given, panel) if is_local else see_by(where, given, Answers.of(asked, usable))
        )
        for one in found_by:
            seen.append(one.without_heatmaps())
            advance(len(seen), len(given))
    if table:
        out_file.write(table, csv(seen, {one.run_id: one.run_id for one in asked}, decision))
    if kaggle:
        _submit(seen, asked[0], kaggle)
    answers = [one.to_json(decision) for one in seen]
    mute = [] if never_neither else [Text(problem) for problem in panel.problems.values()]
    failed = bool(mute) or any(one.error for one in seen)
    others = [Text(f"Not classified: {in_words(found.ignored)}.")] if found.ignored else []
    text = [*model_tables.classified(answers), *others, *mute]
    return Outcome(answers, text, status_with(failed))


def _gathered(given: list[str]) -> Gathered:
    """Return the pictures at paths and at web addresses."""
    addresses = [one for one in given if web_picture.is_address(one)]
    paths = [one for one in given if one not in addresses]
    found = gathered(chain.from_iterable(map(typed_paths, paths)))
    found.sources.extend(map(at_address, addresses))
    return found


def _submit(seen: list[Seen], run: Run, target: Path) -> None:
    """Write a submission to Kaggle, and say what loss to expect."""
    bounds = clip_of(run)
    out_file.write(target, submission(seen, run, bounds))
    unread = sum(one.error is not None for one in seen)
    say(
        f"Wrote {target}: {counted(len(seen), 'picture')}. Probabilities are from "
        f"{bounds.least:.2g} to {1 - bounds.least:.6g}, which is best for the run's validation "
        "images."
    )
    say(promise(bounds))
    if unread:
        say(f"{counted(unread, 'picture')} could not be read, and got 0.5.")


def compare(
    *,
    run_a: str,
    run_b: str,
    others: list[str],
    margin: float,
    report: Path | None,
    force: bool,
) -> Outcome:
    """Compare two runs, or up to six, on the validation images they share."""
    if others:
        if report:
            raise ConfigError(f"Expected two runs for --report. Received: {2 + len(others)} runs.")
        return together.compare([store.find_usable(name) for name in (run_a, run_b, *others)])
    if report:
        _require_report_name(report)
        out_file.require_new(report.expanduser().absolute(), force=force)
    pair = Pair.read(store.find_usable(run_a), store.find_usable(run_b))
    for root in pair.known_roots:
        say_unreadable_slices(root)
    differing = differences(pair.runs["A"], pair.runs["B"])
    result = pair.classes.document(_comparison_document(pair, margin, differing))
    if report:
        from catsdogs.reports import comparison

        made = comparison.report(pair, threshold=metrics.THRESHOLD, margin=margin)
        is_html = report.suffix.lower() == ".html"
        out_file.write(report, made.as_html() if is_html else made.as_markdown())
    headline = " ".join(comparison_text.headline(pair.compared(margin), pair.names))
    shown = model_tables.compared(result, headline=headline, names=pair.names, differing=differing)
    return Outcome(result, shown)


def export(*, run: str, form: str, out: Path, beside: str | None, force: bool) -> Outcome:
    """Write a run's model to a path of the user's choice, in one of ``FORMATS``.

    If the path ends in .zip, write the model's package. A web page also shows the run ``beside``.
    """
    found, target = store.find_with_model(run), out.expanduser().absolute()
    other = _beside(beside, found, FORMATS[form]) if beside else None
    out_file.require_new(target, force=force)
    measured = _exported(FORMATS[form], found, target, beside=other, shown=out)
    size, known = target.stat().st_size, asdict(measured) if measured else {}
    if other:
        known["with"] = other.run_id
    if is_unmeasured := measured is None and bool(FORMATS[form].program):
        known = {"images": 0}
    result = {"run": found.run_id, "format": form, "out": str(out), "bytes": size}
    result |= found.classes.document(known)
    shown = {"run": found.run_id, "format": form, "file": out, "size": decimal(size)}
    shown |= model_tables.exported(measured, found.classes)
    if is_unmeasured:
        shown["agreement"] = "not measured: the run's photos are not on this machine"
    return Outcome(result, [tables.facts(shown)])


def _beside(name: str, run: Run, form: Format) -> Run:
    """Return the other run of a web page."""
    if not form.page_of:
        pages = " or ".join(one.name for one in FORMATS.values() if one.page_of)
        raise ConfigError(f"Expected --format {pages} for --with. Received: {form.name}.")
    other = store.find_with_model(name)
    if other.run_id == run.run_id:
        raise ConfigError(f"Expected another run for --with. Received: {name}, the same run.")
    return other


def _exported(
    form: Format, run: Run, target: Path, *, beside: Run | None, shown: Path
) -> Agreement | None:
    """Write the file or the package, whole or not at all."""
    for one in filter(None, (run, beside)):
        making.require_possible(form, one)
    if form.suffix == package.SUFFIX != target.suffix.lower():
        raise ConfigError(
            f"Expected a name that ends in {package.SUFFIX} for --format {form.name}. Received: "
            f"{shown}. This format is a folder."
        )
    with TemporaryDirectory() as folder:
        # A program loads its file again, so it writes to a place of its own.
        made = Path(folder) / f"model{form.suffix}"
        with progress("export"):
            measured = making.make(form, run, made, beside=beside)
        if target.suffix.lower() == package.SUFFIX:
            bare, made = made, Path(folder) / f"package{package.SUFFIX}"
            package.write_package(form, run, bare, made)
        _copy(made, target, shown=shown)
    return measured


def _comparison_document(
    pair: Pair, margin: float, differing: Sequence[Difference]
) -> dict[str, Any]:
    """Return the comparison of two runs: with all labels, without suspect ones and by slices."""
    sound = pair.compared_without_suspects(margin)
    runs = {letter.lower(): run for letter, run in pair.runs.items()}
    return {
        **{letter: run.run_id for letter, run in runs.items()},
        "classes": list(pair.classes.names),
        "differs": [one.name for one in differing],
        **pair.compared(margin).to_json(),
        **_balanced(pair),
        "caveats": {letter: run.caveat for letter, run in runs.items() if run.caveat},
        "without_suspects": {"suspects": sound[0], **sound[1].to_json()} if sound else None,
        "slices": {
            name: {
                letter.lower(): [asdict(part) for part in parts]
                for letter, parts in pair.slices(name, metrics.THRESHOLD).items()
            }
            for name in [*KINDS, *(name for name in NAMED if name in pair.measured)]
        },
        "weakest": {
            letter.lower(): [asdict(one) for one in found]
            for letter, found in pair.weakest(metrics.THRESHOLD).items()
        },
    }


def _balanced(pair: Pair) -> dict[str, float | None]:
    """Return the balanced accuracy of both runs on the shared images, and the baseline's."""
    found = {
        letter: metrics.confusion_matrix(
            table["label"].to_numpy(), table["p_dog"].to_numpy(), metrics.THRESHOLD
        )
        for letter, table in pair.answers.items()
    }
    return {
        "balanced_accuracy_a": metrics.balanced_accuracy(found["A"]),
        "balanced_accuracy_b": metrics.balanced_accuracy(found["B"]),
        "majority_baseline": metrics.majority_baseline(found["A"]),
    }


def _require_report_name(path: Path) -> None:
    if path.suffix.lower() not in (".html", ".md"):
        raise ConfigError(
            f"Expected a file that ends in .html or .md. Received: {path}. A report is one or the "
            "other."
        )


def _copy(source: Path, out: Path, *, shown: Path) -> None:
    try:
        with files.replacing(out) as temporary:
            shutil.copyfile(source, temporary)
    except OSError as error:
        raise RunError(
            f"Expected to copy {source.name} to {shown}. Received: {error}. Choose another place."
        ) from None
