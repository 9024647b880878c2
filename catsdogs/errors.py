"""Every error this project raises on purpose, each with a message fit for its user.

    CatsDogsError
    ├── UnreadableImage      a file that is no usable picture; carries a ``code``
    ├── DatasetError         a folder or an archive that cannot serve as a dataset
    │   ├── ArchiveError     a zip that cannot be unpacked, wherever and however often one tries
    │   └── DownloadError    an archive that cannot be downloaded
    ├── Cancelled            work that its user called off
    ├── ConfigError          settings that no run can be made from
    ├── RunError             a run that is missing, unfinished or damaged
    └── WeightsUnavailable   the ImageNet weights are neither here nor to be had

A message says what was expected, what was received, and what to do next.
"""


class CatsDogsError(Exception):
    """Base of all errors that a user can do something about."""


class UnreadableImage(CatsDogsError):
    """An image that cannot be decoded.

    ``code`` is one of ``empty``, ``not_an_image``, ``truncated``, ``damaged``, ``too_large``,
    ``missing``, ``name_not_utf8``: stable words for programs; the message is for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class DatasetError(CatsDogsError):
    """A path that holds no usable dataset."""


class ArchiveError(DatasetError):
    """A zip that is damaged, encrypted, too large, or has no image in it."""


class DownloadError(DatasetError):
    """A file that could not be downloaded, or is not what it should be."""


class Cancelled(CatsDogsError):
    """Work that was asked to stop; what it can go on from is kept."""


class ConfigError(CatsDogsError):
    """Settings outside what a run can use."""


class RunError(CatsDogsError):
    """A run that does not exist, has not finished, or whose files are damaged."""


class WeightsUnavailable(CatsDogsError):
    """No ImageNet weights for MobileNetV2 on this machine, and no way to download them."""
