"""Kaggle's Dogs vs. Cats through kagglehub, an optional package that is imported when needed."""

import contextlib
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from catsdogs import paths
from catsdogs.errors import Cancelled, DownloadError
from catsdogs.images.parallel import Progress
from catsdogs.sources import http
from catsdogs.system.locks import exclusive

KAGGLE_RULES = "https://www.kaggle.com/c/dogs-vs-cats/rules"
KAGGLE_TOKEN_ADVICE = (
    "Create a token on kaggle.com under Settings → API (https://www.kaggle.com/settings/api), save "
    "it as ~/.kaggle/access_token or in the variable KAGGLE_API_TOKEN (a legacy kaggle.json works "
    f"too), and accept the competition's rules at {KAGGLE_RULES}."
)


def fetch_kaggle(
    *, progress: Progress | None = None, should_stop: Callable[[], bool] = lambda: False
) -> Path:
    """Return Kaggle's ``train.zip`` (the labelled half) in kagglehub's cache, downloading it once.

    kagglehub resumes and checks the file, and draws its own progress bar on stderr. It has no hook
    for ``progress``, which is only called at the start, with (0, 0), and at the end. After a stop,
    its thread ends with this process. The bytes received are kept.

    Raises:
        Cancelled: if ``should_stop`` returned True.
        DownloadError: without kagglehub, a token, accepted rules, or a network.
    """

    def on_wait() -> None:
        if should_stop():
            raise Cancelled("Stopped downloading from Kaggle. The part so far is kept.")

    kagglehub = _kagglehub()
    if progress:
        progress(0, 0)
    try:
        paths.data_dir().mkdir(parents=True, exist_ok=True)
        lock = paths.data_dir() / "kaggle.lock"
        # kagglehub prints to stdout, which the command line reserves for the result.
        with exclusive(lock), contextlib.redirect_stdout(sys.stderr):
            archive = http.awaited(
                lambda: Path(kagglehub.competition_download("dogs-vs-cats", path="train.zip")),
                on_wait,
            )
        size_bytes = archive.stat().st_size
    except Cancelled:
        raise
    except Exception as error:  # kagglehub raises any error of the packages it uses.
        raise _explained(error, kagglehub) from None
    if progress:
        progress(size_bytes, size_bytes)
    return archive


def _kagglehub() -> Any:
    try:
        # kagglehub logs to the stdout that it finds at import.
        with contextlib.redirect_stdout(sys.stderr):
            return importlib.import_module("kagglehub")
    except ImportError as error:
        raise DownloadError(
            f"Expected the package kagglehub, which downloads from Kaggle. Received: {error}. "
            "Run: pip install kagglehub"
        ) from None


def _explained(error: Exception, kagglehub: Any) -> DownloadError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    # kagglehub raises ValueError for a kaggle.json without a user name or a key.
    no_access = isinstance(error, kagglehub.exceptions.UnauthenticatedError | ValueError)
    advice = KAGGLE_TOKEN_ADVICE if no_access or status in (401, 403) else http.TRY_AGAIN
    received = " ".join(str(http.cause(error)).split()).rstrip(".") or type(error).__name__
    return DownloadError(
        f"Expected train.zip of Kaggle's Dogs vs. Cats. Received: {received}. {advice}"
    )
