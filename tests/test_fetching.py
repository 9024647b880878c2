import gzip
import hashlib
from pathlib import Path

import pytest
from conftest import command_line, served
from hostile_tars import photos

from catsdogs.dataset import index
from catsdogs.errors import DatasetError
from catsdogs.sources import fetching, unpacking


def silent(*_):
    pass


def test_an_address_becomes_a_folder_of_images_and_the_archive_goes(archive, empty_machine):
    with served(archive) as url:
        folder = fetching.fetch(url, report=silent)
    assert len(index.scan(folder).usable) == 16
    assert not list((empty_machine / "data").rglob("*.zip"))
    # The server has stopped: it is not asked again.
    assert fetching.fetch(url, report=silent) == folder


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_a_tar_is_downloaded_like_a_zip(packed):
    with served(packed(photos(3))) as url:
        folder = fetching.fetch(url, report=silent)
    assert len(index.scan(folder).usable) == 3


def test_phases_are_reported(archive):
    reported = []
    with served(archive) as url:
        fetching.fetch(url, report=lambda *values: reported.append(values))
    assert ("download", len(archive), len(archive)) in reported
    assert reported[-1] == ("unpack", 0, 0)
    assert {phase for phase, _, _ in reported} <= set(fetching.PHASES)


def test_an_archive_that_is_damaged_inside_is_downloaded_anew(archive, empty_machine):
    place = archive.index(b"JFIF") + 200
    damaged = archive[:place] + b"\0" * 50 + archive[place + 50 :]
    with served(damaged) as url:
        with pytest.raises(DatasetError, match="cannot be unpacked"):
            fetching.fetch(url, report=silent)
        assert not list((empty_machine / "data").rglob("*.zip"))


def test_an_archive_without_room_to_unpack_is_kept(archive, empty_machine, monkeypatch):
    with served(archive) as url:
        with monkeypatch.context() as patch:
            patch.setattr(unpacking, "SPARED_BYTES", 1 << 60)
            with pytest.raises(DatasetError, match="are free"):
                fetching.fetch(url, report=silent)
        assert len(list((empty_machine / "data" / "downloads").glob("*.zip"))) == 1


def test_a_folder_in_use_is_refused_before_anything_is_downloaded(archive, tmp_path):
    with pytest.raises(DatasetError, match="new folder"):
        fetching.fetch("http://127.0.0.1:9/photos.zip", into=tmp_path, report=silent)


@pytest.mark.slow
def test_the_command_line_downloads_and_checks(archive, tmp_path):
    with served(archive) as url:
        wrong = command_line("data", "fetch", "--from", url, "--sha256", "0" * 64)
        right = hashlib.sha256(archive).hexdigest()
        out = tmp_path / "out"
        status, result = command_line(
            *("data", "fetch", "--from", url, "--sha256", right, "--out", out)
        )
    assert wrong[0] == 1
    assert "SHA-256" in wrong[1]["error"]
    assert (status, Path(result["path"])) == (0, out)
    assert len(index.scan(out).usable) == 16
