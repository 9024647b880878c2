"""How much may be handled at a time. More is refused at once, instead of waiting unseen."""

from collections.abc import Iterator
from contextlib import contextmanager

from catsdogs.service.refusals import busy


class Limit:
    """A number of places. Only the thread of the event loop may use it."""

    def __init__(self, most: int, noun: str) -> None:
        self.taken = 0
        self._most, self._noun = most, noun

    def take(self, count: int = 1) -> None:
        """Take places.

        Raises:
            Refused: 429, when there are not enough.
        """
        self.require(count)
        self.taken += count

    def require(self, count: int = 1) -> None:
        """Check that there are places.

        Raises:
            Refused: 429, when there are not enough.
        """
        if self.taken + count > self._most:
            raise busy(
                f"Expected at most {self._most:,} {self._noun} at a time. Received: more. Try "
                "again in a second."
            )

    def give_back(self, count: int = 1) -> None:
        """Free places."""
        self.taken -= count

    @contextmanager
    def place(self, *, is_granted: bool = False) -> Iterator[None]:
        """Hold one place until the block ends. It ``is_granted`` if ``require`` found one before.

        Raises:
            Refused: 429, when there is none.
        """
        if not is_granted:
            self.require()
        self.taken += 1
        try:
            yield
        finally:
            self.give_back()
