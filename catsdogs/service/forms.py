"""Multipart forms, read while they arrive: files go into one spool, fields into a table."""

from collections.abc import Sized
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from catsdogs.inference.answers import MOST_PICTURES
from catsdogs.service.refusals import Refused
from catsdogs.service.spool import Spool, Stored

_MOST_FIELDS, _MOST_FIELD_BYTES, _MOST_HEADER_BYTES = 100, 4096, 8192


@dataclass
class _Part:
    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    file_name: str | None = None
    value: bytes = b""
    begins_at: int = 0


class Form:
    """A multipart form. ``fields`` are (name, value), ``files`` what it uploads."""

    def __init__(self, content_type: str, spool: Spool) -> None:
        """Begin to read a form.

        Raises:
            Refused: 400, when ``content_type`` names no boundary.
        """
        self.fields: list[tuple[str, str]] = []
        self.files: list[Stored] = []
        self._spool, self._part, self._header = spool, _Part(), (b"", b"")
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise _malformed("no boundary in its Content-Type")
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_begin": self._begin_header,
                "on_header_field": self._add_header_name,
                "on_header_value": self._add_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._add_data,
                "on_part_end": self._end,
                "on_end": self._complete,
            },
        )
        self._is_complete = False

    def add(self, chunk: bytes) -> None:
        """Read the next bytes.

        Raises:
            Refused: 400 for bytes that are not a form, 413 for too many files or fields.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _malformed(str(error)) from None

    def finish(self) -> None:
        """End the form.

        Raises:
            Refused: 400, when its end is missing.
        """
        if not self._is_complete:
            raise _malformed("one without its end")

    def _complete(self) -> None:
        self._is_complete = True

    def _begin(self) -> None:
        self._part = _Part(begins_at=self._spool.size)

    def _begin_header(self) -> None:
        self._header = (b"", b"")

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header = (_longer(self._header[0], data[start:end]), self._header[1])

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0], _longer(self._header[1], data[start:end]))

    def _end_header(self) -> None:
        self._part.headers[self._header[0].lower()] = self._header[1]
        if len(self._part.headers) > _MOST_FIELDS:
            raise _malformed("a part with too many headers")

    def _end_headers(self) -> None:
        named = parse_options_header(self._part.headers.get(b"content-disposition"))[1]
        if b"name" not in named:
            raise _malformed("a part without a name")
        self._part.name = named[b"name"].decode("utf-8", "replace")
        if b"filename" in named:
            self._part.file_name = named[b"filename"].decode("utf-8", "replace")
        require_few(self.files, MOST_PICTURES, "files")
        require_few(self.fields, _MOST_FIELDS, "fields")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.file_name is not None:
            self._spool.write(data[start:end])
        else:
            self._part.value = _longer(self._part.value, data[start:end], _MOST_FIELD_BYTES)

    def _end(self) -> None:
        part = self._part
        if part.file_name is None:
            self.fields.append((part.name, part.value.decode("utf-8", "replace")))
        else:
            self.files.append(self._spool.since(part.begins_at, part.file_name))


def require_few(items: Sized, most: int, noun: str) -> None:
    """Check that there is room for one more.

    Raises:
        Refused: 413, when there are ``most`` already.
    """
    if len(items) >= most:
        raise Refused(
            413, "too_many", f"Expected at most {most:,} {noun} in a request. Received: more."
        )


def _longer(value: bytes, more: bytes, most: int = _MOST_HEADER_BYTES) -> bytes:
    if len(value) + len(more) > most:
        raise Refused(
            413, "too_large", f"Expected a field of at most {most:,} bytes. Received: more."
        )
    return value + more


def _malformed(received: str) -> Refused:
    return Refused(400, "malformed", f"Expected a multipart form. Received: {received}.")
