"""The objects at an address: their names, sizes and versions."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from catsdogs.errors import Unreachable
from catsdogs.storage.address import without_secrets

NOT_FETCHED, CHANGED = "not_fetched", "changed"
TRY_AGAIN = "Check the connection and try again later: the photos read so far are kept."


class Object(NamedTuple):
    """An object by its path below the address, with what changes when its content does."""

    path: str
    size_bytes: int
    modified_ns: int
    version: str  # an ETag or a commit, "" if only its size and date are known


COLUMNS = ("path", "size_bytes", "modified_ns", "version")


class Store(Protocol):
    """The objects at one address. Any thread may call it."""

    def listed(self) -> Iterator[Object]:
        """Yield all objects.

        Raises:
            Unreachable: if they cannot be listed.
        """

    def read(self, one: Object, start: int, length: int) -> bytes:
        """Return ``length`` bytes of an object from ``start`` on.

        Raises:
            Unreachable: if they cannot be read, or the object is no longer the one that was listed.
        """


def unreachable(place: object, received: str, advice: str) -> Unreachable:
    """Return the error for an address that cannot be read now."""
    return Unreachable(
        NOT_FETCHED,
        f"Expected to read {place}. Received: {without_secrets(received)}. {advice}",
    )


def changed(
    place: object, what: str = "another version than the one that was listed"
) -> Unreachable:
    """Return the error for an object that is no longer the one that was listed."""
    return Unreachable(
        CHANGED,
        f"Expected {place} as it was when the dataset was listed. Received: {what}. Start again: "
        "the dataset is then listed again, and only what changed is read.",
    )
