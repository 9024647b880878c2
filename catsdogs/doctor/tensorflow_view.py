"""TensorFlow's view of the machine, from a process of its own: it never loads into this one."""

import json
from collections.abc import Iterator

from catsdogs.doctor.findings import Finding, problem, warning
from catsdogs.system import processes

GROUP = "TensorFlow"
_DIAGNOSIS = "catsdogs.learning.diagnosis"
# Loading it takes 5 to 20 seconds, and a busy or slow machine much longer.
_LONGEST_S = 180
_AGAIN = (
    "Nothing can be trained; browsing and classifying still work. Install the packages again: "
    "make run, or pip install -r requirements.txt. TensorFlow needs a processor with AVX."
)
_INSTALL_CUDA = (
    "The GPU is not used. Install TensorFlow's CUDA libraries: make run on Linux, or "
    "pip install -r requirements-cuda.txt. Training works on the processor meanwhile."
)


def check() -> Iterator[Finding]:
    """Return the version, the GPUs that TensorFlow sees, and the choices of "auto" with reasons."""
    try:
        found = json.loads(processes.answer_of(_DIAGNOSIS, timeout_s=_LONGEST_S))
    except (ChildProcessError, OSError, ValueError, IndexError) as error:
        yield problem(GROUP, "Import", f"does not load: {error}", _AGAIN)
        return
    yield Finding(GROUP, "Import", f"{found['version']} loads in {found['seconds']:.1f} s")
    yield _gpus(found["gpus"])
    for choice in found["choices"]:
        yield _choice(**choice)


def _gpus(names: list[str]) -> Finding:
    if names:
        return Finding(GROUP, "GPUs", ", ".join(names))
    # Imported here: a broken machine must not keep the other findings from being shown.
    from catsdogs.doctor import hardware

    if hardware.has_visible_gpu():
        return warning(GROUP, "GPUs", "none, although the machine has one", _INSTALL_CUDA)
    return Finding(GROUP, "GPUs", "none: everything is computed by the processor")


def _choice(title: str, value: str, why: str, failed: bool) -> Finding:
    if failed:
        return problem(GROUP, title, f"cannot be chosen: {why}", _AGAIN)
    return Finding(GROUP, title, f"{value} ({why})")
