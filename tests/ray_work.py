"""Work for the tests of Ray: it takes its time, and notes in a file what it has computed."""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catsdogs.dataset import index
from catsdogs.distributed.ray_engine import opened
from catsdogs.features.store import rows_of
from catsdogs.images.picture import digest, load_square

ROW = np.dtype((np.float32, (3,)))


@dataclass(frozen=True)
class Noted:
    """The mean colour of each photo. The photo with the digest ``deadly`` kills the process."""

    notes: Path
    takes_s: float = 0.0
    deadly: str = ""

    def needs(self):
        return ()

    def loaded(self, place):
        return self.mean

    def mean(self, content):
        if digest(content) == self.deadly:
            os._exit(1)
        time.sleep(self.takes_s)
        with self.notes.open("a") as notes:
            notes.write(f"{digest(content)}\n")
        return load_square(content, 8).mean(axis=(0, 1), dtype=np.float32)

    def noted(self):
        return self.notes.read_text().split() if self.notes.exists() else []


def rows(root, address, work, store, **options):
    """Return the rows of the photos in ``root`` from ``store``, after computing the others."""
    dataset = index.scan(root)
    with opened("ray", address) as engine:
        return rows_of(
            *(dataset.root, dataset.usable),
            **{"store": store, "row": ROW, "work": work, "engine": engine, **options},
        )


if __name__ == "__main__":
    folder, at, notes_file, store_folder = sys.argv[1:]
    rows(Path(folder), at, Noted(Path(notes_file), 0.1), Path(store_folder))
