"""The two classes and their order: 0 = cat, 1 = dog. Only this module defines it.

A model's single output is P(dog), so "cat" is the negative and "dog" the positive class.
"""

from pathlib import PurePosixPath

CAT, DOG = 0, 1
CLASS_NAMES = ("cat", "dog")
UNLABELLED = -1
# The answer for a picture that does not resemble the training photos. It is never a photo's label.
NEITHER = "neither"

_FOLDER_LABELS = {"cat": CAT, "cats": CAT, "dog": DOG, "dogs": DOG}
_FILE_LABELS = {"cat": CAT, "dog": DOG}


def label_of_path(relative_path: str) -> int:
    """Return CAT, DOG or UNLABELLED for a path inside a dataset (``/`` as the separator).

    The nearest folder named after a class decides (``PetImages/Dog/3.jpg``). If there is none, the
    part of the file name before the first dot decides (``train/dog.3.jpg``).
    """
    path = PurePosixPath(relative_path)
    for folder in reversed(path.parent.parts):
        if folder.lower() in _FOLDER_LABELS:
            return _FOLDER_LABELS[folder.lower()]
    return _FILE_LABELS.get(path.name.split(".")[0].lower(), UNLABELLED)


def class_name(p_dog: float, threshold: float = 0.5) -> str:
    """Return "dog" if ``p_dog`` is at least ``threshold``, else "cat"."""
    return CLASS_NAMES[DOG if p_dog >= threshold else CAT]
