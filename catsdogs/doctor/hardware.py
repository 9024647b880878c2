"""System, processor, memory and GPU, as far as this process may use them."""

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from catsdogs.doctor.findings import Finding, problem, warning
from catsdogs.system import hardware
from catsdogs.text import counted

GROUP = "Machine"
_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")
# The features that decide how fast networks run, by their names in Linux and in macOS.
_FEATURES = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "bfloat16",
    "bf16": "bfloat16",
    "amx_bf16": "AMX",
    "amx_int8": "AMX",
    "asimd": "NEON",
}
_USES_AVX = ("x86_64", "amd64")
_RUN_NEEDS_BYTES = 3.4e9
_GIGABYTE = 1e9
_OLDEST, _TOO_NEW = (3, 11), (3, 14)


def check() -> Iterator[Finding]:
    """Return the findings about the system, the processor, the memory and the GPU."""
    system = f"{platform.system()} {platform.release()}, {hardware.architecture()}"
    yield Finding(GROUP, "System", system)
    yield _python()
    yield _processor()
    yield Finding(GROUP, "Cores", _cores())
    yield _memory()
    yield _gpu()


def _python() -> Finding:
    version = f"{platform.python_version()}, {sys.executable}"
    if _OLDEST <= sys.version_info[:2] < _TOO_NEW:
        return Finding(GROUP, "Python", version)
    advice = "Expected Python 3.11, 3.12 or 3.13. Install one, and make a new environment with it."
    return problem(GROUP, "Python", version, advice)


def _processor() -> Finding:
    name, flags = hardware.processor()
    features = list(dict.fromkeys(word for flag, word in _FEATURES.items() if flag in flags))
    value = f"{name} ({', '.join(features) or 'features not known'})"
    if flags and platform.machine().lower() in _USES_AVX and "avx" not in flags:
        advice = "TensorFlow's packages need AVX. Use a newer processor or another virtual machine."
        return problem(GROUP, "Processor", value, advice)
    return Finding(GROUP, "Processor", value)


def _cores() -> str:
    usable, there = hardware.cores(), os.cpu_count() or 1
    return f"{usable:g}" if usable == there else f"{usable:g} of {there} that the machine has"


def _memory() -> Finding:
    import psutil

    memory, limit = psutil.virtual_memory(), hardware.memory_bytes()
    value = f"{limit / _GIGABYTE:.1f} GB, {memory.available / _GIGABYTE:.1f} GB of it free"
    if limit < memory.total:
        value = f"{limit / _GIGABYTE:.1f} GB of {memory.total / _GIGABYTE:.1f} GB (a container)"
    if limit >= _RUN_NEEDS_BYTES:
        return Finding(GROUP, "Memory", value)
    advice = "Fine-tuning all of MobileNetV2 takes 3.4 GB, a custom CNN 1.6 GB. Train on a frozen "
    return warning(GROUP, "Memory", value, f"{advice}base, or give the process more memory.")


def has_visible_gpu() -> bool:
    """Return whether there is an NVIDIA GPU that this process may use."""
    return bool(hardware.gpus()) and not hardware.hides_gpus()


def _gpu() -> Finding:
    names, visible = hardware.gpus(), os.environ.get("CUDA_VISIBLE_DEVICES")
    if names:
        value = f"{counted(len(names), 'GPU')}: {', '.join(names)}"
        if hardware.hides_gpus():
            advice = (
                "CUDA_VISIBLE_DEVICES hides the GPU from this project. Unset it to use the GPU."
            )
            return warning(GROUP, "GPU", f"{value}, hidden", advice)
        return Finding(GROUP, "GPU", value)
    if _NVIDIA_DRIVER.exists():
        advice = "There is a driver for NVIDIA GPUs, but nvidia-smi does not answer. Start it by "
        return warning(GROUP, "GPU", "does not answer", f"{advice}hand, and read its message.")
    hidden = "" if visible is None else f" (CUDA_VISIBLE_DEVICES is “{visible}”)"
    return Finding(GROUP, "GPU", f"no NVIDIA GPU; none is needed{hidden}")
