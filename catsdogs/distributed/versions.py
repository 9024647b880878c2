"""The versions that must be the same on all machines, so that results are equal."""

import hashlib
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from catsdogs.paths import PROJECT_ROOT

# The packages that decode pictures and compute on them.
_PACKAGES = ("ai-edge-litert", "numpy", "pillow", "pillow-heif", "scipy")
TRAINS_WITH = ("keras", "tensorflow")


@cache
def versions(*more: str) -> dict[str, str]:
    """Return the versions of this machine's packages, and a digest of the code of this project.

    ``more`` are further packages; those that are not installed are left out.
    """
    found = {"catsdogs": _code()} | {name: version(name) for name in _PACKAGES}
    for name in more:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _code() -> str:
    found = hashlib.sha256()
    for path in sorted((PROJECT_ROOT / "catsdogs").rglob("*.py")):
        found.update(path.relative_to(PROJECT_ROOT).as_posix().encode() + b"\0")
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


def difference(here: dict[str, str], there: dict[str, str]) -> str:
    """Return what another machine has instead, in words; "" if all is the same."""
    return ", ".join(
        f"{name} {there.get(name, 'missing')} instead of {expected}"
        for name, expected in here.items()
        if there.get(name) != expected
    )
