"""The messages about Kaggle, with a fake kagglehub that the tests control."""

import re
import sys
import zipfile
from types import SimpleNamespace

import pytest

from catsdogs.errors import DownloadError
from catsdogs.sources import opening
from catsdogs.sources.kaggle import KAGGLE_RULES, fetch_kaggle


def test_without_kagglehub_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(DownloadError, match="pip install kagglehub"):
        fetch_kaggle()


class UnauthenticatedError(Exception):
    """As in kagglehub.exceptions."""


class RefusedError(OSError):
    """As kagglehub.exceptions.KaggleApiHTTPError, which is requests' HTTPError."""

    response = SimpleNamespace(status_code=403)


@pytest.fixture
def kagglehub(monkeypatch):
    """A stand-in for kagglehub 1.0, whose download does what the test sets."""
    exceptions = SimpleNamespace(UnauthenticatedError=UnauthenticatedError)
    module = SimpleNamespace(exceptions=exceptions)
    monkeypatch.setitem(sys.modules, "kagglehub", module)
    return module


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (UnauthenticatedError("User is not authenticated"), "Settings → API"),
        (RefusedError("403 Client Error.\n\nYou must accept"), KAGGLE_RULES),
        (ValueError("Kaggle credentials file is missing 'key' key"), "access_token"),
        (ConnectionError("Name or service not known"), "Check the connection"),
    ],
)
def test_what_kaggle_refuses_is_explained(error, advice, kagglehub):
    def fail(*_, **__):
        raise error

    kagglehub.competition_download = fail
    with pytest.raises(DownloadError, match=re.escape(advice)) as caught:
        fetch_kaggle()
    assert "\n" not in str(caught.value)


def test_kaggles_zip_is_a_dataset_source_and_stdout_stays_clean(kagglehub, tmp_path, capsys):
    def competition_download(handle, *, path):
        print(f"Downloading {handle}")
        with zipfile.ZipFile(tmp_path / path, "w") as archive:
            archive.writestr("train/cat.0.jpg", b"a photo")
        return str(tmp_path / path)

    kagglehub.competition_download = competition_download
    told = []
    archive = fetch_kaggle(progress=lambda *numbers: told.append(numbers))
    assert opening.open_source(archive).is_dir()
    assert told == [(0, 0), (archive.stat().st_size,) * 2]
    assert capsys.readouterr().out == ""
