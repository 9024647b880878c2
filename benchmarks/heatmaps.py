"""Do heat maps show what a model looks at?

    python -m benchmarks.heatmaps RUN [RUN …] [--photos 200] [--json]

This is the deletion test (Petsiuk et al., "RISE", 2018, arXiv:1806.07421). It paints the hottest
fifth of a validation photo in the photo's mean colour, then a random fifth instead: once of the
pixels, once of blocks as large as a cell of the heat map. Prints the mean probability of the class
that the model saw in the whole photo, and how often the hottest fifth lowered it more. The runs'
photos must still be where they were.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from catsdogs.features.litert import LiteRTModel
from catsdogs.images import picture
from catsdogs.images.parallel import map_files
from catsdogs.labels import PETS
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.run import Run
from catsdogs.sources import opening

SHARE = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [tested(store.find_usable(name), options.photos) for name in options.runs]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print(
        "| run | photos | whole | without the hottest fifth | without random pixels | without "
        "random blocks | hottest lowers it more than pixels | than blocks |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['run']} | {row['photos']} | {row['whole']:.1%} | {row['hottest']:.1%} | "
            f"{row['pixels']:.1%} | {row['blocks']:.1%} | {row['more_than_pixels']:.0%} | "
            f"{row['more_than_blocks']:.0%} |"
        )


def tested(run: Run, count: int) -> dict[str, object]:
    """Return the mean probabilities over ``count`` validation photos, and how often they fall."""
    model = LiteRTModel(run.folder / layout.LITERT_MODEL)
    predictions = model_files.read_predictions(run)
    count = min(count, len(predictions))
    names = predictions["path"].sample(count, random_state=0).tolist()
    root = opening.open_source(Path(run.config.data))
    decoded = map_files(root, names, lambda content: picture.load_square(content, model.side))
    generator = np.random.default_rng(0)
    rows = [_probabilities(model, pixels, generator) for _, pixels in decoded]
    whole, hottest, pixels, blocks = np.array(rows).T
    return {
        "run": run.title,
        "photos": count,
        **{"whole": whole.mean(), "hottest": hottest.mean()},
        **{"pixels": pixels.mean(), "blocks": blocks.mean()},
        "more_than_pixels": float((hottest < pixels).mean()),
        "more_than_blocks": float((hottest < blocks).mean()),
    }


def _probabilities(
    model: LiteRTModel, pixels: np.ndarray, generator: np.random.Generator
) -> tuple[float, ...]:
    """Return the first class' probability: for the whole photo and without each kind of fifth."""
    outputs = model(pixels)
    label = PETS.of(outputs["p_dog"].item())
    heat = outputs["heatmap"] if label == "dog" else -outputs["heatmap"]
    side = model.side
    fifths = (
        _resized(heat, side, Image.Resampling.BICUBIC),
        generator.random((side, side)),
        _resized(generator.random(heat.shape), side, Image.Resampling.NEAREST),
    )
    seen = [pixels, *(_without(pixels, scores) for scores in fifths)]
    p_dog = np.array([model(one)["p_dog"].item() for one in seen])
    return tuple(p_dog if label == "dog" else 1 - p_dog)


def _resized(values: np.ndarray, side: int, how: Image.Resampling) -> np.ndarray:
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize((side, side), how))


def _without(pixels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return pixels (S, S, 3) whose fifth with the highest scores (S, S) has the mean colour."""
    gone = np.argsort(scores, axis=None)[-round(SHARE * scores.size) :]
    flat = pixels.reshape(-1, 3).copy()
    flat[gone] = pixels.mean(axis=(0, 1)).round().astype(np.uint8)
    return flat.reshape(pixels.shape)


if __name__ == "__main__":
    main()
