"""Pictures that a model classified wrongly, copied to ``corrections/<label>/<digest>.jpg``.

The subfolders are named after the labels, so the folder is a dataset once it contains a cat or dog.
Pictures of two other classes have a folder of their own, in which ``negative`` and ``positive``
stand for the classes: their names may be any text. Corrections can join another dataset, which
``index`` then reads them into.
"""

import hashlib
from pathlib import Path, PurePosixPath

from catsdogs import paths, people
from catsdogs.dataset import decision_file, labelling
from catsdogs.dataset.labelling import LabelMap
from catsdogs.images import picture
from catsdogs.labels import CAT, DOG, NEITHER, PETS, Classes
from catsdogs.system import files

_OTHERS = ("negative", "positive")


def labels(classes: Classes = PETS) -> list[str]:
    """Return what a picture can be marked as: one of both classes, or neither."""
    return [*classes.names, NEITHER]


def folder(classes: Classes = PETS) -> Path:
    """Folder of the corrections."""
    if classes.are_pets:
        return paths.data_dir() / "corrections"
    key = hashlib.sha256(repr(classes.names).encode()).hexdigest()[:8]
    return paths.data_dir() / f"corrections-{key}"


def keep(content: bytes, name: str, label: str, *, classes: Classes = PETS) -> Path:
    """Copy a picture to the folder of ``label`` and remove it from the others; return its path.

    The copy keeps the suffix of ``name`` if that is one of an image.

    Raises:
        DatasetError: if the names of other classes cannot be written.
        OSError: if it cannot be written.
        NotAllowed: if the person may only look.
    """
    people.require_editor("correct labels")
    suffix = PurePosixPath(name).suffix.lower()
    kept = f"{picture.digest(content)}{suffix if suffix in picture.SUFFIXES else '.jpg'}"
    if not classes.are_pets:
        names = dict(zip(_OTHERS, (CAT, DOG), strict=True))
        labelling.save(folder(classes), LabelMap(names, own=classes))
    path = _folders(classes)[label] / kept
    files.write_bytes(path, content)
    for other in _copies(content, classes):
        if other != path:
            other.unlink(missing_ok=True)
    return path


def find(content: bytes, classes: Classes = PETS) -> Path | None:
    """Return the path of a picture's copy, None if there is none. Its folder gives the label."""
    return next(iter(_copies(content, classes)), None)


def label_of(copy: Path, classes: Classes = PETS) -> str:
    """Return the label that a copy was kept under."""
    return next(label for label, place in _folders(classes).items() if place == copy.parent)


def undo(content: bytes, classes: Classes = PETS) -> None:
    """Remove the copy of a picture.

    Raises:
        OSError: if it cannot be removed.
        NotAllowed: if the person may only look.
    """
    people.require_editor("correct labels")
    for path in _copies(content, classes):
        path.unlink(missing_ok=True)


def has_pets(classes: Classes = PETS) -> bool:
    """Return whether the corrections contain a photo of either class, as a dataset must."""
    folders = _folders(classes)
    return any(any(folders[name].glob("*.*")) for name in classes.names)


def join(root: Path, *, join_: bool) -> None:
    """Let the corrections join the dataset in ``root``, or leave it again.

    Raises:
        OSError: if the choice cannot be written.
        NotAllowed: if the person may only look.
    """
    people.require_editor("change a dataset")
    if join_:
        files.write_json(switch(root), True)
    else:
        switch(root).unlink(missing_ok=True)


def has_joined(root: Path) -> bool:
    """Return whether the corrections have joined the dataset in ``root``.

    Raises:
        DatasetError: if the choice cannot be read.
    """
    return bool(
        decision_file.read(
            switch(root),
            bool,
            what="whether corrections join the dataset",
            again="let them join again",
            without="the dataset would have fewer images",
        )
    )


def switch(root: Path) -> Path:
    """Return the file with the choice about the dataset in ``root``."""
    return paths.review_dir(root) / "corrections.json"


def places(classes: Classes = PETS) -> list[Path]:
    """Return the folders of the pictures that can join a dataset: those of both classes."""
    folders = _folders(classes)
    return [folders[name] for name in classes.names]


def _folders(classes: Classes) -> dict[str, Path]:
    """Return the folder of each label."""
    names = classes.names if classes.are_pets else _OTHERS
    return {
        label: folder(classes) / name
        for label, name in zip(labels(classes), (*names, NEITHER), strict=True)
    }


def _copies(content: bytes, classes: Classes) -> list[Path]:
    digest = picture.digest(content)
    return [path for place in _folders(classes).values() for path in place.glob(f"{digest}.*")]
