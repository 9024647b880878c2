"""Lists of photos whose thumbnails a browser requests one by one, such as under the mouse.

The thumbnails of a grid travel in its message; a map of 25,000 photos has too many for that.
``ui/api.py`` answers the requests.
"""

import hashlib
import secrets
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from catsdogs.images.thumbnails import thumbnails

PLACE = "thumbnails"
# Those that several sessions look at. A list of 25,000 photos takes 5 MB.
_MOST_LISTS = 8
_Photos = Sequence[tuple[str, str]]  # the path and the digest of each


def address(root: Path, photos: _Photos) -> str:
    """Return the address of a list, relative to any page; "<address>/<n>" is that of photo n.

    Nobody can guess it, and it is the same for the same photos. Only the lists of the latest calls
    have one.
    """
    return f"{PLACE}/{_lists().add(root, photos)}"


def thumbnail(token: str, number: str) -> tuple[str, bytes] | None:
    """Return the path and the JPEG of a photo by the last two parts of its address.

    None if there is no such photo, or if it cannot be shown.
    """
    found = _lists().find(token)
    if found is None or not (number.isascii() and number.isdecimal()):
        return None
    root, photos = found
    one = photos[int(number)] if int(number) < len(photos) else None
    jpeg = thumbnails(root, [one])[0] if one else None
    return (one[0], jpeg) if one and jpeg else None


class _Lists:
    """The latest lists, by a token that depends on a secret of this process."""

    def __init__(self) -> None:
        self._secret, self._lock = secrets.token_bytes(32), threading.Lock()
        self._known: dict[str, tuple[Path, _Photos]] = {}

    def add(self, root: Path, photos: _Photos) -> str:
        content = "\0".join([str(root), *(part for photo in photos for part in photo)])
        encoded = content.encode(errors="surrogateescape")
        token = hashlib.blake2b(encoded, key=self._secret, digest_size=16).hexdigest()
        with self._lock:
            self._known.pop(token, None)
            self._known[token] = (root, photos)
            for oldest in list(self._known)[:-_MOST_LISTS]:
                del self._known[oldest]
        return token

    def find(self, token: str) -> tuple[Path, _Photos] | None:
        with self._lock:
            return self._known.get(token)


@cache
def _lists() -> _Lists:
    return _Lists()
