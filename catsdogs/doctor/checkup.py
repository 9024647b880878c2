"""Every check, in the order in which people read the findings.

A check may fail for any reason: a damaged package, a disk that does not answer. Its failure is then
a finding, and the other checks continue. So this module imports the standard library only, and each
check imports its own room when it runs.
"""

from collections.abc import Callable, Iterable
from importlib import import_module

from catsdogs.doctor.findings import Finding, Report, problem

Check = Callable[[], Iterable[Finding]]
_ROOM = "catsdogs.doctor"
# The group of findings, and the module whose ``check`` makes them.
_MODULES = {
    "Machine": "hardware",
    "Packages": "packages",
    "Folders": "places",
    "Weights": "weights",
    "Models": "models",
    "TensorFlow": "tensorflow_view",
}
# TensorFlow takes several seconds to load, in a process of its own.
SLOW = "TensorFlow"
QUICK = tuple(group for group in _MODULES if group != SLOW)


def examine(groups: Iterable[str] = (*QUICK, SLOW)) -> Report:
    """Return the findings of these groups on this machine. Never raises."""
    found = [one for group in groups for one in guarded(group, _check(_MODULES[group]))]
    return Report(tuple(found))


def guarded(group: str, check: Check) -> list[Finding]:
    """Return the findings of ``check``, or the problem that ended it."""
    try:
        return list(check())
    except Exception as error:
        received = f"{type(error).__name__}: {error}"
        advice = "Install the packages again: make run. If it stays, report this line as a bug."
        return [problem(group, "Check", f"it failed with {received}", advice)]


def _check(name: str) -> Check:
    def check() -> Iterable[Finding]:
        found: Iterable[Finding] = import_module(f"{_ROOM}.{name}").check()
        return found

    return check
