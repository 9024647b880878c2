"""How many pictures of a cat and a dog "may show both", and how many pictures of one of them?

    python -m benchmarks.both DATASET RUN [RUN …] [--json]

RUN is a fine-tuned run whose photos are in DATASET, such as an included one. Its validation photos
that did not set its limits become 200 composites side by side and 200 with one photo in a corner of
the other; the rest are the single photos.
"""

import argparse
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from catsdogs.dataset import index
from catsdogs.images.parallel import map_ordered
from catsdogs.images.picture import Picture
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import model_files, store
from catsdogs.runs.first_estimate import LIMITING_PHOTOS
from catsdogs.runs.run import Run
from catsdogs.sources import opening

_EACH = 200
_SIDE, _INSET = 300, 130


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [measured(store.find_usable(name), options.dataset) for name in options.runs]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print("| run | side by side | inset | single photos |")
    print("|---|---:|---:|---:|")
    for row in rows:
        shares = " | ".join(f"{row[name]:.2%}" for name in ("side_by_side", "inset", "single"))
        print(f"| {row['run']} | {shares} |")


def measured(run: Run, dataset: Path) -> dict[str, object]:
    """Return the share that may show both, of each kind of picture, and how many single ones."""
    if not run.config.fine_tune:
        raise SystemExit(f"Expected a fine-tuned run. Received: {run.title}, which cannot tell.")
    root, predictor = opening.open_source(dataset), Predictor(run)
    generator = np.random.default_rng(run.config.seed)
    # As in `catsdogs.learning.limits`: the first ones set the limits.
    photos = model_files.read_predictions(run)
    photos = photos.iloc[generator.permutation(len(photos))[LIMITING_PHOTOS:]]
    # The dataset may be in another folder than when the run was trained.
    photos = photos[["digest", "label"]].merge(index.scan(root).usable[["digest", "path"]])
    cats, dogs = (list(photos["path"][photos["label"] == label]) for label in (0, 1))
    pairs = list(zip(cats, dogs, strict=False))[: 2 * _EACH]
    single = cats[2 * _EACH :] + dogs[2 * _EACH :]

    def may_show_both(content: bytes) -> bool | None:
        picture = Picture(content)
        return predictor.shows_both(picture, predictor(picture).heatmap)

    def share(contents: Iterable[bytes]) -> float:
        return float(np.mean(list(map_ordered(contents, may_show_both))))

    def composites(some: list[tuple[str, str]], *, side_by_side: bool) -> Iterator[bytes]:
        for names in some:
            one, other = ((root / name).read_bytes() for name in names)
            yield composite(one, other, side_by_side=side_by_side)

    return {
        "run": run.title,
        "side_by_side": share(composites(pairs[:_EACH], side_by_side=True)),
        "inset": share(composites(pairs[_EACH:], side_by_side=False)),
        "single": share((root / name).read_bytes() for name in single),
        "single_photos": len(single),
    }


def composite(one: bytes, other: bytes, *, side_by_side: bool) -> bytes:
    """Return a JPEG with both photos, of the same size or the other in the lower right corner."""
    first, second = (
        Image.open(io.BytesIO(content)).convert("RGB").resize((_SIDE, _SIDE))
        for content in (one, other)
    )
    whole = Image.new("RGB", (2 * _SIDE if side_by_side else _SIDE, _SIDE))
    whole.paste(first, (0, 0))
    if side_by_side:
        whole.paste(second, (_SIDE, 0))
    else:
        whole.paste(second.resize((_INSET, _INSET)), (_SIDE - _INSET, _SIDE - _INSET))
    buffer = io.BytesIO()
    whole.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
