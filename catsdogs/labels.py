"""The two classes, their order (0 = cat, 1 = dog), and the labels that names give.

A model's single output is P(dog), so "cat" is the negative and "dog" the positive class. Only this
module defines that.

The grammar of labels in names, for folders and for files::

    class word   = "cat" | "cats" | "dog" | "dogs", in any case
    separator    = anything but a cased letter: blank _ - . ( ) digits, also 猫; or the change
                   from a small letter to a capital one
    name         = words and separators; a class word counts if no letter touches it
    other things = a class word after "hot", "corn" or "prairie", "no", "not", "non" or "without"
                   does not count: hot_dog, not-cat

A name with class words of one class gives that label: ``cat_0001``, ``Cat (1)``, ``flickr-cat2``,
``train_cats``, ``0_dog``, ``catPhoto``. A name without class words, or with those of both classes,
gives none: ``catalog.1``, ``hotdog_3``, ``cat_and_dog_1``, ``dogs-vs-cats``. Letters are compared
in Unicode's form NFKC.
"""

import re
import unicodedata
from functools import lru_cache

CAT, DOG = 0, 1
CLASS_NAMES = ("cat", "dog")
UNLABELLED = -1
# The answer for a picture that does not resemble the training photos. It is never a photo's label.
NEITHER = "neither"
# Part of the name of every cached table of labels. Raise it when names give other labels.
GRAMMAR_VERSION = "n2"

_LETTER = r"[^\W\d_]|[\u0300-\u036f]"
_CLASS_WORD = re.compile(
    rf"(?<!{_LETTER})(?:(hot|corn|prairie|no|not|non|without)[\W_]*)?(cat|dog)s?(?!{_LETTER})"
)
_NEW_WORD = re.compile("(?<=[a-z])(?=[A-Z])")
_FOLDERS_KEPT = 10_000


def label_of_path(relative_path: str) -> int:
    """Return CAT, DOG or UNLABELLED for a path inside a dataset (``/`` as the separator).

    The nearest folder whose name gives a label decides (``PetImages/Dog/3.jpg``). If there is none,
    the file name decides (``train/dog.3.jpg``).
    """
    folder, _, name = relative_path.rpartition("/")
    label = _label_of_folder(folder)
    return label if label != UNLABELLED else label_of_name(name)


def label_of_name(name: str) -> int:
    """Return CAT, DOG or UNLABELLED for the name of one file or folder."""
    text = name if name.isascii() else _cased_letters(name)
    lower = text.lower()
    if "cat" not in lower and "dog" not in lower:
        return UNLABELLED
    if lower != text:
        lower = _NEW_WORD.sub(" ", text).lower()
    found = {word for other, word in _CLASS_WORD.findall(lower) if not other}
    return CLASS_NAMES.index(found.pop()) if len(found) == 1 else UNLABELLED


def class_name(p_dog: float, threshold: float = 0.5) -> str:
    """Return "dog" if ``p_dog`` is at least ``threshold``, else "cat"."""
    return CLASS_NAMES[DOG if p_dog >= threshold else CAT]


@lru_cache(maxsize=_FOLDERS_KEPT)
def _label_of_folder(folder: str) -> int:
    """Return the label of the nearest folder on a path that gives one."""
    labels = (label_of_name(name) for name in reversed(folder.split("/")))
    return next((label for label in labels if label != UNLABELLED), UNLABELLED)


def _cased_letters(name: str) -> str:
    """Return ``name`` in the form NFKC, with a blank for each letter of a script without cases."""
    text = unicodedata.normalize("NFKC", name)
    return "".join(
        char if char.lower() != char.upper() or not char.isalpha() else " " for char in text
    )
