"""From an opened image to upright 8-bit RGB pixels, as a viewer shows them."""

from dataclasses import dataclass, replace
from functools import partial

from PIL import Image, ImageFile

from catsdogs.errors import UnreadableImage
from catsdogs.images import colours, depth, header

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# The formats whose frames follow each other in time. Those of TIFF and MPO are other pictures.
_ANIMATIONS = ("GIF", "PNG", "WEBP", "AVIF")
_MOST_FRAMES = 50
# A picture whose levels differ by less shows nothing, and one whose levels differ by so much shows
# something, even in an animation that fades in.
_BLANK_LEVELS, _VISIBLE_LEVELS = 16, 64


@dataclass(frozen=True)
class Decoded:
    """An upright RGB picture.

    ``changes`` are the changes that its pixels needed, in words, and ``frame`` is the number of the
    frame that it shows, from 0.
    """

    image: Image.Image
    changes: tuple[str, ...] = ()
    frame: int = 0


def decoded(image: ImageFile.ImageFile, reopened: depth.Reopened) -> Decoded:
    """Return the first frame as upright RGB, with transparency composited on white.

    If an animation begins with a frame of one colour, a later frame that shows something is
    returned.

    Raises:
        UnreadableImage: ``truncated``, ``damaged`` or ``unsupported``.
    """
    try:
        shown = _visible(image, reopened) if _is_animated(image) else _frame(image, reopened)
        turn = _UPRIGHT.get(header.orientation(image))
        upright = shown.image if turn is None else shown.image.transpose(turn)
        return Decoded(upright, shown.changes, shown.frame)
    except UnreadableImage:
        raise
    except header.PILLOW_ERRORS as error:
        raise _decode_failure(error) from None


def is_blank(image: Image.Image) -> bool:
    """Return whether a picture is of one colour, or nearly so."""
    return _contrast(image) < _BLANK_LEVELS


def _is_animated(image: ImageFile.ImageFile) -> bool:
    try:
        return image.format in _ANIMATIONS and getattr(image, "is_animated", False)
    except header.PILLOW_ERRORS:  # The second frame is damaged.
        return False


def _visible(image: ImageFile.ImageFile, reopened: depth.Reopened) -> Decoded:
    """Return the first of an animation's frames that shows something, frame 0 if none does."""
    best = _frame(image, reopened, is_copied=True)
    best_contrast = _contrast(best.image)
    if best_contrast >= _BLANK_LEVELS:
        return best
    most = min(_MOST_FRAMES, 2 * header.MAX_PIXELS // (image.width * image.height))
    for number in range(1, most):
        try:
            image.seek(number)
            again = partial(_sought, reopened, number)
            frame = replace(_frame(image, again, is_copied=True), frame=number)
        except header.PILLOW_ERRORS:  # After the last frame, or at a damaged one.
            break
        contrast = _contrast(frame.image)
        if contrast > max(best_contrast, _BLANK_LEVELS):
            best, best_contrast = frame, contrast
        if contrast >= _VISIBLE_LEVELS:
            break
    return best


def _sought(reopened: depth.Reopened, number: int) -> ImageFile.ImageFile:
    image = reopened()
    image.seek(number)
    return image


def _frame(
    image: ImageFile.ImageFile, reopened: depth.Reopened, *, is_copied: bool = False
) -> Decoded:
    """Return the current frame as RGB.

    With ``is_copied``, the pixels of ``image`` stay as they are: Pillow builds the next frame of an
    animation from them.
    """
    raw = depth.raw_mode(image)
    deep = depth.loaded(image, reopened)
    if is_copied and deep.image is image:
        deep = replace(deep, image=image.copy())
    rgb, changes = colours.to_rgb(deep, image, raw)
    return Decoded(rgb, (*filter(None, [deep.change]), *changes))


def _contrast(image: Image.Image) -> int:
    """Return by how many levels the pixels differ, in the channel where they differ most."""
    extremes = [depth.extremes(band) for band in image.split()]
    return max(most - least for least, most in extremes)


def _decode_failure(error: Exception) -> UnreadableImage:
    if "truncated" in str(error).lower() or isinstance(error, EOFError):
        return header.truncated()
    # The library's own words are about its code, and sometimes quote bytes of the file.
    return UnreadableImage(
        "damaged", "The picture data are damaged. Open it in a photo editor and save it again."
    )
