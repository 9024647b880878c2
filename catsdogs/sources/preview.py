"""A folder's images at a glance, before it becomes the dataset: counts by label, and a few photos.

Only names are read, the first bytes of files without an image's suffix, and the few photos. So even
a home folder is looked at in a moment.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path, PurePosixPath

from catsdogs.dataset import index, labelling, name_patterns, nearby_tables, recognition, table_rows
from catsdogs.dataset.listing import Listing
from catsdogs.dataset.name_patterns import Pattern
from catsdogs.dataset.nearby_tables import NearbyTable
from catsdogs.dataset.records import by_name
from catsdogs.errors import UnreadableImage
from catsdogs.images import picture
from catsdogs.images.thumbnails import SIDE_PX, square_jpeg
from catsdogs.labels import CAT, DOG, UNLABELLED, Classes, label_of_path

MOST_FILES = 100_000
_MOST_OPENED = 5_000
_PHOTOS = 8
# More photos are tried than shown, because some may not decode.
_TRIED = 4 * _PHOTOS


@dataclass(frozen=True)
class Preview:
    """A folder as a dataset, judged by the names in it.

    ``cats`` and ``dogs`` count the images of the first and the second of its ``classes``.
    If it ``is_by_hand``, the user named them, and the images need no label yet.
    ``in_class_folders`` counts the labelled images whose folder, not their name, gives the label,
    ``mapped`` those that the user's labels of folders and names apply to. ``patterns`` distinguish
    the images without a label, and ``tables`` may say their labels. ``photos`` are the path and the
    thumbnail of a few. ``rest`` are the entries that are not pictures. Without ``is_complete``,
    only the first ``MOST_FILES`` files were counted.
    """

    folder: Path
    classes: Classes
    is_by_hand: bool
    cats: int
    dogs: int
    unlabelled: int
    rest: index.Rest
    folders: int
    in_class_folders: int
    mapped: int
    patterns: tuple[Pattern, ...]
    tables: tuple[NearbyTable, ...]
    photos: tuple[tuple[str, bytes], ...]
    is_complete: bool

    @property
    def images(self) -> int:
        """The number of files that are images by name or content."""
        return self.cats + self.dogs + self.unlabelled

    @property
    def other_files(self) -> int:
        """The number of files that are not images."""
        return self.rest.other_files


def preview(folder: Path) -> Preview:
    """Return ``folder`` as a dataset, judged by the names in it.

    Raises:
        DatasetError: if it is not a folder, or it or the labels of its folders cannot be read.
    """
    listing, _ = table_rows.found(folder, at_most=MOST_FILES)
    found = _pictures(folder, listing)
    images = [name for name, path in by_name(listing.files).items() if path in found]
    by_user = labelling.load(folder)
    has_words = by_user.classes.are_pets
    own = {name: label_of_path(name) if has_words else UNLABELLED for name in images}
    given = zip(images, by_user.labels(images), strict=True)
    mapped = {name: label for name, label in given if label is not None}
    labels = own | mapped
    counts = Counter(labels.values())
    labelled = [name for name in images if name not in mapped and own[name] != UNLABELLED]
    by_file = sum(label_of_path(PurePosixPath(name).name) == own[name] for name in labelled)
    unlabelled = [name for name in images if labels[name] == UNLABELLED]
    return Preview(
        folder=folder,
        classes=by_user.classes,
        is_by_hand=by_user.own is not None,
        cats=counts[CAT],
        dogs=counts[DOG],
        unlabelled=counts[UNLABELLED],
        rest=index.rest_of(folder, listing, found),
        folders=len({name.rpartition("/")[0] for name in images}),
        in_class_folders=len(labelled) - by_file,
        mapped=sum(label != UNLABELLED for label in mapped.values()),
        patterns=tuple(name_patterns.found(unlabelled, others=len(images) - len(unlabelled))),
        tables=tuple(nearby_tables.found(folder, images)),
        photos=_photos(folder, labels),
        is_complete=len(listing.files) < MOST_FILES,
    )


def _pictures(folder: Path, listing: Listing) -> set[str]:
    """Return the files that are pictures, with the names of all and the content of a few."""
    named = {path for path in listing.files if recognition.has_image_suffix(path)}
    unsure = list(listing.files.keys() - named)[:_MOST_OPENED]
    return named | recognition.pictures(folder, {path: listing.files[path] for path in unsure})


def _photos(folder: Path, labels: dict[str, int]) -> tuple[tuple[str, bytes], ...]:
    """Return the path and the thumbnail of a few readable images, cats and dogs in turn."""
    kinds = [
        _spread([name for name, label in labels.items() if label == wanted])
        for wanted in (CAT, DOG, UNLABELLED)
    ]
    labelled = [name for name in chain(*zip_longest(*kinds[:2])) if name]
    found: list[tuple[str, bytes]] = []
    for name in labelled or kinds[2]:
        jpeg = _thumbnail(folder / name)
        if jpeg:
            found.append((name, jpeg))
        if len(found) == _PHOTOS:
            break
    return tuple(found)


def _spread(names: list[str]) -> list[str]:
    """Return a few of ``names``, evenly spread."""
    return names[:: max(1, len(names) // _TRIED)][:_TRIED]


def _thumbnail(path: Path) -> bytes | None:
    try:
        return square_jpeg(picture.load_upright(picture.read_bytes(path), at_least_px=SIDE_PX))
    except UnreadableImage:
        return None
