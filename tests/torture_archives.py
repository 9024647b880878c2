"""Minutes of fuzzing of zips and tars: ``make torture``.

``CATSDOGS_FUZZ_S`` is how many seconds each target is fuzzed for.
"""

import bz2
import gzip
import io
import lzma
import os
import re
import subprocess
import sys
import zipfile

import pytest
from conftest import PROJECT
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
    pytest.importorskip("atheris", reason="atheris has no wheels for this machine")
    (tmp_path / "seeds").mkdir()
    for number, content in enumerate(seeds()):
        if len(content) < _LARGEST_SEED:
            (tmp_path / "seeds" / str(number)).write_bytes(content)
    done = subprocess.run(
        [
            *(sys.executable, "tests/fuzz_archives.py", target, tmp_path / "seeds", "-seed=1"),
            *(f"-max_total_time={_SECONDS}", f"-artifact_prefix={tmp_path}/"),
        ],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_SECONDS + 300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    runs = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    assert runs
    print(f"\n{target}, {_SECONDS} s: {int(runs[1]):,} archives", end=" ")
