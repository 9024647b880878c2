"""``catsdogs explain``: edits that change an answer, and the parts of a picture that count."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from catsdogs.cli.commands import RUN_HELP, add
from catsdogs.cli.fitting import Grid
from catsdogs.cli.outcome import Outcome
from catsdogs.cli.progress import progress
from catsdogs.cli.tables import Readable, facts, percent, plain
from catsdogs.errors import ConfigError
from catsdogs.evaluation.metrics import THRESHOLD
from catsdogs.features.activations import inside
from catsdogs.images.edits import EDITS, Edits, Stroke, require_amount
from catsdogs.images.picture import Picture, read_bytes
from catsdogs.inference import filmstrip, heatmap
from catsdogs.inference.occlusion import agreement, occlusion_map
from catsdogs.inference.panel import Decision
from catsdogs.inference.predictor import Predictor
from catsdogs.inference.what_if import Editable, curve
from catsdogs.labels import DOG
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.run import Run
from catsdogs.sources.typed import typed_path
from catsdogs.system import files

Ranges = Mapping[str, Sequence[float]]  # the amounts of each edit that are tried


def explain(
    *,
    path: str,
    runs: list[str] | None,
    changes: list[str],
    made: list[str],
    covers: list[str],
    threshold: float,
    pictures: Path | None,
) -> Outcome:
    """Say which edits of a picture change its answer, and which parts of it count."""
    threshold = Decision(threshold).threshold
    ranges = dict(_range(text) for text in changes or EDITS)
    edits = Edits(dict(_amount(text) for text in made), tuple(_spot(text) for text in covers))
    folder = _new_folder(pictures.expanduser().absolute()) if pictures else None
    asked = store.named_or_best(runs or [])
    for other in asked[1:]:
        other.require_classes(asked[0].classes)
    picture, results = Picture(read_bytes(typed_path(path))), list[dict[str, Any]]()
    with progress("explain") as advance:
        for run in asked:
            results.append(_of_run(run, picture, edits, ranges, threshold, folder))
            advance(len(results), len(asked))
    result = {
        "file": path,
        "threshold": threshold,
        "with": dict(edits.amounts),
        "covered": [[*spot.points[0], spot.radius] for spot in edits.strokes],
        "results": results,
    }
    document = asked[0].classes.document(result)
    return Outcome(document, [part for one in results for part in _readable(one)])


def _of_run(
    run: Run,
    picture: Picture,
    edits: Edits,
    ranges: Ranges,
    threshold: float,
    folder: Path | None,
) -> dict[str, Any]:
    predictor = Predictor(run)
    editable, occluded = Editable(picture, predictor), occlusion_map(predictor, picture)
    p_dog, output = editable.p_dog(edits), predictor(picture)
    label = run.classes.of(predictor.calibrated(output.p_dog), threshold)
    maps = {"heat-map": output.heatmap, "occlusion": occluded}
    return {
        "run": run.run_id,
        "label": run.classes.of(p_dog, threshold),
        "calibrated_p_dog": p_dog,
        "probabilities": run.classes.probabilities(p_dog),
        "changes": [
            _change(editable, kind, edits, amounts, threshold) for kind, amounts in ranges.items()
        ],
        "occlusion": occluded.tolist(),
        "agreement": agreement(occluded, output.heatmap),
        **({"pictures": _draw(folder, run, picture, maps, label)} if folder else {}),
    }


def _draw(
    folder: Path, run: Run, picture: Picture, maps: Mapping[str, np.ndarray], label: str
) -> list[str]:
    """Write the maps for ``label``, the feature maps and the first filters; return the paths."""
    photo = picture.upright(at_least_px=heatmap.PAINTED_PX)
    drawn = {
        name: heatmap.painted(photo, one, label=label, classes=run.classes)
        for name, one in maps.items()
    }
    model = model_files.intact(run, layout.LITERT_MODEL)
    drawn |= filmstrip.of_network(inside(model, picture.square(run.config.info.side)))
    written = []
    for name, image in drawn.items():
        path, buffer = folder / f"{run.run_id}-{name}.png", io.BytesIO()
        image.save(buffer, "PNG")
        files.write_bytes(path, buffer.getvalue())
        written.append(str(path))
    return written


def _new_folder(folder: Path) -> Path:
    """Return a folder after making it, if nothing is there that could be replaced."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(
            f"Expected a new or an empty folder for --pictures. Received: {folder}. Choose another."
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _change(
    editable: Editable, kind: str, edits: Edits, amounts: Sequence[float], threshold: float
) -> dict[str, Any]:
    found = curve(editable, kind, edits, threshold=threshold, amounts=amounts)
    return {
        "change": kind,
        "flips_at": found.flips_at,
        "flips_to": found.flips_to,
        "curve": [
            {"amount": amount, "calibrated_p_dog": p_dog}
            for amount, p_dog in zip(found.amounts, found.p_dog, strict=True)
        ],
    }


