"""Decoded pixels of any mode as RGB: colour profiles applied, transparency put on white."""

from PIL import Image, ImageChops, ImageFile

from catsdogs.images import depth, profiles
from catsdogs.images.depth import Deep
from catsdogs.images.profiles import Conversion

_GREYS = ("1", "L", "LA", "La")
# Pillow spreads 2 and 4 bits of grey over 8, but not the value that a PNG declares transparent.
_SPREAD = {"L;2": 85, "L;4": 17}
_OPAQUE = 255


def to_rgb(
    decoded: Deep, source: ImageFile.ImageFile, raw: str
) -> tuple[Image.Image, tuple[str, ...]]:
    """Return decoded pixels, which may be changed, as RGB, and the changes in words.

    ``source`` is the opened file, and ``raw`` its ``depth.raw_mode``.
    """
    image = decoded.image
    clear = image.info.get("transparency")
    if raw in _SPREAD and isinstance(clear, int):
        image.info["transparency"] = clear * _SPREAD[raw]
    opaque, alpha = (image, decoded.alpha) if decoded.alpha else _separated(image)
    alpha, change = _visible(alpha, source.format)
    changes = [change] if change else []
    conversion = profiles.conversion(source.info.get("icc_profile"))
    rgb, is_converted = _coloured(opaque, conversion)
    if alpha is not None:
        rgb.paste("white", mask=ImageChops.invert(alpha))
    if opaque.mode == "CMYK":
        changes.append("CMYK made RGB")
    if is_converted:
        changes.append("colours converted to sRGB")
    return rgb, tuple(changes)


def _separated(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Return the colours and the transparency, None if there is none."""
    if not image.has_transparency_data or image.mode.startswith("I;16"):
        return image, None
    mode = "LA" if image.mode in _GREYS else "RGBA"
    both = image if image.mode == mode else image.convert(mode)
    return both.convert(mode[:-1]), both.getchannel("A")


def _visible(alpha: Image.Image | None, file_format: str | None) -> tuple[Image.Image | None, str]:
    """Return the transparency, None if all is opaque, and the change in words."""
    least, most = depth.extremes(alpha) if alpha else (_OPAQUE, _OPAQUE)
    if least == _OPAQUE:
        return None, ""
    if most == 0 and file_format == "BMP":  # Many programs leave the fourth byte empty.
        return None, "empty transparency ignored"
    change = "transparency put on white" if most else "fully transparent: nothing of it is visible"
    return alpha, change


def _coloured(image: Image.Image, conversion: Conversion | None) -> tuple[Image.Image, bool]:
    """Return opaque pixels as RGB, and whether a colour profile was applied.

    As in browsers, grey pictures may have a profile for RGB. Other profiles for another kind of
    colours are ignored.
    """
    if image.mode == "LAB":
        return profiles.lab_to_rgb(image), False
    if conversion and image.mode in conversion.transforms:
        return conversion.applied(image), True
    if image.mode.startswith("I;16"):
        image = depth.in_8_bits(image)
    elif image.mode == "1":
        image = image.convert("L")
    if conversion and image.mode in conversion.transforms:
        return conversion.applied(image), True
    is_cmyk = image.mode == "CMYK"
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    if conversion and "RGB" in conversion.transforms and not is_cmyk:
        return conversion.applied(rgb), True
    return rgb, False
