"""Every error that this project raises on purpose. Each has a message for the user.

    CatsDogsError
    ├── UnreadableImage      an image file that cannot be used; has a ``code``
    │   └── Unreachable      … because its storage cannot be read now; also a DatasetError
    ├── DatasetError         a folder or an archive that cannot be used as a dataset
    │   ├── ArchiveError     an archive that cannot be read; trying again does not help
    │   └── DownloadError    an archive that cannot be downloaded
    ├── Cancelled            work that the user stopped
    ├── ConfigError          settings that no run can use
    ├── RunError             a run that is missing, unfinished or damaged
    ├── NotAllowed           something that only an editor may do
    ├── EngineError          a cluster that cannot compute, or has stopped computing
    └── WeightsUnavailable   the ImageNet weights are missing and cannot be downloaded

A message says what was expected, what was received, and what to do next.
"""


class CatsDogsError(Exception):
    """Base class of all errors that a user can act on."""


class UnreadableImage(CatsDogsError):
    """An image that cannot be decoded.

    ``code`` is one of ``empty``, ``not_an_image``, ``unsupported``, ``truncated``, ``damaged``,
    ``too_large``, ``missing``, ``name_not_utf8``; of an address, ``not_fetched`` or ``changed``; of
    a folder or an archive that was to be classified, ``no_pictures`` or ``unreadable_folder``.
    Codes are stable, for programs; the message is for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        """Return how another process makes the same error."""
        return type(self), (self.code, str(self))


class DatasetError(CatsDogsError):
    """A path without a usable dataset."""


class Unreachable(UnreadableImage, DatasetError):
    """A dataset at an address, or a photo in it, that cannot be read now or that has changed.

    It says nothing about the photo itself. Long work ends with it and can be started again; a page
    shows the other photos.
    """


class ArchiveError(DatasetError):
    """An archive that is damaged, encrypted, too large, or contains no image."""


class DownloadError(DatasetError):
    """A file that could not be downloaded, or that is not the expected file."""


class Cancelled(CatsDogsError):
    """Work that stopped on request. Partial results are kept, so that it can resume."""


class ConfigError(CatsDogsError):
    """Settings that a run cannot use."""


class RunError(CatsDogsError):
    """A run that does not exist, has not finished, or whose files are damaged."""


class NotAllowed(CatsDogsError):
    """A change by a person who may only look."""


class EngineError(CatsDogsError):
    """A cluster that cannot be used, or that has stopped computing. Finished results are kept."""


class WeightsUnavailable(CatsDogsError):
    """This machine has no ImageNet weights for MobileNetV2 and cannot download them."""
