"""Photos of Kaggle's *Dogs vs. Cats* that public lists name as wrong or odd.

Each number of a training image is named by at least two independent lists that people made by
viewing the photos. Its kind is given if two lists agree on it. The numbers are only hints: nothing
depends on them. The lists are the "liguo" and TensorFlow-forum exclusion lists for this dataset,
Kaggle's discussion 29162, issues of github.com/laxmimerit/dog-cat-full-dataset, github.com/htliujy/
capstone_dogs_vs_cats, and notebooks and course reports that quote their own findings.
"""

import re

from catsdogs.labels import CAT, DOG

_WRONG, _BOTH, _NEITHER = "wrong label", "both animals", "neither animal"
_DRAWING, _ODD = "a drawing", "odd"
_KNOWN = {
    (CAT, _WRONG): (4085,),
    (DOG, _WRONG): (2877, 4334, 10797, 11731),
    (CAT, _BOTH): (
        *(724, 1450, 3822, 5355, 5583, 7194, 7920),
        *(9250, 9444, 10266, 10863, 11222, 11724),
    ),
    (CAT, _NEITHER): (4338, 5351, 10712),
    (DOG, _NEITHER): (1773, 2614, 4367, 5604, 8736, 9517, 10747, 10801, 11299),
    (DOG, _DRAWING): (1308,),
    (CAT, _ODD): (
        *(2159, 2939, 3672, 4688, 5418, 7377, 7564, 7968),
        *(8456, 9171, 9882, 10029, 11184, 11565, 12272),
    ),
    (DOG, _ODD): (
        *(1043, 1194, 1259, 1895, 7164, 8507, 8898),
        *(9188, 10161, 10190, 10237, 12376),
    ),
}
_HINTS = {(label, n): kind for (label, kind), numbers in _KNOWN.items() for n in numbers}
_NAME = re.compile(r"(?:^|/)(cat|dog)\.(\d+)\.jpe?g$")
# Fewer files with Kaggle's names than this are another dataset with the same naming.
_LEAST_PHOTOS = 1000


def hints(paths: list[str]) -> dict[str, str]:
    """Return what public lists say about these files, by path; {} if they are not Kaggle's.

    They count as Kaggle's if at least a thousand files are named like Kaggle's.
    """
    numbered, found = 0, dict[str, str]()
    for path in paths:
        if named := _NAME.search(path):
            numbered += 1
            hint = _HINTS.get((CAT if named[1] == "cat" else DOG, int(named[2])))
            found |= {path: hint} if hint else {}
    return found if numbered >= _LEAST_PHOTOS else {}
