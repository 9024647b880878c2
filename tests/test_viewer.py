"""Every readable picture has the pixels that ImageMagick or libheif show, within two levels.

Both are programs of Debian, for tests only: ``apt-get install imagemagick libheif-examples``.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import viewer_files
from PIL import Image, ImageCms

from catsdogs.images.picture import load_upright

_LEVELS = 2
_HEIF = (".heic", ".avif")
# Debian's names of the same program in its versions 6 and 7.
_CONVERT = shutil.which("convert-im6.q16") or shutil.which("magick")
_HEIF_CONVERT = shutil.which("heif-convert") or shutil.which("heif-dec")
_HEIF_ENC = shutil.which("heif-enc")


def shown(folder: Path, names: list[str]) -> dict[str, np.ndarray]:
    """Return the files as ImageMagick shows them on white in sRGB, HEIF files after libheif."""
    srgb = folder / "srgb.icc"
    srgb.write_bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    heif = [name for name in names if name.endswith(_HEIF)]
    sources = [f"{name}.png" if name in heif else name for name in names]
    for name in heif:
        run(_HEIF_CONVERT, name, f"{name}.png", folder=folder)
    on_white = ["-background", "white", "-alpha", "remove", "-depth", "8"]
    colours = ["-auto-orient", "-profile", srgb, "-colorspace", "sRGB", *on_white]
    run(_CONVERT, *sources, *colours, "+adjoin", "shown-%d.ppm", folder=folder)
    assert len(list(folder.glob("shown-*.ppm"))) == len(names), "a file was not shown"
    found = {}
    for number, name in enumerate(names):
        with Image.open(folder / f"shown-{number}.ppm") as image:
            found[name] = np.asarray(image.convert("RGB"), dtype=int)
    return found


def run(*command: object, folder: Path) -> None:
    # ImageMagick mentions tags that it does not know, and goes on.
    limits = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([str(word) for word in command], cwd=folder, env=limits, capture_output=True)


def differences(folder: Path, files: dict[str, bytes]) -> dict[str, object]:
    """Return by how many levels the files differ from those shown, where it is too much."""
    if not _CONVERT or not _HEIF_CONVERT:
        pytest.skip("needs ImageMagick and libheif: apt-get install imagemagick libheif-examples")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    found = {}
    for name, expected in shown(folder, list(files)).items():
        pixels = np.asarray(load_upright(files[name]), dtype=int)
        is_alike = pixels.shape == expected.shape
        off = np.abs(pixels - expected).max() if is_alike else (pixels.shape, expected.shape)
        if not is_alike or off > _LEVELS:
            found[name] = off
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "written",
    [viewer_files.coloured, viewer_files.grey, viewer_files.other_colours, viewer_files.turned],
)
def test_a_picture_looks_as_in_a_viewer(
    written: Callable[[], Iterator[tuple[str, bytes]]], tmp_path: Path
):
    files = dict(written())
    assert len(files) > 30
    assert differences(tmp_path, files) == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "bits"),
    # Debian's heif-enc cannot write AVIF of 10 bits.
    [(".heic", 8), (".heic", 10), (".heic", 12), (".avif", 8), (".avif", 12)],
)
def test_heif_of_each_depth_looks_as_in_a_viewer(suffix, bits, tmp_path):
    if not _HEIF_ENC:
        pytest.skip("needs libheif: apt-get install libheif-examples")
    (tmp_path / "source.png").write_bytes(viewer_files.pale(8 if bits == 8 else 16))
    codec = ["-A"] if suffix == ".avif" else []
    options = ["-q", "98", "-p", "chroma=444", "-b", bits, "-o", f"deep{suffix}"]
    run(_HEIF_ENC, *codec, *options, "source.png", folder=tmp_path)
    content = (tmp_path / f"deep{suffix}").read_bytes()
    assert differences(tmp_path, {f"deep{suffix}": content}) == {}


def test_orientations_in_other_containers_turn_the_picture():
    """ImageMagick 6 does not read them in PNG and WebP."""
    picture = Image.fromarray(viewer_files.scene())
    stored = dict(viewer_files.turned())
    for turn in range(1, 9):
        expected = np.asarray(load_upright(stored[f"turned{turn}-lzw.tif"]))
        for form, options in (("PNG", {}), ("WEBP", {"lossless": True})):
            content = viewer_files.encoded(
                picture, form, exif=viewer_files.oriented(turn), **options
            )
            np.testing.assert_array_equal(np.asarray(load_upright(content)), expected)
