"""How a bucket is opened: with credentials and endpoints from the environment, and nothing else."""

import os
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from catsdogs.errors import DatasetError
from catsdogs.storage.address import is_loopback, without_secrets

ATTEMPTS, _CONNECT_S, _REQUEST_S = 5, 10.0, 30.0
CREDENTIALS = {
    "s3": (
        *("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    ),
    "gs": ("GOOGLE_APPLICATION_CREDENTIALS",),
    "az": ("AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_ID"),
}
_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    "gs": ("STORAGE_EMULATOR_HOST",),
    "az": ("AZURE_STORAGE_ENDPOINT",),
}


def variables() -> tuple[tuple[str, str], ...]:
    """Return the variables that decide how a bucket is read."""
    wanted = ("AWS_", "GOOGLE_", "AZURE_", "STORAGE_EMULATOR_HOST")
    return tuple(sorted(item for item in os.environ.items() if item[0].startswith(wanted)))


@dataclass(frozen=True)
class Access:
    """How a bucket is read: the values of environment variables, and how often to try."""

    scheme: str
    bucket: str
    variables: tuple[tuple[str, str], ...]
    attempts: int

    def value(self, *names: str) -> str | None:
        """Return the value of the first of these variables that has one."""
        given = dict(self.variables)
        return next((given[name] for name in names if given.get(name)), None)

    @property
    def is_public(self) -> bool:
        """Whether there are no credentials."""
        return self.value(*CREDENTIALS[self.scheme]) is None

    def endpoint(self, netloc: str, scheme: str) -> dict[str, str]:
        """Return another endpoint than the usual one as options with these names.

        Raises:
            DatasetError: if requests would be sent over a network without encryption.
        """
        found = self.value(*_ENDPOINTS[self.scheme])
        if found is None:
            return {}
        parts = urlsplit(found)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.netloc)):
            raise DatasetError(
                f"Expected an endpoint that begins with https://. Received: "
                f"{without_secrets(found)!r}. Correct the environment variable."
            )
        return {netloc: parts.netloc, scheme: parts.scheme}


@lru_cache(maxsize=8)
def file_system(access: Access) -> Any:
    """Return a client of Arrow for a bucket, the same one for the same settings.

    Raises:
        DatasetError: if its endpoint is not safe.
        OSError: if the region of the bucket cannot be found.
    """
    return {"s3": _s3, "gs": _gs, "az": _az}[access.scheme](access)


def _s3(access: Access) -> Any:
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem, resolve_s3_region

    endpoint = access.endpoint("endpoint_override", "scheme")
    region = access.value("AWS_REGION", "AWS_DEFAULT_REGION")
    if region is None:
        region = "us-east-1" if endpoint else resolve_s3_region(access.bucket)
    return S3FileSystem(
        anonymous=access.is_public,
        region=region,
        connect_timeout=_CONNECT_S,
        request_timeout=_REQUEST_S,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=access.attempts),
        **endpoint,
    )


def _gs(access: Access) -> Any:
    from pyarrow.fs import GcsFileSystem

    return GcsFileSystem(
        anonymous=access.is_public,
        retry_time_limit=timedelta(seconds=_REQUEST_S),
        **access.endpoint("endpoint_override", "scheme"),
    )


def _az(access: Access) -> Any:
    from pyarrow.fs import AzureFileSystem

    account = access.value("AZURE_STORAGE_ACCOUNT")
    if account is None:
        raise DatasetError(
            "Expected the name of the storage account in AZURE_STORAGE_ACCOUNT. Received: none. "
            "Set the environment variable."
        )
    return AzureFileSystem(
        account_name=account,
        account_key=access.value("AZURE_STORAGE_KEY"),
        sas_token=access.value("AZURE_STORAGE_SAS_TOKEN"),
        **access.endpoint("blob_storage_authority", "blob_storage_scheme"),
        **access.endpoint("dfs_storage_authority", "dfs_storage_scheme"),
    )
