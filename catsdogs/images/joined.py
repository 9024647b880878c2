"""Pictures of the app's own data folder that join a dataset in another folder.

In the dataset, such a picture has the path ``(corrections)/corrections/cat/0a1b.jpg``; its file is
``corrections/cat/0a1b.jpg`` in the data folder.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from catsdogs import paths

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "(corrections)"
# A folder of corrections, a label, and the digest of the picture.
_REST = re.compile(r"corrections(?:-[0-9a-f]{8})?/[a-z]+/[0-9a-f]+\.[a-z]+")


def path(file: Path) -> str:
    """Return the path of a file of the data folder inside a dataset that it joins."""
    return f"{FOLDER}/{file.relative_to(paths.data_dir()).as_posix()}"


def is_joined(path_in_dataset: str) -> bool:
    """Return whether a path in a dataset is that of a picture that joined it."""
    folder, _, rest = path_in_dataset.partition("/")
    return folder == FOLDER and _REST.fullmatch(rest) is not None


def are_joined(paths_in_dataset: "pd.Series") -> "pd.Series":
    """Return a mask of the paths that ``is_joined`` is True for."""
    import pandas as pd

    found = paths_in_dataset.str.startswith(f"{FOLDER}/").to_numpy(dtype=bool, copy=True)
    found[found] = paths_in_dataset[found].map(is_joined)
    return pd.Series(found, index=paths_in_dataset.index)


def file_of(path: Path) -> Path | None:
    """Return the file of a picture, by its path below a dataset's root; None if it did not join."""
    if FOLDER not in path.parts:
        return None
    before = len(path.parts) - 1 - path.parts[::-1].index(FOLDER)
    inside = "/".join(path.parts[before:])
    file = paths.data_dir() / inside.removeprefix(f"{FOLDER}/")
    # They are the same if the data folder has this odd name.
    return file if is_joined(inside) and file != path else None
