"""Buckets of S3, Google Cloud Storage and Azure, read through Arrow.

A part of an object is only used if it belongs to the version that was listed. Its size and date
must be the same. It must also fit the ETag, or the ETag must be the same before and after.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from catsdogs.errors import DatasetError, Unreachable
from catsdogs.storage import access
from catsdogs.storage.address import READ_IN_PLACE, Address, without_secrets
from catsdogs.storage.objects import TRY_AGAIN, Object, changed, unreachable

_REFUSED = re.compile(
    r"ACCESS_DENIED|INVALID_ACCESS_KEY|SIGNATURE|\b40[13]\b|PERMISSION|CREDENTIAL"
)
_CODE, _MOST_SHOWN = re.compile(r"AWS Error (\w+)"), 300
_ETAG, _DATES = "etag", ("last-modified", "updated")
_MD5 = re.compile(r'"?([0-9a-f]{32})"?')


class Bucket:
    """A ``Store``: the objects below an address of a bucket."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._base = f"{address.host}/{address.path}".rstrip("/")
        # Paths of objects begin below this. A table is the only object of its address.
        is_table = self._base.lower().endswith(READ_IN_PLACE)
        self._root = self._base.rpartition("/")[0] if is_table else self._base

    def listed(self) -> Iterator[Object]:
        """Yield all objects; see ``Store``."""
        from pyarrow.fs import FileSelector, FileType

        found = self._tried(lambda files: files.get_file_info(self._base))
        if found.type == FileType.NotFound:
            raise unreachable(self._address, "nothing at that address", "Check it.")
        if found.type == FileType.File and self._root == self._base:
            raise unreachable(
                self._address, "a single object", "Use the address of a folder, a table or a tar."
            )
        selector = FileSelector(self._base, recursive=True)
        is_file = found.type == FileType.File
        infos = [found] if is_file else self._tried(lambda files: files.get_file_info(selector))
        for info in infos:
            if info.type == FileType.File:
                path = info.path[len(self._root) + 1 :]
                yield Object(path, info.size, info.mtime_ns or 0, "")

    def read(self, one: Object, start: int, length: int) -> bytes:
        """Return a part of an object; see ``Store``."""
        return self._tried(lambda files: self._read(files, one, start, length))

    def _read(self, files: Any, one: Object, start: int, length: int) -> bytes:
        place = f"{self._root}/{one.path}"
        try:
            with files.open_input_file(place) as stream:
                about = _about(stream)
                if stream.size() != one.size_bytes or not _same_date(about, one):
                    raise changed(f"{self._address.scheme}://{place}")
                content: bytes = stream.read_at(length, start)
            if _md5(about) != hashlib.md5(content, usedforsecurity=False).hexdigest():
                # It is a part, or was uploaded in parts: nothing may have replaced it meanwhile.
                with files.open_input_file(place) as stream:
                    if _about(stream) != about:
                        raise changed(f"{self._address.scheme}://{place}")
        except FileNotFoundError:
            raise changed(f"{self._address.scheme}://{place}", "nothing at that address") from None
        if len(content) != length:
            raise OSError(f"{len(content):,} of {length:,} bytes")
        return content

    def _opening(self) -> access.Access:
        scheme, bucket = self._address.scheme, self._address.host
        return access.Access(scheme, bucket, access.variables(), access.ATTEMPTS)

    def _tried(self, step: Any) -> Any:
        try:
            return step(access.file_system(self._opening()))
        except (Unreachable, DatasetError):
            raise
        except FileNotFoundError:
            raise unreachable(self._address, "nothing at that address", "Check it.") from None
        except (OSError, ValueError, NotImplementedError) as error:
            raise self._explained(error) from None

    def _explained(self, error: Exception) -> Unreachable:
        lines = without_secrets(str(error)).splitlines() or [type(error).__name__]
        code = _CODE.search(lines[0])
        text = f"the answer {code[1]}" if code else lines[0][:_MOST_SHOWN]
        if _REFUSED.search(lines[0].upper()):
            names = ", ".join(access.CREDENTIALS[self._address.scheme][:2])
            advice = f"Check the address, and the credentials in the environment ({names})."
        else:
            advice = TRY_AGAIN
        return unreachable(self._address, text.rstrip("."), advice)


def _about(stream: Any) -> dict[str, str]:
    """Return the headers of an object that change when it does, by their names in lower case."""
    found = {_text(name).lower(): _text(value) for name, value in (stream.metadata() or {}).items()}
    return {name: found[name] for name in (_ETAG, *_DATES) if name in found}


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _same_date(about: dict[str, str], one: Object) -> bool:
    """Return whether an object has the date that was listed, as far as its headers say."""
    text = next((about[name] for name in _DATES if name in about), "")
    try:
        seconds = int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        return True
    return seconds == one.modified_ns // 10**9


def _md5(about: dict[str, str]) -> str:
    """Return the MD5 digest of the content, if the ETag is one; otherwise ""."""
    found = _MD5.fullmatch(about.get(_ETAG, ""))
    return found[1] if found else ""
