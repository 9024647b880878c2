"""The bytes of a request's files: in memory, or in one unnamed file that ends with the request."""

import threading
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile, SpooledTemporaryFile

from catsdogs.errors import UnreadableImage
from catsdogs.inference.answers import MOST_BYTES_EACH

_IN_MEMORY_BYTES = 4 << 20


class Spool:
    """A place for the files of one request. Any thread may read; one writes before."""

    def __init__(self) -> None:
        self.size = 0
        self._lock = threading.Lock()
        self._file = SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115
        self._unpacked: list[Path] = []

    def close(self) -> None:
        """Forget everything."""
        self._file.close()
        for path in self._unpacked:
            path.unlink(missing_ok=True)

    def write(self, content: bytes) -> None:
        """Append bytes."""
        self._file.write(content)
        self.size += len(content)

    def since(self, start: int, name: str) -> "Stored":
        """Return everything written from ``start`` on as a file of that name."""
        return Stored(name, self, start, self.size - start)

    def read(self, start: int, count: int) -> bytes:
        """Return bytes that were written before."""
        with self._lock:
            self._file.seek(start)
            return self._file.read(count)

    def as_path(self, start: int, count: int) -> Path:
        """Return the path of a copy of such bytes. It is removed with the spool."""
        with NamedTemporaryFile(prefix="catsdogs-", delete=False) as copy:
            self._unpacked.append(Path(copy.name))
            for position in range(start, start + count, _IN_MEMORY_BYTES):
                copy.write(self.read(position, min(_IN_MEMORY_BYTES, start + count - position)))
        return self._unpacked[-1]


@dataclass(frozen=True)
class Stored:
    """A file in a spool."""

    name: str
    spool: Spool
    start: int
    size: int

    def head(self, count: int) -> bytes:
        """Return its first bytes."""
        return self.spool.read(self.start, min(count, self.size))

    def content(self) -> bytes:
        """Return all of it.

        Raises:
            UnreadableImage: ``too_large``, if it is larger than a picture may be.
        """
        if self.size > MOST_BYTES_EACH:
            raise UnreadableImage(
                "too_large",
                f"Expected a file of at most {MOST_BYTES_EACH >> 20} MB. Received: "
                f"{self.size:,} bytes. Scale the picture down first.",
            )
        return self.spool.read(self.start, self.size)

    def source(self) -> bytes | Path:
        """Return it as an archive: its content, or a path if it is too large for the memory."""
        if self.size <= _IN_MEMORY_BYTES:
            return self.spool.read(self.start, self.size)
        return self.spool.as_path(self.start, self.size)