def _range(text: str) -> tuple[str, list[float]]:
    """Return the edit and the amounts that ``KIND`` or ``KIND=FROM..TO`` asks for."""
    kind, _, limits = text.partition("=")
    require_amount(kind, 0)
    if not limits:
        return kind, EDITS[kind].amounts
    least, most = (_number(one, text) for one in _parts(limits, "..", 2, text))
    for amount in (least, most):
        require_amount(kind, amount)
    if least > most:
        raise ConfigError(f"Expected FROM..TO, the smaller amount first. Received: {text}.")
    between = (amount for amount in EDITS[kind].amounts if least < amount < most)
    return kind, [least, *between, most]


def _amount(text: str) -> tuple[str, float]:
    """Return the edit and the amount of ``KIND=AMOUNT``."""
    kind, value = _parts(text, "=", 2, text)
    amount = _number(value, text)
    require_amount(kind, amount)
    return kind, amount


def _spot(text: str) -> Stroke:
    """Return the disc of ``X,Y,RADIUS``."""
    x, y, radius = (_number(one, text) for one in _parts(text, ",", 3, text))
    if not all(0 <= value <= 1 for value in (x, y, radius)):
        raise ConfigError(f"Expected shares of the picture, 0 to 1. Received: {text}.")
    return Stroke(((x, y),), radius)


def _parts(text: str, separator: str, count: int, option: str) -> list[str]:
    parts = text.split(separator)
    if len(parts) != count:
        raise ConfigError(
            f"Expected {count} values with {separator!r} between them. Received: {option}. "
            "See: catsdogs explain --help"
        )
    return parts


def _number(text: str, option: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"Expected a number. Received: {text or 'none'} in {option}.") from None


def _readable(result: dict[str, Any]) -> Readable:
    """Return a run's answer, what changes it, and how far its two maps agree."""
    agreed = result["agreement"]
    label, probabilities = result["label"], result["probabilities"]
    sure = percent(probabilities[label], 1)
    told = {
        "run": result["run"],
        "answer": f"{label} {sure}",
        "maps agree": "unknown" if agreed is None else f"{agreed:.2f} (Spearman, -1 to 1)",
    }
    rows = [_row(change) for change in result["changes"]]
    titles = "Change", "Answer changes at>", "To", f"P({list(probabilities)[DOG]})>"
    return [facts(told), Grid(titles, rows)]


def _row(change: dict[str, Any]) -> list[str]:
    edit, flip = EDITS[change["change"]], change["flips_at"]
    found = [point["calibrated_p_dog"] for point in change["curve"]]
    at = "–" if flip is None else plain(edit.written(flip))
    return [
        change["change"],
        at,
        change["flips_to"] or "–",
        f"{min(found):.3f} to {max(found):.3f}",
    ]


def add_explain(groups: Any) -> None:
    """Add the command ``explain``."""
    usage = "PICTURE [--run RUN ...] [--change KIND ...] [options]"
    help_text = "say which edits change the answer about a picture, and which parts of it count"
    explained = add(groups, "explain", explain, usage, help_text)
    explained.add_argument("path", metavar="PICTURE", help="a picture")
    explained.add_argument(
        "--run",
        dest="runs",
        nargs="+",
        action="extend",
        metavar="RUN",
        help=f"{RUN_HELP}; default: the best run of each model",
    )
    for option, name, metavar, help_ in (
        (
            *("--change", "changes", "KIND[=FROM..TO]"),
            f"an edit to try, and its range: {_kinds()}; default: all of them",
        ),
        ("--with", "made", "KIND=AMOUNT", "an edit that is made before; default: none"),
        (
            *("--cover", "covers", "X,Y,RADIUS"),
            "a disc that is covered, in shares of the width, the height and the shorter side; "
            "default: none",
        ),
    ):
        explained.add_argument(
            option, dest=name, nargs="+", action="extend", default=[], metavar=metavar, help=help_
        )
    explained.add_argument(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="draw the heat map, the occlusion map, the feature maps of each stage and the first "
        "filters into a new folder; default: none",
    )
    explained.add_argument(
        "--threshold",
        type=float,
        default=THRESHOLD,
        metavar="P",
        help="say dog from this P(dog) on, 0 to 1; default: %(default)s",
    )


def _kinds() -> str:
    return ", ".join(f"{kind} {edit.least:g}..{edit.most:g}" for kind, edit in EDITS.items())
