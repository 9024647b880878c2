"""Write the vectors of pictures of other things: ``python -m tools.other_things PICTURES LITERT``.

PICTURES is a folder or zip with a folder per kind, as Caltech-101 has it. LITERT is the model of a
run, whose output ``embedding`` is written for the backbone with the identity in ``--weights``.
Kinds that resemble cats or dogs are left out: they measure "neither", so nothing is fitted on them.
"""

import argparse
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from catsdogs.errors import UnreadableImage
from catsdogs.features.backbones import identity
from catsdogs.features.litert import LiteRTModel
from catsdogs.images import picture
from catsdogs.images.parallel import map_files
from catsdogs.inference.rejection import OTHER_THINGS, quantized, unit
from catsdogs.learning import others
from catsdogs.sources import opening
from catsdogs.system import files

_DRAWN = 40  # pictures of each drawn kind
LOOK_ALIKES = ("wild_cat", "cougar_body", "cougar_face", "Leopards")


def main() -> None:
    """Write the file beside the backbone that comes with the project."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("litert", type=Path)
    parser.add_argument("--weights", type=Path, required=True, help="the backbone's weights file")
    options = parser.parse_args()
    found = embedded(opening.open_source(options.pictures), options.litert)
    save(found, others.file(identity(options.weights)))


def embedded(root: Path, litert: Path) -> others.Others:
    """Return the vectors of all pictures below ``root`` but the look-alikes, and of drawn ones."""
    model = LiteRTModel(litert)
    names = sorted(
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.suffix.lower() in picture.SUFFIXES and path.parent.name not in LOOK_ALIKES
    )
    outcomes = map_files(
        root, names, lambda c: model(picture.load_square(c, model.side))["embedding"]
    )
    seen = [(name, v) for name, v in outcomes if not isinstance(v, UnreadableImage)]
    kinds = [Path(name).parent.name for name, _ in seen]
    vectors = [vector for _, vector in seen]
    for kind, image in drawn():
        kinds.append(kind)
        vectors.append(model(picture.load_square(_png(image), model.side))["embedding"])
    return others.Others(unit(np.array(vectors)), np.array(kinds))


def drawn() -> Iterator[tuple[str, Image.Image]]:
    """Yield pictures that no camera took, each with its kind."""
    generator = np.random.default_rng(1)
    for _ in range(_DRAWN):
        size = tuple(int(side) for side in generator.integers(200, 500, 2))
        first, second = (tuple(generator.integers(0, 256, 3).tolist()) for _ in range(2))
        yield "plain", Image.new("RGB", size, first)
        halves = Image.new("RGB", size, first)
        halves.paste(second, (0, int(generator.uniform(0.2, 0.8) * size[1]), *size))
        yield "halves", halves.rotate(int(generator.integers(0, 4)) * 90)
        grains = generator.integers(0, 256, (*generator.integers(4, 120, 2), 3), dtype=np.uint8)
        yield "noise", Image.fromarray(grains).resize(size)
        yield "text", _text(size, generator)


def _text(size: tuple[int, ...], generator: np.random.Generator) -> Image.Image:
    page = Image.new("RGB", size, "white")
    letters = generator.integers(97, 123, (30, 60)).astype(np.uint8)
    letters[generator.random(letters.shape) < 0.2] = ord(" ")
    words = "\n".join(line.tobytes().decode() for line in letters)
    ImageDraw.Draw(page).multiline_text((8, 8), words, fill="black")
    return page


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def save(found: others.Others, target: Path) -> None:
    """Write the vectors as int8, their kinds and where the pictures come from."""
    with files.replacing(target) as temporary:
        np.savez_compressed(
            temporary,
            vectors=quantized(found.vectors),
            kinds=found.kinds,
            source=np.array(OTHER_THINGS),
        )


if __name__ == "__main__":
    main()
