"""Train the reference runs: ``make reference DATA=/path/to/dogs-vs-cats``.

Four recipes with seed 1, and those that are cheap with seeds 2 and 3, by the project's own command
line on the photos of DATA. What a look at the health check's suspects found wrong
(``reference_annotations.csv``) is decided on the training side of each seed's split only: the
validation side stays as it is labelled. What has been trained already is not trained again.
"""

import argparse
import csv
import io
import os
import subprocess
import sys
from pathlib import Path

from catsdogs import paths
from catsdogs.data import annotations, index, sources
from catsdogs.data.split import DEFAULT_VALIDATION, split
from catsdogs.runs import store
from catsdogs.runs.events import State
from catsdogs.runs.store import Run

SEED, OTHER_SEEDS = 1, (2, 3)
# Cheap ones first; the last takes longer than all others together.
RECIPES = {
    "frozen": ["--model", "mobilenet_v2"],
    "plain": ["--model", "custom_cnn", "--recipe", "plain"],
    "default": ["--model", "custom_cnn"],
    "fine-tuned": ["--model", "mobilenet_v2", "--fine-tune", "8", "--fine-tune-from", "all"],
}
_DECISIONS = Path(__file__).with_name("reference_annotations.csv")


def main() -> None:
    """Train what is missing, one run after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a folder or a zip")
    options = parser.parse_args()
    root = sources.open_source(options.data)
    for recipe in RECIPES:
        trained(recipe, SEED, root)
    for recipe in list(RECIPES)[:-1]:
        for seed in OTHER_SEEDS:
            trained(recipe, seed, root)


def trained(recipe: str, seed: int, root: Path) -> Run:
    """Return the finished run of ``recipe`` and ``seed``, training it when there is none."""
    work = paths.cache_dir() / "reference" / f"seed-{seed}"
    os.environ["CATSDOGS_DATA"] = str(work / "data")
    os.environ["CATSDOGS_ARTIFACTS"] = str(work / recipe)
    if not (finished := _finished()):
        if not annotations.in_effect(root):
            _command("data", "health", str(root))  # Finds the near duplicates, too.
            _decide(root, seed)
        _command("train", "--data", str(root), "--seed", str(seed), *RECIPES[recipe])
        finished = _finished()
    return finished[0]


def _finished() -> list[Run]:
    return [run for run in store.list_runs()[0] if run.state is State.FINISHED]


def _command(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "catsdogs", *arguments], check=True)


def _decide(root: Path, seed: int) -> None:
    """Take over the decisions about photos that are on the training side of this seed."""
    records = index.scan(root).usable
    train, _ = split(records, validation=DEFAULT_VALIDATION, seed=seed)
    paths_by_name = {Path(path).name: path for path in records["path"].iloc[train]}
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["path", "action", "label"])
    with _DECISIONS.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if path := paths_by_name.get(row["name"]):
                writer.writerow([path, row["action"], row["label"]])
    annotations.from_csv(root, records, table.getvalue())
    decided = index.scan(root).usable
    _, held_back = split(decided, validation=DEFAULT_VALIDATION, seed=seed)
    moved = set(decided["path"].iloc[held_back]) & set(annotations.in_effect(root))
    if moved:
        raise SystemExit(f"Expected decided photos on the training side. Received: {moved} moved.")


if __name__ == "__main__":
    main()
