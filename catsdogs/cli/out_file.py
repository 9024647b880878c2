"""Files that a command writes where the user asks for them."""

from pathlib import Path

from catsdogs.errors import ConfigError, RunError
from catsdogs.system import files


def require_new(out: Path, *, force: bool) -> None:
    """Check that a file can be written.

    Raises:
        ConfigError: when its folder is missing, or when it exists and ``force`` is not given.
    """
    if not out.parent.is_dir():
        raise ConfigError(
            f"Expected a folder that exists. Received: {out.parent}. Make it first, or choose "
            "another one."
        )
    if out.is_dir():
        raise ConfigError(f"Expected the name of a file. Received: {out}, which is a folder.")
    if out.exists() and not force:
        raise ConfigError(
            f"Expected a new file. Received: {out}, which exists already. Choose another name, or "
            "add --force to replace it."
        )


def write(path: Path, text: str) -> None:
    """Write a text, whole or not at all.

    Raises:
        RunError: when it cannot be written.
    """
    try:
        files.write_text(path.expanduser().absolute(), text)
    except OSError as error:
        raise RunError(
            f"Expected to write {path}. Received: {error}. Choose another place."
        ) from None
