"""The address of a dataset: ``s3://bucket/photos``, ``https://host/train.parquet``. No secrets."""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from catsdogs.errors import DatasetError

CLOUDS = {"s3": "S3", "gs": "Google Cloud Storage", "az": "Azure"}
HUB = "hf"
WEB = ("https", "http")
# Files on web servers that are read in place. Other archives are downloaded.
READ_IN_PLACE = (".parquet", ".tar")
_FORM = re.compile(r"(?i)([a-z][a-z0-9]*)://([^/\s?#]+)(/[^?#]*)?")
_EXAMPLE = "s3://bucket/photos, hf://datasets/owner/name or https://host/train.parquet"


@dataclass(frozen=True)
class Address:
    """An address in its parts: the scheme, the host or bucket, and the path without slashes."""

    scheme: str
    host: str
    path: str

    def __str__(self) -> str:
        """Return the address as it is typed."""
        return f"{self.scheme}://{self.host}/{self.path}".rstrip("/")

    @property
    def name(self) -> str:
        """The last part."""
        return PurePosixPath(self.path).name or self.host


def is_one(text: str) -> bool:
    """Return whether ``text`` is the address of a dataset, rather than a path or a download."""
    scheme, found, rest = text.strip().partition("://")
    if scheme.lower() in WEB:
        return rest.partition("?")[0].partition("#")[0].lower().endswith(READ_IN_PLACE)
    return bool(found) and scheme.lower() in (*CLOUDS, HUB)


def stays_there(text: str) -> bool:
    """Return whether ``text`` is the address of a dataset that is never downloaded as a whole."""
    is_tar = text.strip().partition("://")[0].lower() in WEB and text.lower().endswith(".tar")
    return is_one(text) and not is_tar


def parsed(text: str) -> Address:
    """Return the address in ``text``.

    Raises:
        DatasetError: if it is none, or could contain a secret.
    """
    found = _FORM.fullmatch(text.strip())
    if not found or "@" in found[2]:
        raise DatasetError(
            f"Expected an address like {_EXAMPLE}, without a password and without a question mark. "
            f"Received: {without_secrets(text)!r}. Credentials belong in environment variables."
        )
    address = Address(found[1].lower(), found[2], (found[3] or "").strip("/"))
    if address.scheme == "http" and not is_loopback(address.host):
        raise DatasetError(
            f"Expected an https:// address. Received: {address}. Without encryption, the photos "
            "could be changed on the way."
        )
    return address


def is_loopback(netloc: str) -> bool:
    """Return whether a host, with or without its port, is this machine."""
    host = re.sub(r":\d+$", "", netloc).strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def without_secrets(text: str) -> str:
    """Return an address or a message without users, passwords and queries."""
    return re.sub(r"\?\S*", "", re.sub(r"//[^/?#\s]*@", "//", text.strip()))
