"""Commands on datasets: draw, fetch, scan, check, decide, embed."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from catsdogs.cli import dataset_tables, labelling, tables
from catsdogs.cli.outcome import (
    Outcome,
    no_images,
    no_usable_images,
    refused,
    status_with,
    unreadable,
)
from catsdogs.cli.progress import phases, progress
from catsdogs.dataset import (
    annotations,
    corrections,
    decisions_csv,
    duplicates,
    index,
    label_tables,
    nearby_tables,
    summary,
    table_text,
    unlabelled,
)
from catsdogs.dataset.duplicates import Kept
from catsdogs.distributed.ray_engine import opened
from catsdogs.errors import ConfigError, DatasetError
from catsdogs.features import embeddings
from catsdogs.features.litert import LiteRTModel
from catsdogs.health import checkup
from catsdogs.images.picture import read_bytes
from catsdogs.sources import current, fetching, opening
from catsdogs.sources.sample import draw_sample, sample_dir
from catsdogs.sources.typed import typed_path
from catsdogs.storage import address
from catsdogs.system import files


def sample(*, images: int, out: Path | None, seed: int) -> Outcome:
    """Draw the sample dataset."""
    folder = out or sample_dir()
    started = time.perf_counter()
    with progress("draw") as advance:
        draw_sample(folder.absolute(), images=images, seed=seed, progress=advance)
    seconds = round(time.perf_counter() - started, 2)
    result = {"path": str(folder), "images": images, "seconds": seconds}
    shown = {"path": folder, "images": f"{images:,}", "time": tables.readable(seconds)}
    return Outcome(result, [tables.facts(shown)])


def fetch(*, source: str, sha256: str | None, out: Path | None) -> Outcome:
    """Download and unpack an archive, and make it the dataset that the app shows."""
    folder = _opened(source, sha256=sha256, into=out.absolute() if out else None)
    dataset = index.scan(folder)
    if dataset.usable.empty:
        raise no_usable_images(folder, dataset)
    try:
        current.choose(folder)
    except OSError as error:
        raise DatasetError(
            f"Expected to make {folder} the dataset that the app shows. Received: {error}. The "
            "images are in that folder: choose it on the Dataset page."
        ) from None
    return _as_facts({"path": str(folder)})


def scan(
    *, path: str, classes: str | None, own_classes: list[str] | None, named: list[str] | None
) -> Outcome:
    """Count and measure a dataset."""
    started = time.perf_counter()
    dataset = labelling.remembered(_scanned(path), classes, named, own_classes)
    if dataset.records.empty:
        raise no_images(typed_path(path), dataset)
    result = summary.document(dataset)
    result["patterns"] = [asdict(pattern) for pattern in unlabelled.patterns(dataset)]
    tables = nearby_tables.found(dataset.root, dataset.records["path"])
    result["tables"] = [asdict(table) for table in tables]
    result["seconds"] = round(time.perf_counter() - started, 2)
    failed = result["unreadable"] + result["unreadable_folders"]
    text = dataset_tables.scanned(result, dataset.classes) + dataset_tables.advice(
        unlabelled.advice(dataset)
    )
    return Outcome(result, text, status_with(failed))


def health(*, path: str, engine: str, address: str | None) -> Outcome:
    """Run every check on a dataset, or read the findings of the last check of the same content."""
    started = time.perf_counter()
    dataset = _scanned(path)
    with opened(engine, address) as where, phases(checkup.PHASES) as report:
        findings = checkup.run(
            dataset, backbone=embeddings.exported_backbone, report=report, engine=where
        )
    result = checkup.report(dataset, findings)
    result["seconds"] = round(time.perf_counter() - started, 2)
    return Outcome(result, dataset_tables.checked(result), status_with(result["unreadable"]))


def exchange_annotations(
    *, path: str, import_from: Path | None, keep_one: str | None, export_to: Path | None
) -> Outcome:
    """Import decisions from a CSV, exclude copies, or export decisions; report those in effect."""
    root = opening.open_source(typed_path(path))
    taken = {} if import_from is None else _taken_over(root, import_from)
    if keep_one is not None:
        taken |= _one_kept(root, Kept(keep_one))
    dataset = index.scan(root)
    if export_to is not None:
        text = decisions_csv.to_csv(root, dataset.records)
        files.write_text(export_to.absolute(), text)
    result = {
        "path": str(root),
        "hash": annotations.content_hash(dataset.records),
        "reviewed": int(dataset.records["reviewed"].sum()),
        "excluded": dataset.excluded,
        "relabelled": dataset.relabelled,
        "fingerprint": dataset.fingerprint(),
        **_tagged(dataset),
        **taken,
    }
    return _as_facts(result)


def _one_kept(root: Path, keep: Kept) -> dict[str, int]:
    """Exclude all but one of each group of duplicates; return the counts."""
    found = duplicates.surplus(index.scan(root).pictures, keep)
    annotations.annotate(root, found.copies, annotations.EXCLUDE)
    return {
        "duplicate_groups": found.groups,
        "excluded_copies": len(found.copies),
        "disputed_groups": found.disputed,
    }


def _tagged(dataset: index.Dataset) -> dict[str, Any]:
    """Return the number of photos with each tag, if there are tags."""
    counts = dataset.pictures["tags"].explode().value_counts().sort_index()
    return {"tags": counts.to_dict()} if len(counts) else {}


def _taken_over(root: Path, table: Path) -> dict[str, Any]:
    """Import a table; return the numbers that describe it."""
    source = table.expanduser()
    with source.open("rb") as stream:
        content = stream.read(table_text.MAX_BYTES + 1)
    found = label_tables.take_over(root, index.scan(root).records, content, source=source)
    counts = {"imported": found.photos, "unreadable_rows": found.unreadable, "sides": found.sides}
    meaning = {"numbers": label_tables.numbers_mean(root)} if found.has_numbers else {}
    return {**counts, **meaning}


def embed(*, path: str, engine: str, address: str | None, out: Path | None) -> Outcome:
    """Compute the vectors of a dataset's usable images, or read them from the cache."""
    if out is not None and out.suffix != ".npz":
        raise ConfigError(f"Expected a file name that ends in .npz. Received: {out}.")
    started = time.perf_counter()
    dataset = _scanned(path)
    backbone = embeddings.exported_backbone()
    with opened(engine, address) as where, progress("embed") as advance:
        rows = embeddings.embed(
            dataset.root, dataset.usable, backbone=backbone, engine=where, progress=advance
        )
    present = np.flatnonzero(rows.places[:, 0] >= 0)
    if not len(present):
        raise no_usable_images(typed_path(path), dataset)
    if out is not None:
        names = dataset.usable["path"].to_numpy(dtype=np.str_)[present]
        with files.replacing(out.absolute()) as temporary:
            np.savez(temporary, paths=names, vectors=rows.take(present))
    failed = unreadable(dataset) + [refused(*item) for item in rows.missing.items()]
    seconds = round(time.perf_counter() - started, 2)
    result = {
        "images": len(present),
        "dimensions": embeddings.EMBEDDING_SIZE,
        "engine": engine,
        "unreadable": failed,
        "seconds": seconds,
    }
    shown = {**result, "images": f"{len(present):,}", "unreadable": len(failed), "seconds": None}
    shown |= {"time": tables.readable(seconds)}
    return Outcome(result, [tables.facts(shown)], status_with(failed))


