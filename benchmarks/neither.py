"""How well does "neither" separate pictures without a cat or dog from photos of pets?

    python -m benchmarks.neither OTHERS RUN [RUN …] [--json]

OTHERS is a folder of pictures without pets, with a sub-folder per kind (`benchmarks.other_pictures`
makes one). For each finished run of either model, the vectors of its training photos are the
references, and its validation photos are the pets. Each fifth of the pets in turn is measured with
a floor that rejects 1 % of the other four fifths. Prints the share rejected of the pets and of each
kind, and the area under the ROC curve. It does so for several numbers of references, for those that
the run keeps (with its evidence against other things and its own floor), and for the run's own
confidence instead. The runs' photos must still be where they were.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from catsdogs.dataset import index
from catsdogs.errors import UnreadableImage
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL
from catsdogs.features.litert import LiteRTModel
from catsdogs.images import picture
from catsdogs.images.parallel import map_files
from catsdogs.inference.rejection import NEIGHBOURS, References
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.run import Run
from catsdogs.sources import opening

_COUNTS = (100, 250, 500, 1000, 2000, 4000, 8000)
_FOLDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("others", type=Path)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [row for name in options.runs for row in _measured(store.find_usable(name), options)]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    names = [name for name in rows[0] if name not in ("run", "score", "AUROC")]
    print("| run | score | AUROC |", " | ".join(names), "|")
    print("|---|---|---:|", "---:|" * len(names), sep="")
    for row in rows:
        shares = " | ".join(f"{row[name]:.1%}" for name in names)
        print(f"| {row['run']} | {row['score']} | {row['AUROC']:.4f} | {shares} |")


def _measured(run: Run, options: argparse.Namespace) -> list[dict[str, object]]:
    model = LiteRTModel(run.folder / layout.LITERT_MODEL)
    root = opening.open_source(Path(run.config.data))
    held_back = model_files.read_predictions(run)
    usable = index.scan(root).usable
    training = usable[~usable["digest"].isin(held_back["digest"])].sample(frac=1, random_state=0)
    references, _ = seen(model, root, list(training["path"][: _COUNTS[-1]]))
    pets, pets_p = seen(model, root, list(held_back["path"]))
    found = sorted(p for p in options.others.rglob("*") if p.suffix.lower() in picture.SUFFIXES)
    names = [str(path.relative_to(options.others)) for path in found]
    others, others_p = seen(model, options.others, names)
    kinds = np.array([name.split("/")[0] for name in names])
    rows = []
    for count in (*(c for c in _COUNTS if c < len(references)), len(references)):
        likeness = [_likeness(references[:count], vectors) for vectors in (pets, others)]
        rows.append({"run": run.title, "score": f"{count} references", **_row(*likeness, kinds)})
    if kept := References.read(run.folder):
        likeness = [np.array([kept.likeness(v).score for v in x]) for x in (pets, others)]
        floor = kept.likeness(pets[0]).floors[DEFAULT_FALSE_REFUSAL]
        rows.append(
            {
                "run": run.title,
                "score": "references of the run",
                **_row(*likeness, kinds, floor=floor),
            }
        )
    certainty = (np.abs(p - 0.5) for p in (pets_p, others_p))
    return [*rows, {"run": run.title, "score": "confidence of the run", **_row(*certainty, kinds)}]


def seen(model: LiteRTModel, root: Path, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return unit vectors (N, D) and P(dog) (N,) of the files, which must all decode."""
    vectors, p_dog = [], []
    for name, outputs in map_files(
        root, names, lambda c: model(picture.load_square(c, model.side))
    ):
        if isinstance(outputs, UnreadableImage):
            raise SystemExit(f"Expected pictures that decode. Received: {name}. {outputs}")
        vector = outputs["embedding"].astype(np.float32)
        vectors.append(vector / max(float(np.linalg.norm(vector)), 1e-12))
        p_dog.append(outputs["p_dog"].item())
    return np.stack(vectors), np.array(p_dog)


def _likeness(references: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    cosines = vectors @ references.T
    return np.partition(cosines, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:].mean(axis=1)


def _row(
    pets: np.ndarray, others: np.ndarray, kinds: np.ndarray, *, floor: float | None = None
) -> dict[str, float]:
    is_pet = np.concatenate([np.ones(len(pets)), np.zeros(len(others))])
    order = np.random.default_rng(0).permutation(len(pets))
    refused_pets, floors = 0, []
    for fold in np.array_split(order, _FOLDS):
        rest = np.setdiff1d(order, fold)
        floors.append(np.quantile(pets[rest], DEFAULT_FALSE_REFUSAL, method="lower"))
        refused_pets += int((pets[fold] < floors[-1]).sum())
    refused = others < (np.mean(floors) if floor is None else floor)
    return {
        "AUROC": float(roc_auc_score(is_pet, np.concatenate([pets, others]))),
        f"pets ({len(pets):,})": refused_pets / len(pets),
        f"others ({len(others):,})": float(refused.mean()),
        **{
            f"{kind} ({(kinds == kind).sum()})": float(refused[kinds == kind].mean())
            for kind in sorted(set(kinds))
        },
    }


if __name__ == "__main__":
    main()
