"""Installed packages against the versions that ``requirements.txt`` pins."""

from collections.abc import Iterator
from importlib import import_module, metadata

from catsdogs.doctor.findings import Finding, problem, warning
from catsdogs.paths import PROJECT_ROOT

GROUP = "Packages"
_PINNED = PROJECT_ROOT / "requirements.txt"
_SHOWN = ("tensorflow", "keras", "streamlit", "ai-edge-litert", "numpy", "pillow")
# The doctor needs neither, so it would not notice that one is damaged.
_LOADED = ("pandas", "pyarrow")
_AGAIN = "Install the pinned packages again: make run, or pip install -r requirements.txt"


def check() -> Iterator[Finding]:
    """Return the versions that matter most, and every difference from the pinned ones."""
    pinned = pinned_versions(_PINNED.read_text("utf-8"))
    installed = {name: _installed(name) for name in pinned}
    versions = [f"{name} {installed[name]}" for name in _SHOWN if installed.get(name)]
    yield Finding(GROUP, "Versions", ", ".join(versions))
    missing = [name for name, version in installed.items() if version is None]
    if missing:
        yield problem(GROUP, "Missing", ", ".join(missing), f"{_AGAIN}.")
    different = [
        f"{name} {version} instead of {pinned[name]}"
        for name, version in installed.items()
        if version not in (None, pinned[name])
    ]
    if different:
        advice = f"Only the pinned versions are tested together. {_AGAIN}."
        yield warning(GROUP, "Different", ", ".join(different), advice)
    yield from filter(None, map(_damage, _LOADED))
    if not missing and not different:
        yield Finding(GROUP, "Pinned", f"all {len(pinned)} have the version of requirements.txt")


def pinned_versions(text: str) -> dict[str, str]:
    """Return the version of each package that a file of requirements pins for this system."""
    from packaging.requirements import Requirement

    begun = [line.rstrip(" \\") for line in text.splitlines() if line[:1].isalnum()]
    requirements = [Requirement(line) for line in begun if "==" in line]
    return {
        one.name: next(iter(one.specifier)).version
        for one in requirements
        if one.marker is None or one.marker.evaluate()
    }


def _damage(name: str) -> Finding | None:
    try:
        import_module(name)
    except Exception as error:
        return problem(GROUP, "Damaged", f"{name} does not load: {error}", f"{_AGAIN}.")
    return None


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