def join_corrections(*, path: str, change: str | None) -> Outcome:
    """Let pictures that were classified wrongly join a dataset, or leave it; report the state."""
    root = opening.open_source(typed_path(path))
    if change is not None:
        corrections.join(root, join_=change == "join")
    dataset = index.scan(root)
    has_joined = corrections.has_joined(root)
    can_join = index.can_join(root, dataset.records, dataset.classes)
    result = {
        "path": str(root),
        "joined": has_joined,
        "corrections": dataset.joined_corrections if has_joined else len(can_join),
        "images": len(dataset.usable),
        "fingerprint": dataset.fingerprint(),
    }
    return _as_facts(result)


def alike(*, path: str, picture_path: str, count: int) -> Outcome:
    """List the images of a dataset that are most similar to a picture, after computing vectors."""
    if count < 1:
        raise ConfigError(f"Expected --count of at least 1. Received: {count}.")
    started = time.perf_counter()
    content = read_bytes(typed_path(picture_path))
    dataset = _scanned(path)
    backbone = embeddings.exported_backbone()
    with progress("embed") as advance:
        embeddings.embed(dataset.root, dataset.pictures, backbone=backbone, progress=advance)
    scores = embeddings.alike(embeddings.vector(content, LiteRTModel(backbone)), backbone=backbone)
    pictures = dataset.pictures.assign(similarity=dataset.pictures["digest"].map(scores))
    best = pictures.nlargest(count, "similarity")[["path", "similarity"]].round(6)
    result = {
        "picture": picture_path,
        "images": int(pictures["similarity"].count()),
        "alike": best.to_dict("records"),
        "seconds": round(time.perf_counter() - started, 2),
    }
    return Outcome(result, dataset_tables.alike(result))


def _opened(source: str, *, sha256: str | None, into: Path | None) -> Path:
    """Return the folder of a dataset: downloaded and unpacked, or opened where it is."""
    if source in (fetching.MICROSOFT, fetching.KAGGLE) or _is_address(source):
        with phases(fetching.PHASES, in_bytes=True) as report:
            return fetching.fetch(source, into=into, sha256=sha256, report=report)
    if source:
        return opening.open_source(typed_path(source), into=into)
    raise ConfigError("Expected microsoft, kaggle, a URL or a path. Received: nothing.")


def _is_address(source: str) -> bool:
    """Return whether a source is to be downloaded, rather than read where it is."""
    if address.stays_there(source):
        return False
    return "://" in source and not source.strip("'\" ").lower().startswith("file://")


def _scanned(path: str) -> index.Dataset:
    with progress("scan") as advance:
        return index.scan(opening.open_source(typed_path(path)), progress=advance)


def _as_facts(result: dict[str, Any]) -> Outcome:
    return Outcome(result, [tables.facts(result)])
