"""The two classes, their order (0 = cat, 1 = dog), and the labels that names give.

A model's single output is P(dog), so "cat" is the negative and "dog" the positive class. Only this
module defines that. A dataset may have two classes of its own: then 0 stands for its negative and
1 for its positive class, and what the code calls ``p_dog`` is the probability of the latter.

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
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

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

# The keys of JSON documents that name a class, and the words that stand there for other classes.
_KEYS = frozenset(
    {"cats", "dogs", "p_dog", "calibrated_p_dog", "train_dogs", "val_dogs", "validation_dogs"}
    | {"cat_recall", "dog_recall", "to_cat", "to_dog"}
)
_WORDS = {"cat": "negative", "cats": "negatives", "dog": "positive", "dogs": "positives"}


@dataclass(frozen=True)
class Classes:
    """The names of two classes, which may be any text: label 0 is ``negative``, 1 ``positive``."""

    negative: str
    positive: str

    def __str__(self) -> str:
        """Return "cat and dog"."""
        return " and ".join(self.names)

    @property
    def names(self) -> tuple[str, str]:
        """Both names, in the order of the labels."""
        return self.negative, self.positive

    @property
    def are_pets(self) -> bool:
        """Whether they are the usual ones, cat and dog."""
        return self.names == CLASS_NAMES

    def name(self, label: int) -> str:
        """Return the name of label 0 or 1."""
        return self.names[label]

    def label(self, name: str) -> int:
        """Return the label of a name.

        Raises:
            ValueError: if it is neither of both.
        """
        return self.names.index(name)

    def of(self, p_dog: float, threshold: float = 0.5) -> str:
        """Return the name of the class with this P(positive class)."""
        return self.names[int(p_dog >= threshold)]

    def probability(self, name: str, p_dog: float) -> float:
        """Return the probability of the class ``name``, given that of the positive class."""
        return p_dog if name == self.positive else 1 - p_dog

    def probabilities(self, p_dog: float) -> dict[str, float]:
        """Return the probability of each class by name."""
        return {self.negative: 1 - p_dog, self.positive: p_dog}

    def plural(self, label: int) -> str:
        """Return "cats"; the name of another class as it is, because it may be any text."""
        return f"{self.names[label]}s" if self.are_pets else self.names[label]

    def one(self, label: int) -> str:
        """Return "a cat"; the name of another class as it is."""
        return f"a {self.names[label]}" if self.are_pets else self.names[label]

    def counted(self, label: int, number: int) -> str:
        """Return "1 cat", "2,000 dogs", "150 airplanes"."""
        return f"{number:,} {self.names[label] if number == 1 else self.plural(label)}"

    def key(self, key: str) -> str:
        """Return the name that ``document`` gives to a key: ``p_positive`` for ``p_dog``."""
        if self.are_pets or key not in _KEYS:
            return key
        return "_".join(_WORDS.get(word, word) for word in key.split("_"))

    def document(self, values: Any) -> Any:
        """Return a JSON document with keys that fit the classes.

        For cats and dogs that is the document itself. For others, ``p_dog`` becomes ``p_positive``,
        ``cats`` becomes ``negatives``, and so on; keys that are names of classes stay.
        """
        if self.are_pets:
            return values
        if isinstance(values, dict):
            is_by_class = set(self.names) <= values.keys()
            renamed = {key if is_by_class else self.key(key): one for key, one in values.items()}
            return {key: self.document(one) for key, one in renamed.items()}
        if isinstance(values, list | tuple):
            return [self.document(one) for one in values]
        return values


PETS = Classes(*CLASS_NAMES)


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
