"""Reading a file of decisions about a dataset, with an error that says what would be lost."""

from pathlib import Path
from typing import TypeVar

import msgspec

from catsdogs.errors import DatasetError

T = TypeVar("T")


def read(place: Path, of: type[T], *, what: str, again: str, without: str) -> T | None:
    """Return the content of the JSON file ``place`` as the type ``of``; None if it does not exist.

    The error says ``what`` is in the file, how to make it ``again``, and the result ``without`` it.

    Raises:
        DatasetError: if it cannot be read.
    """
    try:
        return msgspec.json.decode(place.read_bytes(), type=of)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(
            f"Expected to read {what} in {place}. Received: {reason}. Fix this first, or delete "
            f"the file and {again}: without them, {without}."
        ) from None
