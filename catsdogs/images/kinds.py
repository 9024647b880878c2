"""The names of files that are not readable pictures, by content, and how to get a picture."""

import re
from typing import NamedTuple

from catsdogs.errors import UnreadableImage
from catsdogs.images import containers, jpeg, tiff

READABLE = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC"
_EXPORT_RAW = "Export it as JPEG from the camera's program or a photo editor."
_CONVERT = "Convert it to JPEG or PNG."
_UNPACK = "Unpack it, or choose it as an archive."
_DOWNLOAD = "The download of the picture failed. Download it again."
_LFS = "Run “git lfs pull” in its folder to get the picture."
_STILL = "Save a still picture of it as JPEG."
_SAVE = "Save the pictures in it as JPEG or PNG."
_NOT_A_PICTURE = "Remove it, or replace it with the picture."
_RAW = "a camera's raw file"
# Enough to see a whole tag or word, and the signature of DICOM or tar.
_HEAD = 512
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_UTF_8_MARK, _UTF_16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


class _Kind(NamedTuple):
    """A kind of file: its signature, its name and an instruction."""

    begins: re.Pattern[bytes]
    name: str
    advice: str


def _kind(begins: bytes, name: str, advice: str) -> _Kind:
    return _Kind(re.compile(begins, re.DOTALL), name, advice)


