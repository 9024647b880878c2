"""Minutes of fuzzing of zips and tars: ``make torture``.

``CATSDOGS_FUZZ_S`` is how many seconds each target is fuzzed for.
"""

import bz2
import gzip
import io
import lzma
import os
import zipfile

import pytest
from fuzzing import fuzzed
from hostile import photo
from hostile_tars import REFUSED, nested, photos, unsafe

_SECONDS = int(os.environ.get("CATSDOGS_FUZZ_S", "300"))
_LARGEST_SEED = 60_000


def _tars() -> list[bytes]:
    plain = photos(3)
    made = [plain, nested(3), unsafe(), gzip.compress(plain), bz2.compress(plain)]
    hostile = [make() for name, (make, _) in REFUSED.items() if "bomb" not in name]
    return [*made, lzma.compress(plain), *hostile]


def _zips() -> list[bytes]:
    made = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for name in ("cat.1.jpg", "dog.1", "notes.txt"):
                archive.writestr(name, photo())
            archive.writestr("in.tar", photos(1))
        made.append(buffer.getvalue())
    return made


@pytest.mark.parametrize(("target", "seeds"), [("tar", _tars), ("zip", _zips)])
def test_no_archive_that_fuzzing_finds_breaks_its_reader(target, seeds, tmp_path):
    (tmp_path / "seeds").mkdir()
    for number, content in enumerate(seeds()):
        if len(content) < _LARGEST_SEED:
            (tmp_path / "seeds" / str(number)).write_bytes(content)
    tried, _ = fuzzed("fuzz_archives.py", target, tmp_path / "seeds", seconds=_SECONDS)
    print(f"\n{target}, {_SECONDS} s: {tried:,} archives", end=" ")
