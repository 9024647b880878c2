"""From an opened image to upright 8-bit RGB pixels."""

from typing import Any

import numpy as np
from PIL import Image, ImageFile

from catsdogs.errors import UnreadableImage
from catsdogs.images import header

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decoded(image: ImageFile.ImageFile) -> Image.Image:
    """Return the first frame as upright RGB, with transparency composited on white.

    Raises:
        UnreadableImage: ``truncated`` or ``damaged``.
    """
    try:
        image.load()
        upright = _UPRIGHT.get(header.orientation(image))
        return _to_rgb(image if upright is None else image.transpose(upright))
    except header.PILLOW_ERRORS as error:
        raise _decode_failure(error) from None


def has_high_depth(image: Image.Image) -> bool:
    """Return whether its values are 16-bit integers, 32-bit integers or floating-point numbers."""
    return image.mode.startswith("I;16") or image.mode in ("I", "F")


def _to_rgb(image: Image.Image) -> Image.Image:
    if has_high_depth(image):
        return _high_depth_to_grey(image).convert("RGB")
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image)
        return white
    return image if image.mode == "RGB" else image.convert("RGB")


def _high_depth_to_grey(image: Image.Image) -> Image.Image:
    """Scale 16-bit and floating-point grey to 8 bits. Pillow's own conversion clips at 255."""
    values: np.ndarray[Any, Any] = np.array(image, dtype=np.float32)
    np.nan_to_num(values, copy=False)
    peak = values.max(initial=0)
    full_scale = 1.0 if peak <= 1 and image.mode == "F" else 255.0 if peak <= 255 else 65535.0
    values.clip(0, full_scale, out=values)
    values *= 255 / full_scale
    return Image.fromarray(values.astype(np.uint8))


def _decode_failure(error: Exception) -> UnreadableImage:
    if "truncated" in str(error).lower() or isinstance(error, EOFError):
        return header.truncated()
    return UnreadableImage("damaged", f"The picture data are damaged ({error}).")