_UNSUPPORTED = (
    _kind(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 file", _CONVERT),
    _kind(rb"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL file", _CONVERT),
    _kind(rb"II\xbc", "a JPEG XR file", _CONVERT),
    _kind(rb"8BPS", "a Photoshop file", "Export it as JPEG or PNG."),
    _kind(rb"gimp xcf", "a GIMP file", "Export it as JPEG or PNG."),
    _kind(rb"\0\0[\x01\x02]\0[^\0]\0|icns", "an icon file", _CONVERT),
    _kind(rb"v/1\x01|#\?(RADIANCE|RGBE)", "a high-dynamic-range picture", _CONVERT),
    _kind(rb"P[1-7][\s#]\s*[\d#W]", "a Netpbm file (PBM, PGM or PPM)", _CONVERT),
    _kind(rb"\x0a[\0-\x05]\x01[\x01\x02\x04\x08]", "a PCX file", _CONVERT),
    _kind(rb"DDS |qoif|BPG\xfb|FLIF|AT&TFORM", "a picture of a rare format", _CONVERT),
    _kind(rb".{128}DICM", "a medical picture (DICOM)", _CONVERT),
    _kind(rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF", "a Windows metafile", _CONVERT),
)
_OTHERS = (
    _kind(rb"version https://(git-lfs|hawser)\S*", "a Git LFS pointer, not the picture", _LFS),
    _kind(
        rb"(?i)\s*(<\?xml.*?)?<(!doctype\s+html|html|head|body|script)\b", "a web page", _DOWNLOAD
    ),
    _kind(rb"(?i)\s*(<\?xml.*?)?(<!doctype svg.*?)?<svg\b", "an SVG drawing", _CONVERT),
    _kind(rb"\s*<\?xml.*?<Error>|\s*<Error>", "an error message of a web server", _DOWNLOAD),
    _kind(rb"\s*<\?xml|\s*<x:xmpmeta", "an XML document", _NOT_A_PICTURE),
    _kind(rb"\s*<\?php|#!", "a program", _NOT_A_PICTURE),
    _kind(rb"\s*%PDF-", "a PDF", _SAVE),
    _kind(rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript file", _CONVERT),
    _kind(rb"....ftyp(qt|mp4|m4|iso|3g|dash|f4v|avc1|mmp4|MSNV|XAVC)", "a video", _STILL),
    _kind(rb"\x1a\x45\xdf\xa3|RIFF....AVI |FLV\x01|\0\0\x01[\xb3\xba]|OggS", "a video", _STILL),
    _kind(rb"....ftyp", "a media file of an unusual kind", _STILL),
    _kind(rb"\0...(moov|mdat|wide|free|skip)", "a video", _STILL),
    _kind(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a video", _STILL),
    _kind(rb"ID3|\xff[\xf2\xf3\xfa\xfb]|fLaC|RIFF....WAVE", "a sound file", _NOT_A_PICTURE),
    _kind(rb"PK(\x03\x04|\x05\x06|\x07\x08)", "a zip archive", _UNPACK),
    _kind(rb"\x1f\x8b|BZh\d|\xfd7zXZ\0|\x28\xb5\x2f\xfd", "a compressed file", _UNPACK),
    _kind(rb"Rar!\x1a|7z\xbc\xaf\x27\x1c|.{257}ustar", "an archive", _UNPACK),
    _kind(
        rb"PAR1|ARROW1|\x93NUMPY|\x89HDF\r|SQLite format 3|ORC[\0-\x1f]", "a table of data", _SAVE
    ),
    _kind(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|\{\\rtf", "an Office document", _SAVE),
    _kind(rb"\0\x05\x16[\0\x07]", "a macOS companion file without a picture", "Remove it."),
    _kind(
        rb"L\0\0\0\x01\x14\x02\0|\[InternetShortcut\]", "a link, not the picture", _NOT_A_PICTURE
    ),
    _kind(rb"bplist00", "a property list of macOS or iOS", _NOT_A_PICTURE),
    _kind(rb"\x7fELF|MZ.\0|\xca\xfe\xba\xbe|[\xce\xcf]\xfa\xed\xfe", "a program", _NOT_A_PICTURE),
    _kind(rb"\s*data:image/|\s*(/9j/|iVBORw0KGgo)", "a picture as Base64 text", "Decode it first."),
    _kind(rb"\s*https?://\S+\s*$", "a web address, not the picture", "Download the picture."),
    _kind(rb"\s*[{\[]\s*([\"{\[\]}\d-]|true|false|null)", "a JSON document", _NOT_A_PICTURE),
    _kind(rb"\0+$", "only zero bytes", "Copying or downloading it failed. Copy it again."),
)
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def require_readable_kind(content: bytes) -> None:
    """Check that ``content`` is a picture of a readable kind, as far as its header says.

    Raises:
        UnreadableImage: ``unsupported`` for pictures of another kind, ``not_an_image`` for other
            files. The message names the kind and says what to do.
    """
    if content.startswith(b"\xff\xd8\xff"):
        if kind := jpeg.unsupported_kind(content):
            raise unsupported(kind, "Save it as an ordinary JPEG.")
    elif not containers.begins_like_an_image(content):
        raise _other_kind(_head(content))
    elif containers.is_raw(content):
        raise unsupported(_RAW, _EXPORT_RAW)
    elif content.startswith(containers.TIFF_STARTS):
        if tiff.is_camera_raw(content):
            raise unsupported(_RAW, _EXPORT_RAW)
        if tiff.is_misread(content):
            raise unsupported_tiff(content)


def unsupported(name: str, advice: str = _CONVERT) -> UnreadableImage:
    """Return the error for a picture of a kind that cannot be read."""
    return UnreadableImage("unsupported", f"{name[0].upper()}{name[1:]} is not supported. {advice}")


def unsupported_tiff(content: bytes) -> UnreadableImage:
    """Return the error for a TIFF that stores its pixels in a way that cannot be read."""
    return unsupported(f"a TIFF of this kind ({tiff.description(content)})")


def _other_kind(head: bytes) -> UnreadableImage:
    for kind in _UNSUPPORTED:
        if kind.begins.match(head):
            return unsupported(kind.name, kind.advice)
    named = ((kind.name, kind.advice) for kind in _OTHERS if kind.begins.match(head))
    unnamed = ("text" if _is_text(head) else "a file of an unknown kind", _NOT_A_PICTURE)
    name, advice = next(named, unnamed)
    expected = f"Expected an image ({READABLE})."
    return UnreadableImage("not_an_image", f"{expected} Received: {name}. {advice}")


def _head(content: bytes) -> bytes:
    """Return the first bytes, as UTF-8 if they are text, and without comments."""
    head = content[:_HEAD].removeprefix(_UTF_8_MARK)
    if head.startswith(_UTF_16_MARKS):
        head = head.decode("utf-16", errors="ignore").encode()
    return _COMMENT.sub(b"", head)


def _is_text(head: bytes) -> bool:
    """Return whether ``head`` has no control characters other than white space."""
    return bool(head) and _CONTROL.search(head) is None
