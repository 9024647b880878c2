"""Write the vectors of pictures of other things: ``python -m tools.other_things PICTURES LITERT``.

PICTURES is a folder or zip with a folder per kind, as Caltech-101 has it. LITERT is the model of a
run, whose output ``embedding`` is written for the backbone with the identity in ``--weights``.
Kinds that resemble cats or dogs are left out: they measure "neither", so nothing is fitted on them.
"""

import argparse
from pathlib import Path

import numpy as np

from catsdogs.errors import UnreadableImage
from catsdogs.features.backbones import identity
from catsdogs.features.litert import LiteRTModel
from catsdogs.images import picture
from catsdogs.images.parallel import map_files
from catsdogs.inference.rejection import OTHER_THINGS, quantized, unit
from catsdogs.learning import others
from catsdogs.sources import opening
from catsdogs.system import files

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
    """Return the vectors of all pictures below ``root`` but the look-alikes."""
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
    kinds = np.array([Path(name).parent.name for name, _ in seen])
    return others.Others(unit(np.array([vector for _, vector in seen])), kinds)


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
