"""Rebuild the reference runs: ``make reference DATA=/path/to/dogs-vs-cats``.

Trains four recipes with seeds 1, 2 and 3 through the project's own command line on the photos of
DATA, which takes hours; ``--seeds 1`` keeps what is known of the others. The labels that a review
of the health check's suspects found wrong (``reference_annotations.csv``) are corrected on the
training side of each seed's split only; the validation side keeps its labels. A run that is already
trained, with the same settings on the same photos, is not trained again.

Then writes the shipped files to ``artifacts/``: the run folders of seed 1, with models in float16
where they are small enough to ship, the fine-tuned backbone, and the metrics of the other seeds.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import structs, to_builtins

from catsdogs import paths
from catsdogs.dataset import annotations, index
from catsdogs.dataset.annotations import Decision
from catsdogs.dataset.split import Rule, split
from catsdogs.features.backbones import identity
from catsdogs.labels import CLASS_NAMES
from catsdogs.learning import others
from catsdogs.reports.model_card import model_card
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.about import About
from catsdogs.runs.choices import FLOAT16
from catsdogs.runs.command import repeating
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.sources import opening
from catsdogs.system import files
from tools import other_things

SEED, OTHER_SEEDS = 1, (2, 3)
# By the shipped folder's name, the cheapest first.
RECIPES: dict[str, dict[str, Any]] = {
    "reference-mobilenet_v2": {"model": "mobilenet_v2"},
    "reference-custom_cnn-plain": {"model": "custom_cnn", "recipe": "plain"},
    "reference-custom_cnn": {
        "model": "custom_cnn",
        "repeats": 6,
        "dropout": 0.5,
        "weight_decay": 0.05,
        "mirrored_view": True,
    },
    "reference-mobilenet_v2-fine_tuned": {"model": "mobilenet_v2", "fine_tune": 10},
}
FINE_TUNED = "reference-mobilenet_v2-fine_tuned"
WITH_MODEL = ("reference-custom_cnn", FINE_TUNED)
SEEDS_FILE = "seeds.json"
_LEAST_AGREEMENT = 0.999
_DECISIONS = Path(__file__).with_name("reference_annotations.csv")
# Shipped runs name this folder, not a path on the machine that trained them: put the photos
# there, and they are found.
_DATA = "dogs-vs-cats"


def main() -> None:
    """Train the missing runs one after the other, and write the shipped files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a folder or a zip")
    parser.add_argument("--others", type=Path, help="pictures of other things, a folder per kind")
    parser.add_argument("--seeds", type=int, nargs="+", default=[SEED, *OTHER_SEEDS])
    options = parser.parse_args()
    root = opening.open_source(options.data)
    pictures = opening.open_source(options.others) if options.others else None
    artifacts = paths.shipped_backbone().parent
    for name in RECIPES:
        run = trained(name, SEED, root)
        ship(name, run, root, artifacts / name, pictures=pictures)
        if name == FINE_TUNED:
            ship_backbone(run, paths.shipped_backbone())
            if pictures:
                seen = other_things.embedded(pictures, artifacts / name / layout.LITERT_MODEL)
                other_things.save(seen, others.file(identity(paths.shipped_backbone())))
    other_seeds = [seed for seed in options.seeds if seed != SEED]
    figures = [_figures(name, trained(name, s, root)) for name in RECIPES for s in other_seeds]
    _keep(figures, artifacts / SEEDS_FILE)


def trained(name: str, seed: int, root: Path) -> Run:
    """Return the finished run of a recipe with ``seed``, training it if there is none.

    Afterwards the environment of this process points to the data and runs of that seed and recipe.
    """
    work = paths.cache_dir() / "reference" / f"seed-{seed}"
    os.environ["CATSDOGS_DATA"] = str(work / "data")
    os.environ["CATSDOGS_ARTIFACTS"] = str(work / name)
    if not annotations.in_effect(root):
        _command("data", "health", str(root))  # Also finds the near duplicates.
        _decide(root, seed)
    config = RunConfig(data=str(root), seed=seed, **RECIPES[name])
    fingerprint = index.scan(root).fingerprint()
    if not (finished := _finished(config, fingerprint)):
        options = (_option(*setting) for setting in RECIPES[name].items())
        _command("train", "--data", str(root), "--seed", str(seed), *chain(*options))
        finished = _finished(config, fingerprint)
    return finished[0]


def reviewed() -> list[dict[str, str]]:
    """Return the decisions of the review, a row per photo: name, action, label and why."""
    with _DECISIONS.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def ship(name: str, run: Run, root: Path, target: Path, *, pictures: Path | None = None) -> None:
    """Write the shipped files of a run that was just ``trained`` on ``root`` to ``target``."""
    target.mkdir(parents=True, exist_ok=True)
    for file in (layout.EVALUATION, layout.PREDICTIONS):
        shutil.copyfile(run.folder / file, target / file)
    about = _about(name, run)
    files.write_json(target / layout.CONFIG, about.to_json())
    events = (run.folder / layout.EVENTS).read_text("utf-8").splitlines()
    ending = json.loads(events[-1])
    if name in WITH_MODEL:
        ending["result"] |= _ship_model(run, root, target, pictures if name == FINE_TUNED else None)
        ending["result"]["model_bytes"] = (target / layout.LITERT_MODEL).stat().st_size
    ending["result"]["sha256"] = model_files.checksums(target)
    lines = [*events[:-1], json.dumps(ending)]
    files.write_text(target / layout.EVENTS, "\n".join(lines) + "\n")
    shipped = store.load(target)
    files.write_text(target / layout.MODEL_CARD, model_card(shipped, "finished", shipped.result))
    _require_no_path(target, root)


