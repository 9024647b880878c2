"""How well does "neither" hold for animals and things that a run has never met?

    python -m benchmarks.unseen DATASET OTHERS RUN [RUN …] [--json]

RUN is a MobileNetV2 run whose photos are in DATASET, such as an included one. OTHERS is a folder of
pictures without pets, with a sub-folder per kind. Five times, a fifth of 160 clusters of photos and
a fifth of the kinds are held out of references, evidence and floors, which are made as at the end
of a training. The floor is the one for 1 % of pets. Prints which share of the validation photos in
held-out clusters is refused, and which share is found of the pictures of held-out kinds and of
look-alikes. Nothing is ever fitted on these wild cats. Prints the area under the ROC curve of
clusters against kinds, too.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import roc_auc_score

from benchmarks.neither import seen
from catsdogs.dataset import index
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL
from catsdogs.features.litert import LiteRTModel
from catsdogs.inference.rejection import COUNT
from catsdogs.learning import unseen
from catsdogs.learning.others import Others
from catsdogs.learning.referencing import CAUTION_FROZEN, FITTED
from catsdogs.learning.unseen import Known
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.run import Run
from catsdogs.sources import opening
from tools import other_things

_CLUSTERS, _FOLDS = 160, 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("others", type=Path)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [
        measured(store.find_usable(name), options.dataset, options.others) for name in options.runs
    ]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print("| run | held-out clusters refused | other things found | look-alikes found | AUROC |")
    print("|---|---:|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['run']} | {row['clusters']:.2%} | {row['things']:.1%} | "
            f"{row['look_alikes']:.0%} | {row['auroc']:.4f} |"
        )


def measured(run: Run, dataset: Path, pictures: Path) -> dict[str, object]:
    """Return the shares below the floor, and the area under the curve, as means of the folds."""
    litert = run.folder / layout.LITERT_MODEL
    model, root = LiteRTModel(litert), opening.open_source(dataset)
    # Included runs are fitted on all of their training photos (`tools.reference`).
    known, held_back = _photos(run, model, root, None if run.is_reference else FITTED)
    others = other_things.embedded(pictures, litert)
    alike = [
        str(path.relative_to(pictures))
        for kind in other_things.LOOK_ALIKES
        for path in sorted((pictures / kind).iterdir())
    ]
    look_alikes, _ = seen(model, pictures, alike)
    clusters = KMeans(_CLUSTERS, n_init=1, random_state=0).fit(known.vectors)
    of_known, of_pets = (_folds(_CLUSTERS)[clusters.predict(x)] for x in (known.vectors, held_back))
    kinds, kind = np.unique(others.kinds, return_inverse=True)
    of_others = _folds(len(kinds))[kind]
    refused: dict[str, list[bool]] = {"clusters": [], "things": [], "look_alikes": []}
    areas = []
    for fold in range(_FOLDS):
        inside, is_apart = of_known != fold, of_others == fold
        found = unseen.references(
            known.where(inside),
            held_back[of_pets != fold][:COUNT],
            Others(others.vectors[~is_apart], others.kinds[~is_apart]),
            count=int(inside[:COUNT].sum()),
            caution=1.0 if run.config.fine_tune else CAUTION_FROZEN,
            seed=run.config.seed,
        )
        groups = (held_back[of_pets == fold], others.vectors[is_apart], look_alikes)
        scores = [np.array([found.likeness(one).score for one in group]) for group in groups]
        for name, of_group in zip(refused, scores, strict=True):
            refused[name] += (of_group < found.floors[DEFAULT_FALSE_REFUSAL]).tolist()
        is_pet = np.repeat([1, 0], [len(group) for group in groups[:2]])
        areas.append(roc_auc_score(is_pet, np.concatenate(scores[:2])))
    return {
        "run": run.title,
        **{name: float(np.mean(of_group)) for name, of_group in refused.items()},
        "auroc": float(np.mean(areas)),
        "photos": len(refused["clusters"]),
        "pictures": len(refused["things"]),
    }


def _photos(run: Run, model: LiteRTModel, root: Path, most: int | None) -> tuple[Known, np.ndarray]:
    """Return training photos, at most ``most``, and the vectors of the validation photos."""
    held_back = model_files.read_predictions(run)
    usable = index.scan(root).usable
    is_held_back = usable["digest"].isin(held_back["digest"])
    training = usable[~is_held_back].sample(frac=1, random_state=run.config.seed)[:most]
    vectors, _ = seen(model, root, training["path"].tolist())
    measured, _ = seen(model, root, usable["path"][is_held_back].tolist())
    paths, labels = training["path"].to_numpy(dtype=str), training["label"].to_numpy()
    order = np.random.default_rng(run.config.seed).permutation(len(measured))
    return Known(vectors, paths, labels), measured[order]


def _folds(count: int) -> np.ndarray:
    return np.random.default_rng(0).permutation(count) % _FOLDS


if __name__ == "__main__":
    main()
