"""Colours converted to sRGB, the colour space of screens and of the networks' training photos.

An embedded ICC profile says which colours a file's numbers mean. A profile that cannot be used
counts as none, as in browsers.
"""

import io
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageCms

# Larger than the profile of any screen, camera or printer.
_MOST_BYTES = 4 << 20
# A profile this close to sRGB, in each of 256 levels, is sRGB: many programs write their own copy.
_SAME_LEVELS = 2
# A profile that maps all colours to nearly one, in levels, has no meaning.
_FEWEST_LEVELS = 32


class _Space(NamedTuple):
    """The colour space of a profile: the modes of its pictures, and levels to try it with."""

    modes: tuple[str, ...]
    channels: int
    levels: range


_SPACES = {
    "GRAY": _Space(("L", "I;16"), 1, range(0, 256, 5)),
    "RGB": _Space(("RGB",), 3, range(0, 256, 51)),
    "CMYK": _Space(("CMYK",), 4, range(0, 256, 51)),
}


class Conversion(NamedTuple):
    """A conversion to sRGB, from each of the modes that its colour space has."""

    transforms: dict[str, ImageCms.ImageCmsTransform]

    def applied(self, image: Image.Image) -> Image.Image:
        """Return a picture in one of the modes as RGB. An RGB picture is changed in place."""
        transform = self.transforms[image.mode]
        in_place = image.mode == transform.output_mode
        converted = ImageCms.applyTransform(image, transform, inPlace=in_place)
        return converted or image


def conversion(profile: object) -> Conversion | None:
    """Return how to convert the colours of ``profile``; None for sRGB and unusable profiles."""
    if not isinstance(profile, bytes) or not 0 < len(profile) <= _MOST_BYTES:
        return None
    return _conversion(profile)


def lab_to_rgb(image: Image.Image) -> Image.Image:
    """Return a picture in CIE L*a*b* as RGB."""
    return Conversion(
        {"LAB": _transform(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB")}
    ).applied(image)


# A dataset has few different profiles, and comparing the bytes takes microseconds.
@lru_cache(maxsize=16)
def _conversion(profile: bytes) -> Conversion | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = _SPACES[source.profile.xcolor_space.strip()]
        made = Conversion({mode: _transform(source, mode) for mode in space.modes})
        colours = _probe(space)
        found = np.asarray(made.applied(colours.copy()), dtype=int)
    except (ImageCms.PyCMSError, KeyError, OSError, ValueError, TypeError):
        return None
    plain = np.asarray(colours.convert("RGB"), dtype=int)
    is_srgb = np.abs(found - plain).max() <= _SAME_LEVELS and colours.mode != "CMYK"
    return None if is_srgb or np.ptp(found) < _FEWEST_LEVELS else made


def _probe(space: _Space) -> Image.Image:
    """Return a picture with all combinations of the levels."""
    levels = np.array(list(product(space.levels, repeat=space.channels)), dtype=np.uint8)
    return Image.frombytes(space.modes[0], (len(levels), 1), levels.tobytes())


def _transform(source: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    # Perceptual is the intent of browsers and of ImageMagick. Without its cache of one pixel,
    # threads can share a transform.
    intent, flags = ImageCms.Intent.PERCEPTUAL, ImageCms.Flags.NOCACHE
    srgb = ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(source, srgb, mode, "RGB", intent, flags)
