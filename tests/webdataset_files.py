"""Tars in the form of WebDataset."""

import io
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path


def write_tar(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    """Write a tar of files with these names and contents."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def write_samples(path: Path, contents: Sequence[bytes], labels: Sequence[str]) -> Path:
    """Write images and their labels as ``webdataset.TarWriter`` does."""
    samples = enumerate(zip(contents, labels, strict=True))
    return write_tar(
        path,
        [
            part
            for number, (content, label) in samples
            for part in (
                (f"{number:06}.jpg", content),
                (f"{number:06}.cls", label.encode()),
            )
        ],
    )
