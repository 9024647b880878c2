"""Everything the app keeps between reruns, each with its reason and a key that follows the file."""

import io
from pathlib import Path

import streamlit as st
from PIL import Image, ImageOps

from catsdogs.data import images, index
from catsdogs.data.index import Dataset
from catsdogs.inference.predictor import Predictor
from catsdogs.runs.store import LITERT_MODEL, Run

THUMBNAIL_PX = 160


def dataset(root: Path) -> Dataset:
    """Return the scanned dataset, at most a minute old."""
    return _dataset(str(root), root.stat().st_mtime_ns)


def forget_datasets() -> None:
    """Make the next ``dataset`` look at the disk again."""
    _dataset.clear()


def predictor(run: Run) -> Predictor:
    """Return the run's predictor; one serves all sessions."""
    return _predictor(run, (run.folder / LITERT_MODEL).stat().st_mtime_ns)


def thumbnail(root: Path, name: str, digest: str) -> bytes:
    """Return a square JPEG of ``THUMBNAIL_PX`` pixels, the middle of the photo."""
    return _thumbnail(str(root / name), digest)


# A look at 25,000 files' dates takes half a second, too long for every click. A folder's own date
# does not tell of changes further down, hence the time limit.
@st.cache_resource(ttl=60, max_entries=4, show_spinner="Reading the dataset …")
def _dataset(root: str, mtime_ns: int) -> Dataset:
    return index.scan(Path(root))


# Loading takes a tenth of a second; each takes 20 to 45 MB, which is why only four stay.
@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs={Run: lambda run: run.run_id})
def _predictor(run: Run, mtime_ns: int) -> Predictor:
    return Predictor(run)


# Decoding takes milliseconds a photo, a page has dozens; 2,000 thumbnails are some 15 MB.
@st.cache_resource(max_entries=2000, show_spinner=False)
def _thumbnail(path: str, digest: str) -> bytes:
    photo = images.load_upright(images.read_bytes(Path(path)), at_least_px=THUMBNAIL_PX)
    square = ImageOps.fit(photo, (THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    square.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
