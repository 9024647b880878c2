"""Files and options → the documents that ``classify --json`` prints."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from catsdogs.dataset import recognition
from catsdogs.errors import ArchiveError, DatasetError
from catsdogs.inference import answers, gathering
from catsdogs.inference.answers import Seen
from catsdogs.inference.gathering import Source
from catsdogs.service.documents import Options
from catsdogs.service.refusals import Refused
from catsdogs.service.service import Models
from catsdogs.service.spool import Stored

Document = dict[str, Any]
# The statuses of all pictures together.
OK, SOME_UNREADABLE, ALL_UNREADABLE = 200, 207, 422
_ALL_ALIKE = {"too_large": 413, "not_an_image": 415, "unsupported": 415, "no_pictures": 415}


@dataclass(frozen=True)
class Asked:
    """The documents of all pictures, and the code of the reason for each unreadable one."""

    documents: list[Document]
    failed: list[str]

    @property
    def status(self) -> int:
        """The status of the response: 207 if only some of the pictures could be read."""
        if not self.failed:
            return OK
        if len(self.failed) < len(self.documents):
            return SOME_UNREADABLE
        statuses = {_ALL_ALIKE.get(code, ALL_UNREADABLE) for code in self.failed}
        return statuses.pop() if len(statuses) == 1 else ALL_UNREADABLE


def answered(
    files: Sequence[Stored], options: Options, models: Models, urls: Sequence[str] = ()
) -> Asked:
    """Return the answers for the pictures in ``files`` and at ``urls``.

    Raises:
        Refused: without files, or with too many pictures.
        ConfigError, RunError: for options that no answer can follow.
    """
    decision = options.decision
    sources = [source for file in files for source in _sources(file)]
    sources += map(gathering.at_address, urls)
    _require_count(len(sources))
    panel = models.panel(options.runs)
    documents, failed = [], []
    for one in answers.see_all(sources, panel):
        document = one.to_json(decision)
        if options.heatmap:
            _add_heatmaps(document, one)
        documents.append(document)
        failed += [one.error.code] if one.error else []
    return Asked(documents, failed)


def _sources(file: Stored) -> Iterator[Source]:
    """Yield the pictures in a file; a bad archive is an entry, so that it loses no others."""
    head = file.head(recognition.HEAD_BYTES)
    # A picture by its name or its first bytes is never an archive.
    source = b"" if recognition.is_image(file.name, head) else file.source()
    if not source or not gathering.is_archive(file.name, head, source):
        yield gathering.in_file(file.name, file.content, head)
        return
    try:
        inside = gathering.in_archive(file.name, source)
    except DatasetError as error:
        code = "damaged" if isinstance(error, ArchiveError) else "no_pictures"
        yield gathering.refused(file.name, code, str(error))
        return
    for name, read in inside.sources:
        yield f"{file.name}/{name}", read


def _require_count(count: int) -> None:
    if not count:
        raise Refused(
            422, "no_pictures", "Expected a picture or an archive. Received: no file. Send one."
        )
    if count > answers.MOST_PICTURES:
        raise Refused(
            413,
            "too_many",
            f"Expected at most {answers.MOST_PICTURES:,} pictures in a request. Received: "
            f"{count:,}. Send several requests.",
        )


def _add_heatmaps(document: Document, seen: Seen) -> None:
    for result, answer in zip(document["results"], seen.answers, strict=True):
        result["heatmap"] = answer.heatmap.tolist()
