"""A dataset from nothing: photos that the user adds to two classes, kept in the data folder."""

import re
from pathlib import Path, PurePosixPath

from catsdogs import paths, people
from catsdogs.dataset import labelling
from catsdogs.dataset.labelling import LabelMap
from catsdogs.dataset.listing import listed
from catsdogs.dataset.name_patterns import key
from catsdogs.errors import DatasetError
from catsdogs.images import picture
from catsdogs.labels import CAT, DOG
from catsdogs.system import files

_LONGEST = 40
_DIGITS = 12  # of the hash of a photo's content, in its name
_UNSAFE = re.compile(r"[^\w -]+")


def begin(negative: str, positive: str) -> Path:
    """Return a new folder for photos of two classes, with a folder for each.

    Raises:
        ConfigError: if a name cannot be that of a class.
        DatasetError: if the folder cannot be made.
        NotAllowed: if the person may only look.
    """
    people.require_editor("make datasets")
    classes = labelling.of_own(negative, positive).classes
    first, second = _folder_name(classes.negative), _folder_name(classes.positive)
    names = first, second if key(second) != key(first) else f"{second} 2"
    root = _new(f"{first} and {second}")
    try:
        for name in names:
            (root / name).mkdir(parents=True)
    except OSError as error:
        raise DatasetError(
            f"Expected to make the folder {root}. Received: {error.strerror}. Fix this, then try "
            "again."
        ) from None
    own = None if classes.are_pets else classes
    mapped = {key(name): label for label, name in enumerate(names)}
    labelling.save(root, LabelMap(mapped, own=own))
    return root


def add(root: Path, label: int, content: bytes, name: str) -> Path:
    """Keep a photo in the folder of a class; return its path. The same photo is kept once.

    Raises:
        DatasetError: if it cannot be written, or is a photo of the other class already.
        NotAllowed: if the person may only look.
        UnreadableImage: if it is not a picture.
    """
    people.require_editor("add photos")
    picture.read_header(content)
    places = _places(root)
    given, digest = PurePosixPath(name), picture.digest(content)[:_DIGITS]
    if any(places[CAT + DOG - label].glob(f"* {digest}.*")):
        raise DatasetError(
            f"Expected a photo of one class. Received: {name}, which is in the other class already."
        )
    known = next(places[label].glob(f"* {digest}.*"), None)
    suffix = given.suffix.lower()
    kept = f"{_folder_name(given.stem)} {digest}"
    path = places[label] / f"{kept}{suffix if suffix in picture.SUFFIXES else '.jpg'}"
    try:
        files.write_bytes(known or path, content)
    except OSError as error:
        raise DatasetError(
            f"Expected to write {path.name} into {path.parent}. Received: {error.strerror}. Free "
            "some space, then add the photo again."
        ) from None
    return known or path


def images_in(folder: Path) -> list[Path]:
    """Return the files below a folder whose names are those of images, in order.

    Raises:
        DatasetError: if it is not a folder, or has no such file.
    """
    names = [name for name in listed(folder).files if Path(name).suffix.lower() in picture.SUFFIXES]
    if not names:
        raise DatasetError(f"Expected a folder with images. Received: {folder}, which has none.")
    return [folder / name for name in sorted(names)]


def is_collected(root: Path) -> bool:
    """Return whether a dataset was begun here, so that photos can be added."""
    return root.parent == _home()


def _places(root: Path) -> dict[int, Path]:
    """Return the folder of each label."""
    known = labelling.load(root).names
    found = {known[key(path.name)]: path for path in root.iterdir() if key(path.name) in known}
    if found.keys() != {CAT, DOG}:
        raise DatasetError(
            f"Expected a folder for each class in {root}. Received: {len(found)}. Make a new "
            "dataset."
        )
    return found


def _home() -> Path:
    return paths.data_dir() / "collected"


def _folder_name(name: str) -> str:
    return _UNSAFE.sub("_", name).strip()[:_LONGEST] or "_"


def _new(name: str) -> Path:
    number, root = 1, _home() / name
    while root.exists():
        number += 1
        root = _home() / f"{name} {number}"
    return root