def ship_backbone(run: Run, target: Path) -> None:
    """Write the backbone of a fine-tuned run as a Keras weights file in float16."""
    import h5py

    from catsdogs.learning import models
    from catsdogs.learning.frameworks import keras
    from catsdogs.learning.views import one_view

    model = keras.models.load_model(run.folder / layout.KERAS_MODEL)
    backbone, _ = models.parts_of_mobilenet_v2(one_view(model)[0])
    with TemporaryDirectory() as folder:
        exact = Path(folder) / target.name
        backbone.save_weights(exact)
        with h5py.File(exact) as source, h5py.File(target, "w", libver="latest") as half:
            source.visititems(lambda path, item: _copy_in_half(path, item, half))


def _copy_in_half(path: str, item: Any, half: Any) -> None:
    if hasattr(item, "shape"):
        values = item[()].astype("float16")
        half.create_dataset(path, data=values, compression="gzip", compression_opts=9, shuffle=True)
    else:
        half.require_group(path).attrs.update(item.attrs)


def _about(name: str, run: Run) -> About:
    """Return the contents of a shipped run's ``config.json``, without its original paths."""
    config = RunConfig.from_json({**run.config.to_json(), "data": _DATA})
    images = run.about.dataset.images + run.about.annotations.excluded
    return structs.replace(
        run.about,
        run=name,
        reference=True,
        config=config.to_json(),
        command=repeating(config),
        dataset=structs.replace(run.about.dataset, name=f"Dogs vs. Cats, {images:,} photos"),
    )


def _ship_model(run: Run, root: Path, target: Path, pictures: Path | None) -> dict[str, Any]:
    """Write the model in float16 and what it needs; return what its result says about them."""
    from catsdogs.learning import quantization
    from catsdogs.learning.limits import both_limits
    from catsdogs.learning.preparing import Sides
    from catsdogs.learning.referencing import references

    model = target / layout.LITERT_MODEL
    measured = quantization.quantized(FLOAT16, run, model)
    print(f"{target.name}: {measured}")
    if measured.same_label < _LEAST_AGREEMENT:
        raise SystemExit(f"Expected the same label in float16. Received: {measured}.")
    records = index.scan(root).usable
    found = split(records, run.config.split_rule)
    seen = other_things.embedded(pictures, model) if pictures else None
    sides = Sides(run.config, records, found.train, found.validation, records.iloc[found.test])
    kept = references(sides, None, root, model, fitted=len(found.train), others=seen)
    if kept is not None:
        kept.save(target)
    if not run.config.fine_tune:
        return {}
    limits = both_limits(sides, root, model, lambda done, total: None)
    return {"both": to_builtins(limits)}


def _figures(name: str, run: Run) -> dict[str, Any]:
    return {
        "recipe": name,
        "seed": run.config.seed,
        "images": run.about.dataset.images,
        "val_accuracy": run.result.val_accuracy,
        "val_loss": run.result.val_loss,
        "seconds": run.result.total_s,
    }


def _require_no_path(folder: Path, root: Path) -> None:
    """Check that no file in a shipped folder contains the path of the photos."""
    revealing = [f for f in folder.iterdir() if os.fsencode(root.parent) in f.read_bytes()]
    if revealing:
        raise SystemExit(
            f"Expected no path of this machine in a shipped file. Received: {root.parent} in "
            f"{revealing}."
        )


def _finished(config: RunConfig, fingerprint: str) -> list[Run]:
    """Return the finished runs with these settings on the photos with this fingerprint."""
    return [
        run
        for run in store.list_runs()[0]
        if run.state is State.FINISHED
        and repeating(run.config) == repeating(config)
        and run.about.dataset.fingerprint == fingerprint
    ]


def _keep(figures: list[dict[str, Any]], file: Path) -> None:
    """Add figures of seeds to those in a file, in the place of older ones of the same run."""
    known = json.loads(file.read_text("utf-8")) if file.is_file() else []
    kept = {(one["recipe"], one["seed"]): one for one in (*known, *figures)}
    files.write_json(file, [kept[key] for key in sorted(kept)])


def _option(name: str, value: Any) -> list[str]:
    option = f"--{name.replace('_', '-')}"
    return [option] if value is True else [option, str(value)]


def _command(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "catsdogs", *arguments], check=True)


def _decide(root: Path, seed: int) -> None:
    """Import the decisions about photos on the training side of this seed."""
    records, rule = index.scan(root).usable, Rule(seed=seed)
    train = records.iloc[split(records, rule).train]
    known = {
        Path(p).name: (p, digest) for p, digest in zip(train["path"], train["digest"], strict=True)
    }
    decisions = [
        Decision(*known[row["name"]], row["action"], _label(row["label"]))
        for row in reviewed()
        if row["name"] in known
    ]
    annotations.import_decisions(root, decisions)
    decided = index.scan(root).usable
    held_back = decided["path"].iloc[split(decided, rule).validation]
    if moved := set(held_back) & set(annotations.in_effect(root)):
        raise SystemExit(f"Expected decided photos on the training side. Received: {moved} moved.")


def _label(name: str) -> int | None:
    return CLASS_NAMES.index(name) if name else None


if __name__ == "__main__":
    main()
